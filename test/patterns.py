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

"""Pictures of seven patterns, which stand for the seven emotions."""

import cv2
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.labelled_faces import LabelledFaces, one_hot
import numpy as np

EDGE = 16


def patterns(count, seed):
    """Return pictures that mirroring and small turns leave what they are, and their labels."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:EDGE, :EDGE] - (EDGE - 1) / 2
    radius = np.hypot(rows, columns)
    drawn = [
        radius < 3, radius >= 3, radius < 6.5, radius >= 6.5, np.sin(rows * 2) > 0,
        np.sin(columns * 2) > 0, (radius > 3) & (radius < 6)]
    labels = np.arange(count) % len(LABELS)
    pictures = np.stack([drawn[label] * 140 + 60 for label in labels])
    return LabelledFaces(
        np.clip(pictures + random.normal(0, 12, pictures.shape), 0, 255).astype(np.uint8),
        one_hot(labels))


def write_folders(folder, **counts):
    """Write patterns as a folder by class; `counts` are the numbers of pictures by split."""
    for seed, (split, count) in enumerate(counts.items()):
        faces = patterns(count, seed)
        for place, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
            path = folder / split / LABELS[label] / f'{place}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), image)
