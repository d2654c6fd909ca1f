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

"""Blurred faces: they cannot be found or read any more, and the rest of the image stays."""

from dataclasses import replace

from fer_ros import Frame, Pipeline
from fer_ros.core.values import Box
from fer_ros.media.face_blur import blur_faces
from fer_ros.media.sample_clip import SampleClip
import numpy as np
import pytest


@pytest.mark.parametrize('index', [0, 60, 150])
def test_no_face_can_be_found_any_more(index):
    image = SampleClip().frame(index)
    with Pipeline.from_config('still') as pipeline:
        faces = pipeline.process(Frame(image, 0))
        assert len(faces) == 2
        blur_faces(image, faces)
        assert pipeline.process(Frame(image, 0)) == []


def test_only_the_faces_change():
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    before = image.copy()
    with Pipeline.from_config('still') as pipeline:
        (face, _) = pipeline.process(Frame(SampleClip().frame(0), 0))
    blur_faces(image, [replace(face, box=Box(100, 50, 40, 40))])
    rows, columns = np.nonzero((image != before).any(axis=2))
    assert (rows.min(), rows.max()) == pytest.approx((36, 104), abs=2)
    assert (columns.min(), columns.max()) == pytest.approx((86, 154), abs=2)


@pytest.mark.parametrize('box', [
    Box(-500, 0, 40, 40), Box(290, 190, 40, 40), Box(10, 10, 0.2, 0.2), Box(-10, -10, 900, 900)])
def test_a_face_may_lie_anywhere(box):
    image = np.zeros((200, 300, 3), np.uint8)
    with Pipeline.from_config('still') as pipeline:
        (face, _) = pipeline.process(Frame(SampleClip().frame(0), 0))
    blur_faces(image, [replace(face, box=box)])
    assert not image.any()
