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

"""Watches the topics of the running nodes: emotions, latencies, losses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
import math
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fer_msgs.msg import EmotionArray
from fer_ros.core.values import FaceEmotion, NS_PER_S
from fer_ros.nodes.face_conversion import from_emotion_message, stamp_ns
from fer_ros.nodes.qos import IMAGES, RESULTS
from fer_ros.nodes.stamp_synchronizer import StampSynchronizer
from lifecycle_msgs.msg import State, TransitionEvent
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo

PIPELINE = ('camera_node', 'face_node', 'emotion_node', 'overlay_node')
"""The nodes from upstream to downstream."""

RATE_WINDOW_S = 5.0
RATE_MIN_SPAN_S = 0.5
"""Images that came within less time say nothing about the rate."""

LATENCIES_KEPT = 20_000
"""Percentiles are those of so many last images: eleven minutes at 30 images/s."""

ANSWER_TIMEOUT_NS = 2 * NS_PER_S
"""An image without emotions after this time counts as lost."""

SILENCE_S = 1.0
"""Faces that were seen longer ago are not those of now."""

COMPLAINT_S = 3.0
"""What a node said longer ago is not shown; it speaks once a second."""

END_TIMEOUT_S = 3.0
"""A camera that was deactivated says within this time why."""


@dataclass
class Figures:
    """What was seen so far; latencies from the image's stamp to the arrival of its emotions."""

    published: int
    answered: int
    lost: int
    rate_hz: float
    latency_p50_ms: float
    latency_p95_ms: float
    latency_p99_ms: float
    model: str
    first_emotion_s: float | None


@dataclass
class Moment:
    """The faces of an image, with its stamp and the time of arrival by the monotonic clock."""

    stamp_ns: int = 0
    faces: list[FaceEmotion] = field(default_factory=list)
    arrived_s: float = math.nan
    interval_s: float = 0.0

    def silence_s(self, now_s: float) -> float:
        """
        Return the time since the emotions came.

        It is 0 while those of the next image are not due yet, NaN where none ever came.
        """
        silence = now_s - self.arrived_s
        # What comes once in some seconds is not late after one.
        return 0.0 if silence <= max(SILENCE_S, 2 * self.interval_s) else silence

    def age_s(self, face: FaceEmotion, now_s: float) -> float:
        """Return the time since the image that the face was last classified in; NaN: never."""
        if not face.confidence:
            return math.nan
        return (self.stamp_ns - face.classified_at_ns) / NS_PER_S + now_s - self.arrived_s


