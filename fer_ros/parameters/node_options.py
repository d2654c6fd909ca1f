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
The parameter table of every node: names, defaults, ranges, units and descriptions.

Declaration in ROS, checks, `config/live.yaml` and `docs/nodes.md` follow from it. How files and
the command line set the values is in `parameter_files` and `overrides`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.core.emotion_stage import EmotionOptions
from fer_ros.core.face_stage import FaceOptions
from fer_ros.core.options import option, Options
from fer_ros.media.drawing import DrawingOptions
from fer_ros.media.source_options import SourceOptions


@dataclass(frozen=True)
class LifecycleOptions(Options):
    """Parameters that every node has."""

    autostart: bool = option(
        False,
        'Configure and activate the node when it starts, and retry until that succeeds; false: '
        'wait for lifecycle transitions from outside.',
        read_only=True)
    watchdog_s: float = option(
        10.0,
        "Kill the node's process if it does not respond for this time, so that it is started "
        'again (by launch files and `fer live --processes`). A transition, and the work on one '
        'image, may take six times as long. 0: never.',
        unit='s', minimum=0.0, maximum=600.0, read_only=True)


@dataclass(frozen=True)
class InputOptions(Options):
    """Parameters of a node's input queue."""

    max_delay_s: float = option(
        0.1,
        'Maximum queueing delay before an input is dropped for a newer one; 0: keep only the '
        'newest input.',
        unit='s', minimum=0.0, maximum=10.0, dynamic=True)


@dataclass(frozen=True)
class QueueOptions(InputOptions):
    """Parameters of an input queue that can also keep every input."""

    policy: str = option(
        'newest',
        'newest: an input that waited too long is dropped for a newer one, as robots need it; '
        'all: every input is answered, however long it waits, as the replay of a bag needs it '
        '(max_delay_s then has no effect).',
        choices=('newest', 'all'))
    max_queue_mib: int = option(
        512,
        'Maximum size of the inputs that wait with the policy all; if it is reached, new inputs '
        'are dropped, with a warning.',
        unit='MiB', minimum=1, maximum=65536)


@dataclass(frozen=True)
class ImageInputOptions(InputOptions):
    """Parameters of a node's image subscription and its queue."""

    transport: str = option(
        'auto',
        'Type of the image topic; raw: sensor_msgs/Image, compressed: sensor_msgs/CompressedImage '
        '(JPEG or PNG), auto: the type that its publishers have.',
        choices=('auto', 'raw', 'compressed'))
    reliability: str = option(
        'auto',
        'Reliability of the image subscription; auto: reliable if all publishers are reliable, '
        'else best effort.',
        choices=('auto', 'best_effort', 'reliable'))


@dataclass(frozen=True)
class FaceInputOptions(ImageInputOptions, QueueOptions):
    """Parameters of the input of `face_node`."""


@dataclass(frozen=True)
class CameraNodeOptions(LifecycleOptions, SourceOptions):
    """Parameters of `camera_node`."""

    frame_id: str = option(
        'camera_optical_frame',
        'frame_id of the images: the optical frame of the camera (REP 103, z points forward).')
    camera_info_url: str = option(
        '',
        'Calibration file as written by camera_calibration of ROS or by cv2.FileStorage of '
        'OpenCV: a path, file:// or package://; empty: not calibrated.')
    wait_for_subscriber_s: float = option(
        2.0, 'Maximum time to wait for a subscriber of image_raw before a video file or pictures '
        'start to play.',
        unit='s', minimum=0.0, maximum=600.0)


@dataclass(frozen=True)
class FaceNodeOptions(LifecycleOptions, FaceOptions):
    """Parameters of `face_node`."""

    input: FaceInputOptions = FaceInputOptions()
    unique_ids: bool = option(
        True, 'Never give a track_id again, also after the node was started again: the next '
        'number is kept in a file in ROS_HOME. false: count from 1 when the node is configured, '
        'so that results can be repeated.')
    rectified: bool = option(
        False, 'The images are rectified, as image_rect of image_proc. Positions are then '
        'computed with the projection matrix p of camera_info, else with k and the distortion d.')
    tf: bool = option(
        False, 'Broadcast the frame face_<track_id> for each face with a position: x points out '
        "of the face, y to the person's left, z up. Needs the package tf2_msgs.")


@dataclass(frozen=True)
class EmotionNodeOptions(LifecycleOptions, EmotionOptions):
    """Parameters of `emotion_node`."""

    input: QueueOptions = QueueOptions()


@dataclass(frozen=True)
class OverlayNodeOptions(LifecycleOptions, DrawingOptions):
    """Parameters of `overlay_node`."""

    input: ImageInputOptions = ImageInputOptions()
    max_wait_s: float = option(
        0.5, 'Maximum time to wait for the emotions of an image; then the image is skipped.',
        unit='s', minimum=0.01, maximum=10.0, dynamic=True)
    jpeg_quality: int = option(
        80, 'JPEG quality of emotions/overlay/compressed.', unit='%',
        minimum=1, maximum=100, dynamic=True)


NODE_OPTIONS: dict[str, type[Options]] = {
    'camera_node': CameraNodeOptions,
    'face_node': FaceNodeOptions,
    'emotion_node': EmotionNodeOptions,
    'overlay_node': OverlayNodeOptions,
}
"""The parameter table of each node."""

ROS_PARAMETERS = frozenset({'use_sim_time', 'qos_overrides', 'start_type_description_service'})
"""Parameters that every ROS node has; files may set them, but they are not in the table."""
