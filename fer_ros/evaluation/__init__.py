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
Labelled data sets, and the accuracy of classifiers on them. No Keras, no ROS.

A labelled image is read from a data set, cropped as in the pipeline if requested, and classified.
The answers are compared with the labels, and the figures are written to the `evaluation.yaml`
beside the model's card.
"""
