"""
Facial emotion recognition without ROS.

>>> from fer_ros.core import Frame, Pipeline
"""

from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.pipeline import Pipeline
from fer_ros.core.values import Box, FaceEmotion, FaceState, Frame, HeadPose

__all__ = ['Box', 'Emotion', 'FaceEmotion', 'FaceState', 'Frame', 'HeadPose', 'LABELS', 'Pipeline']
