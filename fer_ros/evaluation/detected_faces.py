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

"""The images of a data set as the pipeline would detect and crop their faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import cv2
from fer_ros.core.classification.crop import upright_crop
from fer_ros.core.detection import create_detector
from fer_ros.core.detection.detector import DetectorOptions
from fer_ros.core.landmarks.face_mesh import FaceMesh
from fer_ros.core.landmarks.mesh import region_of_face
from fer_ros.core.landmarks.mesh_features import FEATURE_COUNT
from fer_ros.core.values import Box, Detection, Image, KeyPoint
from fer_ros.evaluation.face_images import resized
from fer_ros.evaluation.labelled_faces import DataSet, Images, LabelledFaces, Mask
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

MIN_EDGE = 96
"""Smaller images are enlarged to this edge, in pixels, before the detection."""

MARGIN = 0.5
"""Width of the grey frame around an image, in units of its edge (docs/benchmarks.md)."""

_MIRRORED_KEY_POINTS = [
    KeyPoint.LEFT_EYE, KeyPoint.RIGHT_EYE, KeyPoint.NOSE_TIP, KeyPoint.MOUTH_CENTER,
    KeyPoint.LEFT_EAR_TRAGION, KeyPoint.RIGHT_EAR_TRAGION]


class PipelineFaces(NamedTuple):
    """
    Faces as the pipeline sees them.

    :param crops: (N, S, S) uint8, grey.
    :param found: whether a face was found, (N,).
    :param features: features of the face mesh, (N, 288) float32; zeros where no mesh was found.
    """

    crops: Images
    found: Mask
    features: npt.NDArray[np.float32]

    def add(self, place: int, image: Image, face: Detection) -> None:
        """Crop a face that was found, and keep the features of its mesh."""
        self.crops[place] = upright_crop(image, face.box, face.key_points, self.crops.shape[1])
        self.found[place] = True
        if face.mesh is not None and face.mesh.features is not None:
            self.features[place] = face.mesh.features

    def of(self, faces: LabelledFaces) -> LabelledFaces:
        """Return those labelled faces that were found, as the pipeline sees them."""
        return replace(faces, images=self.crops, mesh=self.features[:, None]).where(self.found)


def pipeline_faces(images: Images, size: int = 48, progress: bool = False) -> PipelineFaces:
    """
    Return faces as the pipeline would crop them.

    Each image is enlarged and placed on a canvas. The detector finds the face, the face mesh
    frames it, and `upright_crop` crops it. The result depends only on the images and the size. The
    detector finds the faces of 99 % of FER+'s rows in PublicTest (docs/benchmarks.md).

    :param images: (N, S, S) uint8, grey.
    :param size: edge of the crops in pixels.
    :param progress: show a progress bar on standard error.
    :return: rows without a face hold the resized image.
    """
    faces = PipelineFaces(
        np.array(resized(images, size)), np.zeros(len(images), np.bool_),
        np.zeros((len(images), FEATURE_COUNT), np.float32))
    network = FaceMesh()
    for place, (picture, detection) in enumerate(_largest_faces(images, progress)):
        if detection is not None:
            faces.add(place, picture, framed(network, picture, detection))
    return faces


def with_mesh_features(faces: LabelledFaces, progress: bool = False) -> LabelledFaces:
    """
    Return faces to measure on, with the features of the mesh if they have none yet.

    The mesh is found as `pipeline_faces` finds it.
    """
    return faces if faces.mesh is not None else replace(
        faces, mesh=mesh_features(faces.images, progress, with_mirror_images=False))


def mesh_features(
    images: Images, progress: bool = False, with_mirror_images: bool = True,
) -> npt.NDArray[np.float32]:
    """
    Return the features of the face mesh for faces and for their mirror images.

    :param images: (N, S, S) uint8, grey.
    :param progress: show a progress bar on standard error.
    :return: (N, 2, 288) float32, (N, 1, 288) without mirror images; zeros where no mesh is found.
    """
    sides = 2 if with_mirror_images else 1
    features = np.zeros((len(images), sides, FEATURE_COUNT), np.float32)
    network = FaceMesh()
    for place, (picture, face) in enumerate(_largest_faces(images, progress)):
        if face is None:
            continue
        features[place] = features_of_face(network, picture, face, sides)
    return features


def features_of_face(
    network: FaceMesh, image: Image, face: Detection, sides: int = 2,
) -> npt.NDArray[np.float32]:
    """
    Return the features of a face's mesh, and those of its mirror image.

    :param image: (H, W, 3) uint8, BGR.
    :param sides: 2, or 1 without the mirror image.
    :return: (sides, 288); zeros where no mesh is found.
    """
    features = np.zeros((sides, FEATURE_COUNT), np.float32)
    flipped = np.asarray(cv2.flip(image, 1), np.uint8)
    seen = (image, face), (flipped, _mirrored(face, image.shape[1]))
    for side, (view, known) in enumerate(seen[:sides]):
        mesh = network.refine(view, region_of_face(known.box, known.key_points))
        if mesh.features is not None:
            features[side] = mesh.features
    return features


def framed(network: FaceMesh, image: Image, face: Detection) -> Detection:
    """
    Return the face with the box and key points of its mesh, if the network finds it.

    :param image: (H, W, 3) uint8, BGR.
    """
    mesh = network.refine(image, region_of_face(face.box, face.key_points))
    return Detection(mesh.box, mesh.presence, mesh.key_points, mesh) if mesh.is_face else face


def with_faces(
    data_set: DataSet, splits: Sequence[str] = ('training',), progress: bool = False,
) -> DataSet:
    """
    Return the data set without the images in which the detector finds no face.

    :param splits: splits from which they are left out. By default the test splits are kept whole,
        because their figures are compared with those of others.
    :param progress: show a progress bar on standard error.
    """
    for split in splits:
        faces = _largest_faces(data_set.faces(split).images, progress)
        missing = np.array([face is None for _, face in faces], np.bool_)
        data_set = data_set.without(split, missing, 'the detector finds no face in them')
    return data_set


def _largest_faces(images: Images, progress: bool) -> Iterator[tuple[Image, Detection | None]]:
    """Yield each image as it is searched, (S, S, 3), and its largest face, if any."""
    bar = track(
        images, 'detecting faces', console=Console(stderr=True), disable=not progress)
    with closing(create_detector(DetectorOptions())) as detector:
        for image in bar:
            edge = max(image.shape[0], MIN_EDGE)
            enlarged = cv2.resize(image, (edge, edge), interpolation=cv2.INTER_CUBIC)
            picture = np.asarray(cv2.cvtColor(enlarged, cv2.COLOR_GRAY2BGR), np.uint8)
            margin = round(MARGIN * edge)
            canvas = cv2.copyMakeBorder(
                picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT,
                value=[round(float(picture.mean()))] * 3)
            faces = detector.detect(np.asarray(canvas, np.uint8))
            # The crop is cut from the image without the frame: beyond the edge, pixels are
            # repeated as in a camera image.
            yield picture, max(
                (_moved(face, -margin) for face in faces), key=lambda face: face.box.area,
                default=None)


def _mirrored(face: Detection, width: int) -> Detection:
    """Return the face in the mirror image of an image with a width in pixels."""
    box = replace(face.box, x=width - face.box.x - face.box.width)
    points = None if face.key_points is None else face.key_points[_MIRRORED_KEY_POINTS].copy()
    if points is not None:
        points[:, 0] = width - points[:, 0]
    return replace(face, box=box, key_points=points)


def _moved(face: Detection, by: int) -> Detection:
    box = Box(face.box.x + by, face.box.y + by, face.box.width, face.box.height)
    points = None if face.key_points is None else face.key_points + np.float32(by)
    return replace(face, box=box, key_points=points)
