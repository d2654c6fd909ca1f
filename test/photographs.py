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

"""A photograph that comes with scikit-image, and her face as a data set would show it."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np


def astronaut():
    """Return scikit-image's astronaut, 512x512, one upright face."""
    folder = Path(find_spec('skimage').origin).parent
    return cv2.imread(str(folder / 'data' / 'astronaut.png'))


def picture_of_face(photograph, angle=0.0, edge=48):
    """Return her face as FER-2013 would show it, turned by an angle in degrees."""
    to_face = cv2.getRotationMatrix2D((223, 115), angle, edge / 120)
    to_face[:, 2] += edge / 2 - np.array([223, 115])
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    # The picture has a third of the photograph's resolution.
    smooth = cv2.GaussianBlur(grey, (0, 0), 120 / edge / 2)
    return cv2.warpAffine(smooth, to_face, (edge, edge), borderMode=cv2.BORDER_REPLICATE)


def likeness(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]
