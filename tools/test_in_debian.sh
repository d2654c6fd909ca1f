#!/usr/bin/env bash
# Copyright 2026 the fer_ros authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

# Runs `fer analyze` in a Debian of another processor or with a newer Python, with the newest packages from PyPI, and
# compares its rows with those of the environment in .venv. It needs root, debootstrap and, for another processor,
# qemu-user-static. The Debian is made in build/debian-SUITE-ARCHITECTURE and kept.
#
#   tools/test_in_debian.sh ARCHITECTURE [SUITE [PICTURE…]]
#
# ARCHITECTURE is amd64 or arm64, SUITE forky by default. Without pictures, those of the sample are used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
architecture=${1:?give the architecture, amd64 or arm64}
suite=${2:-forky}
shift $(($# < 2 ? $# : 2))
usual=${FER_ROS_VENV:-$PWD/.venv}
root=$PWD/build/debian-$suite-$architecture
emulator=()  # its first word is the program

case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "fer_ros: there is no architecture $architecture here: amd64 or arm64" >&2; exit 1 ;;
esac
# The processor of a Raspberry Pi 4. With the vector instructions (SVE) of qemu's default processor, matrix products of
# NumPy (OpenBLAS) are wrong in qemu 7.2.
[ "$(uname -m)" = "$machine" ] || emulator=("/usr/bin/qemu-$machine-static" -cpu cortex-a72)

# The packages are only unpacked: this is enough for Python, and no program of another processor runs for it.
make_root() {
  local package
  rm -rf "$root"
  mkdir -p "$root"
  # A suite that debootstrap does not know yet is made as sid is; an empty mirror is debootstrap's own.
  local script=()
  [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=('' sid)
  debootstrap --arch="$architecture" --foreign --variant=minbase --include=python3,libgl1,libglib2.0-0t64 \
    "$suite" "$root" "${script[@]}"
  for package in "$root"/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$package" "$root"; done
  rm -rf "$root"/var/cache/apt/archives
  touch "$root/made"
}

inside() { PYTHONPATH=/src:/site PYTHONDONTWRITEBYTECODE=1 chroot "$root" "${emulator[@]}" "$@"; }

tools/setup.sh
[ -e "$root/made" ] || make_root
[ ${#emulator[@]} = 0 ] || cp --remove-destination "${emulator[0]}" "$root/usr/bin/"
python=$(basename "$(find "$root/usr/bin" -name 'python3.*' | sort | head -n 1)")
if [ ! -d "$root/site" ]; then
  "$usual/bin/python" tools/install_packages.py newest "$machine" "${python#python}" "$root/site"
fi
rm -rf "$root/src" "$root/pictures" "$root/usr/local/share/fer_ros"
mkdir -p "$root/src" "$root/pictures" "$root/usr/local/share/fer_ros"
cp -r fer_ros models config package.xml "$root/src/"
cp -r "$usual/share/fer_ros/mediapipe" "$root/usr/local/share/fer_ros/"
if [ $# = 0 ]; then "$usual/bin/python" tools/compare_rows.py pictures "$root/pictures"; else cp -r "$@" "$root/pictures/"; fi

limits=(--set emotion_node.max_yaw_rad=3.2 --set emotion_node.max_pitch_rad=1.6)
"$usual/bin/python" -m fer_ros analyze "$root/pictures" --csv "$root/expected.csv" "${limits[@]}"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
inside "/usr/bin/$python" -c 'import cv2, numpy, platform, sys
print(platform.machine(), "Python", sys.version.split()[0], "NumPy", numpy.__version__, "OpenCV", cv2.__version__)'
inside "/usr/bin/$python" -m fer_ros analyze /pictures --csv /found.csv "${limits[@]}"
"$usual/bin/python" tools/compare_rows.py compare "$root/expected.csv" "$root/found.csv"
