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
What all nodes share: lifecycle, autostart, parameters, diagnostics, worker, entry of the process.

A message arrives in a callback, which puts it into a bounded queue. The node's worker thread takes
it out and processes it, so that callbacks never wait for networks. Topics and message types belong
to the nodes themselves.
"""
