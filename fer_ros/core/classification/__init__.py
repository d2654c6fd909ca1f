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
From a face in an image to probabilities of emotions.

The face is cut out of the image as an upright grey crop. When the schedule says that the face is
due, the crop is resized and normalised as the model card says, classified, and smoothed over time,
weighted by the quality of the view. Figures of accuracy belong to `fer_ros.evaluation`.
"""