class Monitor(Node):
    """Subscribes to what the nodes publish; its properties can be read from any thread."""

    def __init__(
        self, on_emotions: Callable[[Moment], None] | None = None, namespace: str = '',
        started_s: float | None = None,
    ) -> None:
        """
        Subscribe.

        :param on_emotions: called with each image's faces in the executor's thread.
        :param namespace: that of the nodes.
        :param started_s: begin of the program by the monotonic clock; None: now.
        """
        super().__init__('fer_live', namespace=namespace or None)
        self.moment = Moment()
        self.camera_fault = ''
        self._started_s = time.monotonic() if started_s is None else started_s
        self._on_emotions = on_emotions
        self._lock = threading.Lock()
        self._diagnostics: dict[str, tuple[float, bytes, str]] = {}
        self._camera_has_ended = threading.Event()
        self._camera_left_s = math.inf
        self._pairs: StampSynchronizer[bool, bool] = StampSynchronizer(
            ANSWER_TIMEOUT_NS, limit=1000)
        self._published = self._answered = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._arrivals: deque[float] = deque()
        self._model = ''
        self._first_emotion_s: float | None = None
        # Counting must not lose what is counted: a burst while the table is drawn waits here.
        counting = QoSProfile(depth=200, reliability=IMAGES.reliability)
        self.create_subscription(CameraInfo, 'camera_info', self._receive_info, counting)
        self.create_subscription(EmotionArray, 'emotions', self._receive_emotions, QoSProfile(
            depth=200, reliability=RESULTS.reliability))
        self.create_subscription(DiagnosticArray, '/diagnostics', self._receive_diagnostics, 10)
        self.create_subscription(
            TransitionEvent, 'camera_node/transition_event', self._receive_transition, 10)

    def _receive_info(self, message: CameraInfo) -> None:
        with self._lock:
            self._published += 1
            self._answered += (
                self._pairs.add_first(stamp_ns(message.header.stamp), True) is not None)

    def _receive_emotions(self, message: EmotionArray) -> None:
        latency = (self.get_clock().now() - Time.from_msg(message.header.stamp)).nanoseconds / 1e6
        faces = [from_emotion_message(emotion) for emotion in message.emotions]
        now = time.monotonic()
        interval = now - self.moment.arrived_s if self._arrivals else 0.0
        moment = Moment(stamp_ns(message.header.stamp), faces, now, interval)
        with self._lock:
            self.moment = moment
            self._answered += self._pairs.add_second(moment.stamp_ns, True) is not None
            self._latencies.append(latency)
            self._arrivals.append(now)
            while self._arrivals[0] < now - RATE_WINDOW_S:
                self._arrivals.popleft()
            self._model = message.model
            if self._first_emotion_s is None and any(face.confidence > 0 for face in faces):
                self._first_emotion_s = now - self._started_s
        if self._on_emotions is not None:
            self._on_emotions(moment)

    def _receive_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = f'{self.get_namespace()}/'.lstrip('/')
        for status in message.status:
            name = status.name[len(prefix):]
            if status.name != prefix + name or name not in PIPELINE:
                continue
            with self._lock:
                self._diagnostics[name] = (time.monotonic(), status.level, status.message)
            if name == 'camera_node':
                self._judge_camera()

    def _receive_transition(self, message: TransitionEvent) -> None:
        if message.goal_state.id == State.PRIMARY_STATE_ACTIVE:
            self._camera_left_s = math.inf
        elif (message.start_state.id == State.TRANSITION_STATE_DEACTIVATING
                and message.goal_state.id == State.PRIMARY_STATE_INACTIVE):
            self._camera_left_s = time.monotonic()
            self._judge_camera()

    def _judge_camera(self) -> None:
        """Find out whether an inactive camera_node ended by itself, from what it says."""
        if math.isinf(self._camera_left_s) or 'camera_node' not in self._diagnostics:
            return
        said_s, level, text = self._diagnostics['camera_node']
        if text.startswith('ended'):
            self._camera_has_ended.set()
        elif said_s < self._camera_left_s:
            return  # said while it was active
        elif level == DiagnosticStatus.ERROR:
            self.camera_fault = text
            self._camera_has_ended.set()
        elif text == 'Inactive.':
            self._camera_left_s = math.inf  # by hand: it may be activated again

    def camera_has_ended(self) -> bool:
        """Return whether the source came to its end or failed; then `camera_fault` says how."""
        return (
            self._camera_has_ended.is_set()
            or time.monotonic() - self._camera_left_s > END_TIMEOUT_S)

    def complaint(self) -> str:
        """Return what the most upstream node that does not work well says; it explains others."""
        begin = time.monotonic() - COMPLAINT_S
        with self._lock:
            for name in PIPELINE:
                said_s, level, text = self._diagnostics.get(name, (0.0, DiagnosticStatus.OK, ''))
                if said_s >= begin and level != DiagnosticStatus.OK:
                    return f'{name}: {text}'
        return ''

    def wait_for_answers(self, timeout_s: float) -> None:
        """Wait until every published image is answered."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._lock:
                if not self._pairs.waiting:
                    return
            time.sleep(0.01)

    def figures(self) -> Figures:
        """Return what was seen so far."""
        now = time.monotonic()
        with self._lock:
            recent = [t for t in self._arrivals if t >= now - RATE_WINDOW_S]
            span = now - recent[0] if recent else math.nan
            rate_hz = (
                0.0 if self._arrivals and not recent
                else (len(recent) - 1) / span if span >= RATE_MIN_SPAN_S else math.nan)
            latencies: Any = (
                np.percentile(self._latencies, (50, 95, 99)) if self._latencies
                else [float('nan')] * 3)
            return Figures(
                published=self._published, answered=self._answered,
                lost=self._pairs.given_up, rate_hz=rate_hz,
                latency_p50_ms=float(latencies[0]), latency_p95_ms=float(latencies[1]),
                latency_p99_ms=float(latencies[2]), model=self._model,
                first_emotion_s=self._first_emotion_s)
