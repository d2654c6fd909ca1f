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

"""Labelled faces in simulated camera images: small, blurred, dark, backlit, rolled."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
import math
from typing import Any, NamedTuple

import cv2
from fer_ros.core.classification.crop import FRAME_SCALE, upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.geometry import Similarity
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
from fer_ros.core.values import Image
from fer_ros.evaluation.detected_faces import features_of_face, framed, PipelineFaces
from fer_ros.evaluation.labelled_faces import Images
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

CANVAS_SCALE = 2
"""
Edge of the simulated image in units of the edge of the data set's image.

The detector finds a head without shoulders on a plain background only if it fills much of the
image (docs/benchmarks.md). So these images measure the value of a small crop, not the detection of
small faces.
"""


@dataclass(frozen=True)
class SimulatedScene:
    """
    Conditions under which a camera sees a face.

    :param face_px: edge of the face's box in pixels.
    :param roll_deg: clockwise roll of the head.
    :param blur: sigma of a Gaussian blur, in units of the face's edge.
    :param light: factor of the grey values.
    :param noise: standard deviation of the noise in grey levels.
    :param light_before_white: factor of the face's grey values in front of a white background, as
        in front of a window; 1 for no white background.
    """

    name: str
    face_px: int = 100
    roll_deg: float = 0.0
    blur: float = 0.0
    light: float = 1.0
    noise: float = 0.0
    light_before_white: float = 1.0


SIMULATED_SCENES = (
    SimulatedScene('face of 100 px'),
    *(SimulatedScene(f'{edge} px', face_px=edge) for edge in (12, 16, 20, 24, 30, 40, 60, 300)),
    SimulatedScene('blurred, sigma 3 px', blur=0.03),
    SimulatedScene('blurred, sigma 6 px', blur=0.06),
    SimulatedScene('dim, a quarter of the light', light=0.25, noise=4),
    SimulatedScene('dark, a tenth of the light', light=0.1, noise=4),
    SimulatedScene('before a window, a fifth of the light', light_before_white=0.2, noise=4),
    *(SimulatedScene(f'rolled by {angle} degrees', roll_deg=angle) for angle in (20, 40, 60)),
)
"""The scenes of `fer evaluate --crops scenes`; each differs from the first in one property."""


class SceneViews(NamedTuple):
    """
    Faces as the pipeline sees them in random scenes, V scenes for each face.

    :param crops: (N, V, S, S) uint8, grey; zeros where no face was found.
    :param features: features of the mesh of the face and of its mirror image, (N, V, 2, 288)
        float32; zeros where no mesh was found.
    """

    crops: npt.NDArray[np.uint8]
    features: npt.NDArray[np.float32]


def random_scene(random: np.random.Generator) -> SimulatedScene:
    """Return a scene with a small, blurred, dark or backlit face, or several of these."""
    light, light_before_white, noise = 1.0, 1.0, random.uniform(0, 5)
    kind = random.random()
    if kind < 0.3:
        light_before_white = random.uniform(0.15, 0.5)
    elif kind < 0.7:
        light = math.exp(random.uniform(math.log(0.08), math.log(0.6)))
    return SimulatedScene(
        'random', face_px=round(math.exp(random.uniform(math.log(14), math.log(120)))),
        roll_deg=random.uniform(-30, 30),
        blur=random.uniform(0.01, 0.07) if random.random() < 0.4 else 0.0,
        light=light, noise=noise, light_before_white=light_before_white)


def random_scene_views(
    images: Images, views: int, size: int, progress: bool = False,
) -> SceneViews:
    """
    Return faces as the pipeline would crop them from random scenes.

    :param images: (N, S, S) uint8, grey.
    :param views: number of scenes for each image.
    :param size: edge of the crops in pixels.
    :param progress: show a progress bar on standard error.
    """
    seen = SceneViews(
        np.zeros((len(images), views, size, size), np.uint8),
        np.zeros((len(images), views, 2, FEATURE_COUNT), np.float32))
    bar: Sequence[Image] = track(  # type: ignore[assignment]
        images, 'random scenes', console=Console(stderr=True), disable=not progress)
    network = FaceMesh()
    with closing(create_detector(DetectorOptions())) as detector:
        for place, image in enumerate(bar):
            random = np.random.default_rng(place)
            for view in range(views):
                scene = random_scene(random)
                surrounded, continued = simulated_images(image, scene, int(random.integers(2**31)))
                faces = detector.detect(surrounded)
                if not faces:
                    continue
                largest = max(faces, key=lambda face: face.box.area)
                face = framed(network, continued, largest)
                seen.crops[place, view] = upright_crop(
                    continued, face.box, face.key_points, size)
                seen.features[place, view] = features_of_face(network, continued, largest)
    return seen


def simulated_images(image: Image, scene: SimulatedScene, seed: int = 0) -> tuple[Image, Image]:
    """
    Return two camera images of a face: one for detecting it, one for cropping it.

    In the first, the image is surrounded by grey, on which the detector finds most faces (see
    `detected_faces`). In the second, its edge pixels are repeated, so that a crop that is larger
    than the image shows no frame.

    :param image: (S, S) uint8, grey, framed as FER-2013 frames faces.
    :param seed: seed of the noise.
    :return: two images (T, T, 3) uint8.
    """
    edge = image.shape[0]
    scale = FRAME_SCALE * scene.face_px / edge
    # Smoothing avoids aliasing in a smaller image.
    smooth = image if scale >= 1 else cv2.GaussianBlur(image, (0, 0), 0.5 / scale)
    canvas = round(CANVAS_SCALE * scale * edge)
    to_scene = Similarity(
        scale, math.radians(scene.roll_deg), (edge / 2, edge / 2), (canvas / 2, canvas / 2),
    ).warp_matrix()
    noise = np.random.default_rng(seed).normal(0, scene.noise, (canvas, canvas))
    images = []
    for border in cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE:
        whole = cv2.warpAffine(
            smooth, to_scene, (canvas, canvas), flags=cv2.INTER_CUBIC, borderMode=border,
            borderValue=(float(image.mean()),))
        if scene.blur:
            whole = cv2.GaussianBlur(whole, (0, 0), scene.blur * scene.face_px)
        light: npt.NDArray[Any] = scene.light * whole.astype(np.float64)
        if scene.light_before_white < 1:
            face = _ellipse(canvas, scale * edge, scene.roll_deg)
            light = 255 + face * (scene.light_before_white * light - 255)
        lit = np.clip(np.rint(light + noise), 0, 255)
        images.append(np.asarray(
            cv2.cvtColor(lit.astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8))
    return images[0], images[1]


def _ellipse(canvas: int, picture: float, roll_deg: float) -> npt.NDArray[np.float64]:
    """Return 1 inside the usual outline of head and hair in FER-2013's images, else 0."""
    inside = np.zeros((canvas, canvas), np.float64)
    middle, edge = (canvas // 2, canvas // 2), picture / 2
    cv2.ellipse(
        inside, middle, (round(0.75 * edge), round(0.95 * edge)), roll_deg, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), 0.03 * edge), np.float64)


def scene_faces(
    images: Images, scene: SimulatedScene, size: int, progress: bool = False,
) -> PipelineFaces:
    """
    Return faces as the pipeline would crop them from simulated camera images.

    :param images: (N, S, S) uint8, grey.
    :param size: edge of the crops in pixels.
    :param progress: show a progress bar on standard error.
    :return: crops of rows without a face are 0.
    """
    seen = PipelineFaces(
        np.zeros((len(images), size, size), np.uint8), np.zeros(len(images), np.bool_),
        np.zeros((len(images), FEATURE_COUNT), np.float32))
    bar: Sequence[Image] = track(  # type: ignore[assignment]
        images, scene.name, console=Console(stderr=True), disable=not progress)
    network = FaceMesh()
    with closing(create_detector(DetectorOptions())) as detector:
        for place, image in enumerate(bar):
            surrounded, continued = simulated_images(image, scene, place)
            faces = detector.detect(surrounded)
            if faces:
                largest = max(faces, key=lambda face: face.box.area)
                seen.add(place, continued, framed(network, continued, largest))
    return seen
