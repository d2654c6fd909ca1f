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
`fer serve`: a web service and its page, for pictures, videos and cameras of browsers. No ROS.

One process answers HTTP (`application`, `gate` and the modules `*_routes`). Others process images,
each with pipelines of its own (`pool`, `worker`), so that all cores are used; each video has a
process of its own (`video_jobs`, `video_work`). `service` holds what the routes share.
"""
