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
The ROS 2 nodes: message in, one call into the core, message out. No algorithms.

`camera_node` publishes an image on `image_raw`. `face_node` converts it to a `Frame`, runs the
face stage and publishes `faces`. `emotion_node` classifies the crops of the faces and publishes
`emotions`. `overlay_node` draws the emotions on the image with the same stamp. `base` holds the
parts that all nodes share.
"""
