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

# To be sourced by bash or zsh, after `make setup`:  . tools/env.sh
# Then python, pytest, fer and (with a full ROS 2) ros2 use this checkout and its environment.
# shellcheck shell=bash

# shellcheck disable=SC2296  # zsh reads it
_fer_root=$(cd "$(dirname "${BASH_SOURCE[0]:-${(%):-%x}}")/.." && pwd -P)
_fer_venv=${FER_ROS_VENV:-$_fer_root/.venv${ROS_WHEELS:+-$ROS_WHEELS}}

_fer_prepend() {  # variable, folder
  eval "case \":\${$1:-}:\" in *\":$2:\"*) ;; *) export $1=\"$2\${$1:+:\$$1}\" ;; esac"
}

_fer_activate() {
  local mode version site library
  if [ ! -f "$_fer_venv/fer_ros.stamp" ]; then
    echo "fer_ros: $_fer_venv is not ready, run make setup first" >&2
    return 1
  fi
  mode=$(sed -n 's/^mode //p' "$_fer_venv/fer_ros.stamp")
  version=$(sed -n 's/^python //p' "$_fer_venv/fer_ros.stamp")
  site=$_fer_venv/lib/python$version/site-packages

  # shellcheck source=/dev/null
  . "$_fer_venv/bin/activate"
  if [ "$mode" = wheels ]; then
    # Nothing of another ROS may be mixed with the wheels.
    export AMENT_PREFIX_PATH=$_fer_venv CMAKE_PREFIX_PATH=$_fer_venv PYTHONPATH=
    for library in "$site"/ros_*.libs; do _fer_prepend LD_LIBRARY_PATH "$library"; done
    _fer_prepend LD_LIBRARY_PATH "$_fer_venv/lib"
    # The paths are set, so Python does not have to restart itself to set them.
    export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
  fi
  if [ -d "$_fer_venv/overlay" ]; then
    _fer_prepend AMENT_PREFIX_PATH "$_fer_venv/overlay"
    _fer_prepend CMAKE_PREFIX_PATH "$_fer_venv/overlay"
    _fer_prepend LD_LIBRARY_PATH "$_fer_venv/overlay/lib"
    _fer_prepend PYTHONPATH "$_fer_venv/overlay/lib/python$version/site-packages"
    _fer_prepend PATH "$_fer_venv/overlay/lib/fer_ros"
  fi
}

_fer_activate
_fer_status=$?
unset -f _fer_prepend _fer_activate
unset _fer_root _fer_venv
return $_fer_status
