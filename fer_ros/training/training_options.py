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
The options of a training: one table with default, range and description of each.

Reading them from a file belongs to `training_config.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fer_ros.core.options import option, Options
from fer_ros.evaluation.data_sets import LABEL_SETS

NETWORK_NAMES = (
    'compact', 'residual', 'residual_cnn48', 'residual_light', 'residual_wide', 'separable')


@dataclass(frozen=True)
class TrainingOptions(Options):
    """Options of one training."""

    network: str = option('compact', 'Network architecture.', choices=NETWORK_NAMES)
    edge: int = option(48, "Edge of the network's input images.", unit='pixels', minimum=16)
    labels: str = option(
        'fer2013', "Labels of FER-2013: its own or FER+'s votes. Other data sets use their own.",
        choices=LABEL_SETS)
    faces_only: bool = option(
        False, 'Leave out training images in which the detector finds no face.')
    pipeline_crops: float = option(
        0.0, 'Share of the training images that are shown as the pipeline crops faces.',
        minimum=0.0, maximum=1.0)
    scenes: float = option(
        0.0, 'Share of the training images that are shown as the pipeline sees them in random '
        'scenes: small, blurred, dark, in front of a window. pipeline_crops counts for the '
        'others.', minimum=0.0, maximum=1.0)
    mesh: bool = option(
        False, 'The network also receives the features of the face mesh, so that it sees the '
        'shape of the face as well as its pixels.')
    mesh_absent: float = option(
        0.1, 'Share of the training images that are shown without the features of the mesh.',
        minimum=0.0, maximum=1.0)
    image_absent: float = option(
        0.05, 'Share of the training images that are shown as a grey area if the mesh is known, '
        'so that the network learns to answer from the mesh alone.', minimum=0.0, maximum=1.0)
    balance: str = option(
        'none', 'Balancing of rare emotions: none, weights of the loss, or more frequent '
        'sampling.', choices=('none', 'weights', 'sampling'))
    balance_strength: float = option(
        0.5, 'Strength of the balancing; 0: all rows count the same, 1: all emotions count the '
        'same.', minimum=0.0, maximum=1.0)
    epochs: int = option(24, 'Number of passes over the training rows.', minimum=1)
    kept_epoch: str = option(
        'best', 'The epoch whose network is kept: that with the best accuracy on the validation '
        'rows, or the last one.', choices=('best', 'last'))
    batch_size: int = option(128, 'Number of images per training step.', minimum=2)
    learning_rate: float = option(
        0.1, 'Peak learning rate; it warms up linearly and decays as a cosine.', minimum=0.0)
    warm_up_epochs: float = option(
        1.0, 'Duration of the warm-up of the learning rate.', unit='epochs', minimum=0.0)
    momentum: float = option(0.9, 'Nesterov momentum.', minimum=0.0, maximum=1.0)
    weight_decay: float = option(
        0.004, 'Weight decay; it is multiplied by the learning rate.', minimum=0.0)
    label_smoothing: float = option(
        0.0, 'Label smoothing: share of each label that is spread over all seven emotions.',
        minimum=0.0, maximum=1.0)
    mixup: float = option(
        0.0, 'Mixup alpha (both parameters of the beta distribution); 0: no mixup.',
        minimum=0.0, maximum=4.0)
    teacher: str = option(
        '', 'Folder of a finished training or of a model whose answers the network learns '
        '(distillation). The mean is used if several folders are given, separated by commas. '
        'Empty: no teacher.')
    teacher_once: bool = option(
        False, 'Ask the teacher once, before the training, for each image and its mirror image. '
        'Otherwise it is asked for each augmented image, which makes each epoch slower.')
    teacher_share: float = option(
        0.7, "Weight of the teacher's answers in the targets.", minimum=0.0, maximum=1.0)
    dropout: float = option(0.3, 'Dropout rate before the last layer.', minimum=0.0, maximum=0.9)
    average_decay: float = option(
        0.998, 'EMA decay of the weights; the averaged weights are kept.', minimum=0.0,
        maximum=0.9999)
    augmentation: float = option(
        1.0, 'Strength of the augmentation; 0: only mirroring.', minimum=0.0, maximum=2.0)
    start_from: str = option(
        '', 'Folder of a finished training or of a model with the same network; its weights are '
        'the initial weights. A network that also receives the mesh can start from one that does '
        'not. Empty: random initial weights.')
    start_share: float = option(
        0.0, 'Share of the weights of start_from in the finished network, which is exported and '
        'which later trainings rest on; the others are those of the training (Wortsman et al. '
        '2022, WiSE-FT). Half keeps what the network knew before and most of what it has learned.',
        minimum=0.0, maximum=1.0)
    precision: str = option(
        'float32', 'Precision of the arithmetic during the training.',
        choices=('float32', 'mixed_bfloat16'))
    seed: int = option(1, 'Random seed.', minimum=0)

    @property
    def rests_on(self) -> list[tuple[str, Path]]:
        """Folders that this training needs, each with the option that names it."""
        start = [('start_from', self.start)] if self.start else []
        return [*(('teacher', folder) for folder in self.teachers), *start]

    @property
    def start(self) -> Path | None:
        """Folder of the initial weights; None for random ones."""
        return Path(self.start_from) if self.start_from else None

    @property
    def teachers(self) -> list[Path]:
        """Folders of the networks whose answers are learned."""
        return [Path(folder.strip()) for folder in self.teacher.split(',') if folder.strip()]
