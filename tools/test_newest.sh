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

# Tests what needs no ROS with the newest of everything, in .venv-newest, and compares the rows of `fer analyze` with those
# of the usual environment.
#
#   PYTHON=python3.14 tools/test_newest.sh [PICTURE…]
#
# PYTHON is 3.10 or later; by default it is the newest one on the PATH. Without pictures, those of the sample are used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
usual=${FER_ROS_VENV:-$PWD/.venv}
venv=$PWD/.venv-newest
rows=$PWD/build/newest

choose_python() {
  local candidate
  for candidate in ${PYTHON:-python3.15 python3.14 python3.13 python3.12 python3.11 python3.10}; do
    if "$candidate" -c 'import ensurepip' 2> /dev/null; then echo "$candidate"; return; fi
  done
  echo "fer_ros: ${PYTHON:-python3.10 or later} does not start, or has no venv" >&2
  exit 1
}

# The classifier must answer for every face: at the limits of the head pose, rounding decides.
analyze() {  # python, file of the rows, pictures
  local python=$1 file=$2
  shift 2
  "$python" -m fer_ros analyze "$@" --csv "$file" --set emotion_node.max_yaw_rad=3.2 --set emotion_node.max_pitch_rad=1.6
}

python=$(choose_python)
env -u PYTHON tools/setup.sh
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -I tools/install_packages.py newest
"$venv/bin/python" -c 'import cv2, numpy, sys
print("Python", sys.version.split()[0], "NumPy", numpy.__version__, "OpenCV", cv2.__version__)'
mkdir -p "$rows"
if [ $# = 0 ]; then
  "$usual/bin/python" tools/compare_rows.py pictures "$rows/pictures"
  set -- "$rows/pictures"
fi
analyze "$usual/bin/python" "$rows/expected.csv" "$@"
analyze "$venv/bin/python" "$rows/found.csv" "$@"
"$venv/bin/python" tools/compare_rows.py compare "$rows/expected.csv" "$rows/found.csv"
exec "$venv/bin/python" -m pytest -q --numprocesses auto --maxprocesses 4 --dist worksteal \
  -m 'not slow and not tensorflow' test/core test/media test/evaluation test/apps/analyze test/apps/desktop
