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

"""How far away faces are found: small faces of labelled photographs in large textured images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import cv2
from fer_ros.bench.labelled_photos import LabelledPhoto, whole_faces
from fer_ros.bench.matching import Counts, matched
from fer_ros.bench.photo_views import View
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions, MtcnnOptions
from fer_ros.core.face_stage import FaceOptions, FaceStage
from fer_ros.core.tracking.tracker import TrackerOptions
from fer_ros.core.values import Box, Detection, Face, Frame, Image, NS_PER_S
import numpy as np

SIZES = ((640, 480), (1280, 720), (1920, 1080), (4000, 3000))
WIDTHS = (16, 24, 32, 48, 64, 96, 128)
"""Widths of the faces in pixels."""

LIVE_WIDTHS = (24, 32, 48)
LIVE_IMAGES, LIVE_RATE_HZ = 60, 30

MTCNN_SIZES, MTCNN_WIDTHS = SIZES[:3], (24, 32, 48)
"""MTCNN takes up to a second for each of these images."""

SEED = 4

CONTEXT = 2.2
"""Edge of the pasted part of a photograph in edges of its face."""

TEXTURES = {2: 5.0, 6: 9.0, 20: 16.0, 70: 28.0}
"""
Structures of the background: size in pixels of an image of 640 pixels, and grey levels.

The contrast grows with the size, as in photographs.
"""


def textured_background(width: int, height: int, random: np.random.Generator) -> Image:
    """Return an image of smoothed noise of several scales and colours: (height, width, 3)."""
    image = np.full((height, width, 3), 110.0, np.float32)
    for size, contrast in TEXTURES.items():
        scaled = max(size * max(width, height) / 640, 1.0)
        small = max(round(width / scaled), 2), max(round(height / scaled), 2)
        noise = random.normal(0, contrast, (small[1], small[0], 1)).astype(np.float32)
        colour = random.normal(0, contrast / 3, (small[1], small[0], 3)).astype(np.float32)
        image += cv2.resize(noise + colour, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def far_view(
    photo: LabelledPhoto, index: int, edge: float, background: Image,
    random: np.random.Generator,
) -> View:
    """
    Return the background with one face of a photograph at a random place.

    :param edge: edge of the face in the view, in pixels.
    :param background: (H, W, 3) uint8, BGR; it is not changed.
    """
    face = photo.faces[index]
    size = round(CONTEXT * edge)
    scale = edge / face.width
    x, y = face.center
    # Area averaging first avoids aliasing.
    stored = min(scale, 1.0)
    source = photo.image if scale >= 1 else np.asarray(cv2.resize(
        photo.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    step = scale / stored
    matrix = np.array([
        (step, 0, size / 2 - scale * x + (step - 1) / 2),
        (0, step, size / 2 - scale * y + (step - 1) / 2)])
    part = cv2.warpAffine(source, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(columns + 0.5 - size / 2, rows + 0.5 - size / 2) / (size / 2)
    weight = np.clip((1 - distance) / 0.2, 0, 1)[..., None]
    image = background.copy()
    height, width = image.shape[:2]
    left = int(random.integers(0, width - size + 1))
    top = int(random.integers(0, height - size + 1))
    place = image[top:top + size, left:left + size]
    place[:] = np.rint(weight * part + (1 - weight) * place)
    box = Box(left + (size - edge) / 2, top + (size - edge) / 2, edge, edge)
    return View(image, [box], [])


def far_views(
    photos: Sequence[LabelledPhoto], width: int, height: int, edge: float,
    random: np.random.Generator,
) -> list[View]:
    """Return a view of each whole face, at a random place in front of a new background."""
    return [
        far_view(photo, index, edge, textured_background(width, height, random), random)
        for photo, index in whole_faces(photos)]


def run(
    photos: Sequence[LabelledPhoto], report: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """
    Measure how small faces may be, in unrelated pictures and live, with MTCNN beside.

    :return: by size of the image (`1280x720`) and width of the faces (`32px`): `pictures`, counts
        of the face stage without tracking; `mtcnn`, counts, if it is installed; `live`: `images`,
        the median number of images until a face is found, None if most are not, and
        `within_one_second`, the share found in that time.
    """
    stage = FaceStage(FaceOptions(
        tracker=TrackerOptions(name='none'), rotated_search_interval=1))
    finders: dict[str, Callable[[Image], Sequence[Face | Detection]]] = {
        'pictures': lambda image: stage.process(Frame(image, 0))}
    with suppress(ImportError):
        finders['mtcnn'] = create_detector(DetectorOptions(
            name='mtcnn', mtcnn=MtcnnOptions(image_edge=max(MTCNN_SIZES)[0]))).detect
    random = np.random.default_rng(SEED)
    result: dict[str, dict[str, Any]] = {}
    for size in SIZES:
        size_name = f'{size[0]}x{size[1]}'
        result[size_name] = {}
        for edge in WIDTHS:
            report(f'faces of {edge} px in {size_name}')
            views = far_views(photos, *size, edge, random)
            is_for_mtcnn = size in MTCNN_SIZES and edge in MTCNN_WIDTHS
            cell: dict[str, Any] = {
                name: _counted(views, find) for name, find in finders.items()
                if name == 'pictures' or is_for_mtcnn}
            if size in MTCNN_SIZES and edge in LIVE_WIDTHS:
                cell['live'] = _live(views)
            result[size_name][f'{edge}px'] = cell
    stage.close()
    return result


def _counted(
    views: Sequence[View], find: Callable[[Image], Sequence[Face | Detection]],
) -> dict[str, float]:
    counts = Counts()
    for view in views:
        counts.add(view.faces, [face.box for face in find(view.image)])
    return counts.to_mapping()


def _live(views: Sequence[View]) -> dict[str, float | None]:
    images = [_images_until_found(view) for view in views]
    median = float(np.median(images))
    return {
        'images': median if median <= LIVE_IMAGES else None,
        'within_one_second': float(np.mean(np.array(images) <= LIVE_RATE_HZ + 1))}


def _images_until_found(view: View) -> int:
    """Return the number of images until the face is reported, `LIVE_IMAGES` + 1 if it is not."""
    with FaceStage(FaceOptions()) as stage:
        for number in range(LIVE_IMAGES):
            stamp_ns = number * NS_PER_S // LIVE_RATE_HZ
            faces = stage.process(Frame(view.image, stamp_ns))
            if matched(view.faces, [face.box for face in faces]):
                return number + 1
    return LIVE_IMAGES + 1
