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

# Builds an image of the Dockerfile and lists what is in it, as CycloneDX (SBOM), in build/image. It needs docker, podman or
# buildah, and Python with venv.
#
#   tools/image.sh [TARGET [OPTION…]]
#
# TARGET is serve (the default) or ros. The options go to the builder, such as --build-arg or --secret. IMAGE_BUILDER selects
# the builder; by default it is the first one that works.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${1:-serve}
shift $(($# < 1 ? $# : 1))
image=fer_ros:$target
folder=build/image
archive=$folder/$target.tar
bom=$folder/$target.cdx.json

fail() { printf 'fer_ros: %s\n' "$*" >&2; exit 1; }

choose_builder() {
  local candidate
  for candidate in ${IMAGE_BUILDER:-docker podman buildah}; do
    # Without its daemon, docker cannot list images.
    if "$candidate" images > /dev/null 2>&1; then echo "$candidate"; return; fi
  done
  fail "${IMAGE_BUILDER:-docker, podman or buildah} does not work: install one of them, and start Docker's service"
}

case $target in serve | ros) ;; *) fail "there is no image $target: serve or ros" ;; esac
builder=$(choose_builder)
mkdir -p "$folder"
rm -f "$archive" "$bom"
case $builder in
  # Only Docker's format of images has health checks.
  podman | buildah) "$builder" build --format docker --target "$target" --tag "$image" "$@" . ;;
  *) "$builder" build --target "$target" --tag "$image" "$@" . ;;
esac
case $builder in
  buildah) buildah push --quiet "$image" "docker-archive:$archive:$image" ;;
  *) "$builder" save --output "$archive" "$image" ;;
esac
trap 'rm -f "$archive"' EXIT

venv=$folder/venv
if ! cmp --silent requirements/image.txt "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements/image.txt
  cp requirements/image.txt "$venv/requirements.txt"
fi
SYFT_CHECK_FOR_APP_UPDATE=false "$venv/bin/syft" scan --quiet "docker-archive:$archive" --output "cyclonedx-json=$bom"
printf 'fer_ros: %s is built (%d MB without compression); %s lists its %d packages\n' "$image" \
  $(($(stat --format %s "$archive") / 1000000)) "$bom" \
  "$("$venv/bin/python" -c '
import json, sys
parts = json.load(open(sys.argv[1]))["components"]
print(sum(part["type"] == "library" for part in parts))' "$bom")" >&2
