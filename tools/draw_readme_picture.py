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

"""Draw docs/overlay.png: an image of the built-in sample, annotated as by overlay_node."""

from pathlib import Path

import cv2
from fer_ros import Frame, Pipeline
from fer_ros.core.values import NS_PER_S
from fer_ros.media.drawing import draw_emotions
from fer_ros.media.sample_clip import SampleClip

PICTURE = Path(__file__).resolve().parents[1] / 'docs' / 'overlay.png'
IMAGES = 45
"""Number of images to process, so that track IDs and smoothing are as in a running system."""


def main() -> None:
    """Draw the picture."""
    clip = SampleClip()
    with Pipeline.from_config('live') as pipeline:
        for index in range(IMAGES):
            image = clip.frame(index)
            faces = pipeline.process(Frame(image, round(index / clip.rate_hz * NS_PER_S)))
    draw_emotions(image, faces)
    cv2.imwrite(str(PICTURE), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == '__main__':
    main()
