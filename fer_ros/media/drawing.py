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

"""Draws faces, emotions and head poses on images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
import unicodedata

import cv2
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.head_pose.estimation import rotation_matrix
from fer_ros.core.options import option, Options
from fer_ros.core.values import Box, FaceEmotion, FaceState, Image
import numpy as np

Color = tuple[int, int, int]

COLORS: dict[Emotion, Color] = {
    Emotion.ANGRY: (60, 60, 230),
    Emotion.DISGUST: (70, 150, 60),
    Emotion.FEAR: (200, 90, 160),
    Emotion.HAPPY: (40, 200, 250),
    Emotion.SAD: (220, 140, 50),
    Emotion.SURPRISE: (60, 150, 250),
    Emotion.NEUTRAL: (200, 200, 200),
    Emotion.UNKNOWN: (130, 130, 130),
}
"""BGR; bright enough for the dark background of the text."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_PLATE: Color = (32, 32, 32)
_TEXT: Color = (240, 240, 240)


@dataclass(frozen=True)
class DrawingOptions(Options):
    """Which results are drawn."""

    show_probabilities: bool = option(
        True, 'Draw a bar for each of the seven probabilities next to the face.', dynamic=True)
    show_head_pose: bool = option(
        True,
        "Draw the three axes of the head: x (red) to the person's left, y (green) down, z (blue) "
        'out of the face.',
        dynamic=True)


def draw_emotions(
    image: Image, faces: Sequence[FaceEmotion], options: DrawingOptions | None = None,
    names: Mapping[int, str] | None = None,
) -> None:
    """
    Draw boxes, track IDs, emotions and head poses.

    :param image: (H, W, 3) uint8, BGR; changed in place.
    :param options: None means the defaults.
    :param names: names by track ID, which are drawn instead of the ID. The font has ASCII only:
        accents are left out, and other letters become question marks.
    """
    options = options or DrawingOptions()
    scale = max(min(image.shape[:2]) / 480, 0.4)
    if options.show_probabilities:
        taken = [face.box for face in faces]
        for face in faces:
            if face.probabilities.any():
                _draw_probabilities(image, face, scale, taken)
    for face in faces:
        _draw_box(image, face, scale)
        if options.show_head_pose:
            _draw_head_pose(image, face, scale)
    # Labels are drawn last, so that nothing covers them.
    for face in faces:
        _draw_label(image, face, scale, (names or {}).get(face.track_id, str(face.track_id)))


def _ascii(text: str) -> str:
    letters = unicodedata.normalize('NFKD', text)
    return ''.join(c for c in letters if not unicodedata.combining(c)).encode(
        'ascii', 'replace').decode()


