"""Keeps OpenCV from printing about failures that are reported as errors in words."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Let OpenCV log nothing meanwhile; its exceptions are not affected."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
