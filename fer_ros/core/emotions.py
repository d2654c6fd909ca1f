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
        """The emotion as a noun, as in `fer_msgs/Emotion.label`."""
        return 'unknown' if self is Emotion.UNKNOWN else LABELS[self]


LABELS: tuple[str, ...] = (
    'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral',
)
"""Nouns of the seven emotions; the index is the emotion's value and the place of its probability."""