def _draw_box(image: Image, face: FaceEmotion, scale: float) -> None:
    box, color = face.box, COLORS[face.emotion]
    left, top = round(box.x), round(box.y)
    right, bottom = round(box.x + box.width), round(box.y + box.height)
    thickness = max(round(2 * scale), 1)
    if face.state is FaceState.DETECTED:
        cv2.rectangle(image, (left, top), (right, bottom), color, thickness, cv2.LINE_AA)
        return
    # For a predicted box, only the corners are drawn.
    reach = max((right - left) // 4, 1)
    for x, dx in ((left, reach), (right, -reach)):
        for y, dy in ((top, reach), (bottom, -reach)):
            cv2.line(image, (x, y), (x + dx, y), color, thickness, cv2.LINE_AA)
            cv2.line(image, (x, y), (x, y + dy), color, thickness, cv2.LINE_AA)


def _draw_label(image: Image, face: FaceEmotion, scale: float, name: str) -> None:
    text = f'{_ascii(name)} {face.label}'
    if face.emotion is not Emotion.UNKNOWN:
        text += f' {face.confidence:.0%}'
    size = 0.55 * scale
    (width, height), baseline = cv2.getTextSize(text, _FONT, size, _thickness(scale))
    pad = round(4 * scale)
    plate_height = height + baseline + 2 * pad
    left = min(max(round(face.box.x), 0), max(image.shape[1] - width - 2 * pad, 0))
    top = round(face.box.y) - plate_height
    if top < 0:  # no room above the box
        top = min(max(round(face.box.y), 0), max(image.shape[0] - plate_height, 0))
    _plate(image, left, top, width + 2 * pad, plate_height)
    cv2.rectangle(
        image, (left, top), (left + max(round(3 * scale), 1), top + plate_height),
        COLORS[face.emotion], cv2.FILLED)
    cv2.putText(
        image, text, (left + pad + round(3 * scale), top + pad + height), _FONT, size, _TEXT,
        _thickness(scale), cv2.LINE_AA)


def _draw_probabilities(
    image: Image, face: FaceEmotion, scale: float, taken: list[Box],
) -> None:
    """Draw the panel if there is space off all boxes in `taken`, and append it there."""
    size = 0.38 * scale
    row = round(15 * scale)
    text_width = max(cv2.getTextSize(label, _FONT, size, 1)[0][0] for label in LABELS)
    bar_width, pad = round(48 * scale), round(4 * scale)
    width, height = text_width + bar_width + 3 * pad, row * len(LABELS) + pad
    panel = _free_place(image, face.box, width, height, pad, taken)
    if panel is None:
        return
    taken.append(panel)
    left, top = round(panel.x), round(panel.y)
    _plate(image, left, top, width, height)
    for emotion, label in enumerate(LABELS):
        y = top + pad // 2 + row * emotion
        cv2.putText(
            image, label, (left + pad, y + round(11 * scale)), _FONT, size, _TEXT,
            _thickness(scale), cv2.LINE_AA)
        x = left + text_width + 2 * pad
        length = round(bar_width * float(face.probabilities[emotion]))
        cv2.rectangle(
            image, (x, y + round(3 * scale)), (x + length, y + round(11 * scale)),
            COLORS[Emotion(emotion)], cv2.FILLED)


def _free_place(
    image: Image, box: Box, width: int, height: int, pad: int, taken: list[Box],
) -> Box | None:
    """Return a free place beside or below a box, inside the image; None if there is none."""
    rows, columns = image.shape[:2]
    top = min(max(box.y, 0.0), max(rows - height, 0.0))
    left = min(max(box.x, 0.0), max(columns - width, 0.0))
    for x, y in (
            (box.x + box.width + pad, top), (box.x - width - pad, top),
            (left, box.y + box.height + pad)):
        place = Box(x, y, width, height)
        inside = x >= 0 and y >= 0 and x + width <= columns and y + height <= rows
        if inside and not any(place.intersection(other).area > 0 for other in taken):
            return place
    return None


def _thickness(scale: float) -> int:
    return max(round(scale), 1)


def _plate(image: Image, left: int, top: int, width: int, height: int) -> None:
    """Darken a rectangle as the background of light text."""
    part = image[max(top, 0):max(top + height, 0), max(left, 0):max(left + width, 0)]
    if part.size:
        part[:] = cv2.addWeighted(part, 0.35, np.full_like(part, _PLATE), 0.65, 0)


def _draw_head_pose(image: Image, face: FaceEmotion, scale: float) -> None:
    pose = face.head_pose
    if math.isnan(pose.roll) or math.isnan(pose.pitch) or math.isnan(pose.yaw):
        return
    rotation = rotation_matrix(pose)
    center = np.array(face.box.center)
    length = 0.45 * min(face.box.width, face.box.height)
    # The z axis of the head model points into the head; the drawn axis points out of the face.
    for axis, color in ((0, (60, 60, 230)), (1, (90, 200, 60)), (2, (240, 130, 60))):
        direction = rotation[:2, axis] * (-1 if axis == 2 else 1)
        tip = center + length * direction
        cv2.line(
            image, (round(center[0]), round(center[1])), (round(tip[0]), round(tip[1])), color,
            max(round(2 * scale), 1), cv2.LINE_AA)
