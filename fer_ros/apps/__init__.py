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

"""
Programs that users start, one folder each, and the code that they share with the launch files.

`apps/live` starts the four nodes and shows `/emotions`. `apps/analyze` passes pictures and videos
through a `Pipeline` into files, `apps/desktop` shows them in a window; both use `apps/session`.
`apps/startup` is used by `apps/live` and by the launch files. Algorithms belong to `fer_ros.core`.
"""
