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

"""What a detector sees in a turned image comes back to where it is in the image."""

import math

import cv2
from fer_ros.core.detection.rotated_search import (
    ROTATED_VIEW_SIZE_PX,
    RotatedSearch,
    SEARCH_ANGLE_RAD,
)
from fer_ros.core.values import Box, Detection, KeyPoint
import numpy as np
import pytest


class DotDetector:
    """Finds a red dot between a green (right) and a blue (left) one."""

    def __init__(self, with_points=True):
        self.with_points = with_points
        self.shapes = []

    def detect(self, image, scale=1.0):
        self.shapes.append(image.shape)
        middle, right, left = (
            np.argwhere(image[:, :, channel] > 128).mean(axis=0)[::-1] + 0.5
            for channel in (2, 1, 0))
        points = np.full((6, 2), np.nan, np.float32)
        points[KeyPoint.RIGHT_EYE], points[KeyPoint.LEFT_EYE] = right, left
        x, y = middle
        return [Detection(
            Box(x - 10, y - 10, 20, 20), 0.7, points if self.with_points else None)]

    def close(self):
        pass


def dots(width, height, roll, middle):
    """Return an image of the dots, 80 pixels apart and leaning by `roll`, and their centres."""
    image = np.zeros((height, width, 3), np.uint8)
    across = 40 * np.array([math.cos(roll), math.sin(roll)])
    places = [np.rint(np.array(middle) + shift) for shift in (0 * across, -across, across)]
    for (x, y), color in zip(places, [(0, 0, 255), (0, 255, 0), (255, 0, 0)], strict=True):
        cv2.circle(image, (int(x), int(y)), 8, color, -1)
    return image, np.array(places) + 0.5


@pytest.mark.parametrize('side', [1, -1])
@pytest.mark.parametrize(('width', 'height', 'middle'), [
    (640, 480, (100, 90)), (640, 480, (560, 400)), (480, 640, (200, 300)), (300, 200, (150, 90)),
    (1920, 1080, (1500, 700))])
def test_places_are_those_in_the_image(side, width, height, middle):
    image, (center, right, left) = dots(width, height, side * math.radians(70), middle)
    (found,) = RotatedSearch(DotDetector()).find(image, side)
    # Large images are reduced before they are searched.
    pixel = max(math.hypot(width, height) / ROTATED_VIEW_SIZE_PX, 1)
    assert found.box.center == pytest.approx(center, abs=pixel)
    assert found.box.width == found.box.height
    assert found.key_points[KeyPoint.RIGHT_EYE] == pytest.approx(right, abs=pixel)
    assert found.key_points[KeyPoint.LEFT_EYE] == pytest.approx(left, abs=pixel)
    assert np.isnan(found.key_points[KeyPoint.NOSE_TIP]).all()
    assert found.score == 0.7


@pytest.mark.parametrize('side', [1, -1])
def test_what_leans_to_the_side_is_upright_for_the_detector(side):
    detector, seen = DotDetector(), []
    detect = detector.detect

    def look(image, scale):
        seen.append(detect(image)[0])
        return [seen[-1]]
    detector.detect = look
    image, _ = dots(640, 480, side * SEARCH_ANGLE_RAD, (320, 240))
    (found,) = RotatedSearch(detector).find(image, side)
    across = seen[0].key_points[KeyPoint.LEFT_EYE] - seen[0].key_points[KeyPoint.RIGHT_EYE]
    assert abs(math.degrees(math.atan2(across[1], across[0]))) < 2
    across = found.key_points[KeyPoint.LEFT_EYE] - found.key_points[KeyPoint.RIGHT_EYE]
    roll = math.atan2(across[1], across[0])
    assert roll == pytest.approx(side * SEARCH_ANGLE_RAD, abs=math.radians(2))


def test_boxes_are_as_large_as_in_the_image():
    image, _ = dots(1024, 768, SEARCH_ANGLE_RAD, (500, 400))
    detector = DotDetector()
    (found,) = RotatedSearch(detector).find(image, 1)
    height, width = detector.shapes[0][:2]
    assert max(height, width) == ROTATED_VIEW_SIZE_PX
    # The whole turned image is seen.
    cos, sin = math.cos(SEARCH_ANGLE_RAD), math.sin(SEARCH_ANGLE_RAD)
    ratio = ROTATED_VIEW_SIZE_PX / max(1024 * cos + 768 * sin, 1024 * sin + 768 * cos)
    assert found.box.width == pytest.approx(20 / ratio, rel=0.01)


def test_detectors_without_key_points_are_turned_as_well():
    image, (center, _, _) = dots(640, 480, SEARCH_ANGLE_RAD, (300, 200))
    (found,) = RotatedSearch(DotDetector(with_points=False)).find(image, 1)
    assert found.key_points is None
    assert found.box.center == pytest.approx(center, abs=2)
