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

"""Subscribes to the topics of the running nodes and measures rates, latencies and losses."""

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
"""The nodes in the order in which an image passes them."""

RATE_WINDOW_S = 5.0
RATE_MIN_SPAN_S = 0.5
"""Minimum span of the images that a rate is computed from."""

LATENCIES_KEPT = 20_000
"""Number of last images that percentiles refer to: eleven minutes at 30 images/s."""

ANSWER_TIMEOUT_NS = 2 * NS_PER_S
"""An image without emotions after this time counts as lost."""

SILENCE_S = 1.0
"""After this time without emotions the last faces are not shown as present."""

WARNING_S = 3.0
"""Maximum age of a report that is shown; each node reports once a second."""

END_TIMEOUT_S = 3.0
"""A deactivated camera_node reports the reason within this time."""


@dataclass
class Figures:
    """Figures of the run so far; latencies are from an image's stamp to its emotions' arrival."""

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
    """The faces of one image, with stamp and time of arrival by the monotonic clock."""

    stamp_ns: int = 0
    faces: list[FaceEmotion] = field(default_factory=list)
    arrived_s: float = math.nan
    interval_s: float = 0.0

    def silence_s(self, now_s: float) -> float:
        """
        Return the time since these emotions arrived.

        It is 0 while the emotions of the next image are not due, NaN if none have ever arrived.
        """
        silence = now_s - self.arrived_s
        # Images with a period of several seconds are not late after one second.
        return 0.0 if silence <= max(SILENCE_S, 2 * self.interval_s) else silence

    def age_s(self, face: FaceEmotion, now_s: float) -> float:
        """Return the age of the face's last classification in seconds; NaN: never classified."""
        if face.classified_at_ns is None:
            return math.nan
        return (self.stamp_ns - face.classified_at_ns) / NS_PER_S + now_s - self.arrived_s


class Monitor(Node):
    """A node that subscribes to the results; its methods may be called from any thread."""

    def __init__(
        self, on_emotions: Callable[[Moment], None] | None = None, namespace: str = '',
        started_s: float | None = None,
    ) -> None:
        """
        Subscribe.

        :param on_emotions: called with the faces of each image in the executor's thread.
        :param namespace: namespace of the nodes.
        :param started_s: start of the program by the monotonic clock; None: now.
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
        self._synchronizer: StampSynchronizer[bool, bool] = StampSynchronizer(
            ANSWER_TIMEOUT_NS, limit=1000)
        self._published = self._answered = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._arrivals: deque[float] = deque()
        self._model = ''
        self._first_emotion_s: float | None = None
        # Deep queues: messages that arrive while the table is drawn must be counted too.
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
                self._synchronizer.add_first(stamp_ns(message.header.stamp), True) is not None)

    def _receive_emotions(self, message: EmotionArray) -> None:
        latency = (self.get_clock().now() - Time.from_msg(message.header.stamp)).nanoseconds / 1e6
        faces = [from_emotion_message(emotion) for emotion in message.emotions]
        now = time.monotonic()
        interval = now - self.moment.arrived_s if self._arrivals else 0.0
        moment = Moment(stamp_ns(message.header.stamp), faces, now, interval)
        with self._lock:
            self.moment = moment
            self._answered += self._synchronizer.add_second(moment.stamp_ns, True) is not None
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
        """Find out from its report whether an inactive camera_node ended by itself."""
        if math.isinf(self._camera_left_s) or 'camera_node' not in self._diagnostics:
            return
        reported_s, level, text = self._diagnostics['camera_node']
        if text.startswith('ended'):
            self._camera_has_ended.set()
        elif reported_s < self._camera_left_s:
            return  # reported while it was active
        elif level == DiagnosticStatus.ERROR:
            self.camera_fault = text
            self._camera_has_ended.set()
        elif text == 'Inactive.':
            self._camera_left_s = math.inf  # deactivated by a person, who may activate it again

    def camera_has_ended(self) -> bool:
        """Return whether the source ended or failed; `camera_fault` tells why it failed."""
        return (
            self._camera_has_ended.is_set()
            or time.monotonic() - self._camera_left_s > END_TIMEOUT_S)

    def warning(self) -> str:
        """Return the report of the first node in the pipeline that has a problem, or ''."""
        begin = time.monotonic() - WARNING_S
        with self._lock:
            for name in PIPELINE:
                reported_s, level, text = self._diagnostics.get(
                    name, (0.0, DiagnosticStatus.OK, ''))
                if reported_s >= begin and level != DiagnosticStatus.OK:
                    return f'{name}: {text}'
        return ''

    def wait_for_answers(self, timeout_s: float) -> None:
        """Wait until the emotions of every published image have arrived."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._lock:
                if not self._synchronizer.waiting:
                    return
            time.sleep(0.01)

    def figures(self) -> Figures:
        """Return the figures so far."""
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
                lost=self._synchronizer.unmatched, rate_hz=rate_hz,
                latency_p50_ms=float(latencies[0]), latency_p95_ms=float(latencies[1]),
                latency_p99_ms=float(latencies[2]), model=self._model,
                first_emotion_s=self._first_emotion_s)
