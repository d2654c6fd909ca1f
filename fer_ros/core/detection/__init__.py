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
Face detectors: one image in, `Detection` values out. No state is kept between images.

The face stage passes an image to the `Detector` that `create_detector` made from the options. Each
detector converts its own boxes to the size and position of MediaPipe's boxes, so that the stages
after it do not need to know which detector ran.
"""


from fer_ros.core.detection.detector import Detector, DetectorOptions


def create_detector(options: DetectorOptions) -> Detector:
    """
    Return the detector that the options name, ready to run.

    :raises ImportError: if a package is not installed; the text says what to install.
    """
    # Each detector imports packages that are slow to load or may not be installed.
    if options.name == 'mtcnn':
        from fer_ros.core.detection.mtcnn import MtcnnDetector
        return MtcnnDetector(options)
    if options.name == 'haar':
        from fer_ros.core.detection.haar import HaarDetector
        return HaarDetector(options)
    from fer_ros.core.detection.mediapipe import MediaPipeDetector
    return MediaPipeDetector(options)
