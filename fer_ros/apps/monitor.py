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
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import EmotionArray
from fer_ros.core.pairing import StampPairs
from fer_ros.core.values import FaceEmotion, NS_PER_S
from fer_ros.nodes.face_conversion import from_emotion_message, stamp_ns
from fer_ros.nodes.qos import IMAGES, RESULTS
from lifecycle_msgs.msg import State, TransitionEvent
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo

RATE_WINDOW_S = 5.0
LATENCIES_KEPT = 20_000
"""Percentiles are those of so many last images: eleven minutes at 30 images/s."""

ANSWER_TIMEOUT_NS = 2 * NS_PER_S
"""An image without emotions after this time counts as lost."""


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
    """The faces of the last image, with its stamp."""

    stamp_ns: int = 0
    faces: list[FaceEmotion] = field(default_factory=list)


class Monitor(Node):
    """Subscribes to what the nodes publish; its properties can be read from any thread."""

    def __init__(self, on_emotions: Callable[[Moment], None] | None = None) -> None:
        """Subscribe."""
        super().__init__('fer_live')
        self.started = time.monotonic()
        self.moment = Moment()
        self.camera_has_ended = threading.Event()
        self.diagnostics: dict[str, tuple[int, str]] = {}
        self._on_emotions = on_emotions
        self._lock = threading.Lock()
        self._pairs: StampPairs[bool, bool] = StampPairs(ANSWER_TIMEOUT_NS, limit=1000)
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
        moment = Moment(stamp_ns(message.header.stamp), faces)
        now = time.monotonic()
        with self._lock:
            self.moment = moment
            self._answered += self._pairs.add_second(moment.stamp_ns, True) is not None
            self._latencies.append(latency)
            self._arrivals.append(now)
            while self._arrivals[0] < now - RATE_WINDOW_S:
                self._arrivals.popleft()
            self._model = message.model
            if self._first_emotion_s is None and any(face.confidence > 0 for face in faces):
                self._first_emotion_s = now - self.started
        if self._on_emotions is not None:
            self._on_emotions(moment)

    def _receive_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.diagnostics[status.name] = (status.level[0], status.message)

    def _receive_transition(self, message: TransitionEvent) -> None:
        if (message.start_state.id == State.TRANSITION_STATE_DEACTIVATING
                and message.goal_state.id == State.PRIMARY_STATE_INACTIVE):
            self.camera_has_ended.set()

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
            span = (
                min(RATE_WINDOW_S, max(now - self._arrivals[0], 1e-3)) if self._arrivals else 1.0)
            recent = sum(t >= now - RATE_WINDOW_S for t in self._arrivals)
            latencies: Any = (
                np.percentile(self._latencies, (50, 95, 99)) if self._latencies
                else [float('nan')] * 3)
            return Figures(
                published=self._published, answered=self._answered,
                lost=self._pairs.given_up, rate_hz=recent / span,
                latency_p50_ms=float(latencies[0]), latency_p95_ms=float(latencies[1]),
                latency_p99_ms=float(latencies[2]), model=self._model,
                first_emotion_s=self._first_emotion_s)
