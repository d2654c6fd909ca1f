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

"""The seven emotions, in the order of the FER-2013 data set."""

from enum import IntEnum


class Emotion(IntEnum):
    """An emotion; the values are those of `fer_msgs/Emotion`."""

    ANGRY = 0
    DISGUST = 1
    FEAR = 2
    HAPPY = 3
    SAD = 4
    SURPRISE = 5
    NEUTRAL = 6
    UNKNOWN = 255

    @property
    def label(self) -> str:
        """Return the emotion as a noun, as in `fer_msgs/Emotion.label`."""
        return 'unknown' if self is Emotion.UNKNOWN else LABELS[self]


LABELS: tuple[str, ...] = (
    'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral',
)
"""Nouns of the seven emotions; the index is the value of the emotion in `Emotion`."""
