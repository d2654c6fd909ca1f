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
Node that publishes the images of a camera, a stream, a file or the sample.

It publishes `image_raw` and `camera_info`. How sources are opened and read is in `fer_ros.media`.
"""

import math
import threading
import time
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticStatus
from fer_ros.core.options import Options
from fer_ros.core.values import Frame
from fer_ros.media.calibration import Calibration, load_calibration
from fer_ros.media.sources import (
    FrameSource,
    FrameStream,
    may_appear,
    open_source,
    SourceError,
    SourceState,
    SourceStatus,
)
from fer_ros.nodes.base.diagnostics import Level
from fer_ros.nodes.base.lifecycle_node import PipelineNode, required
from fer_ros.nodes.base.local_topics import publish
from fer_ros.nodes.base.throughput import Throughput
from fer_ros.nodes.face_conversion import to_stamp
from fer_ros.nodes.image_conversion import to_message
from fer_ros.nodes.qos import image_publisher
from fer_ros.parameters.node_options import CameraNodeOptions
from rclpy.lifecycle import LifecyclePublisher
from sensor_msgs.msg import CameraInfo, Image as ImageMessage
from std_msgs.msg import Header

RATE_SHORTFALL = 0.9
"""Fraction of the requested rate below which the node reports WARN."""

RATE_SETTLES_S = 6.0
"""Time that a source must have run before its rate is judged."""


class CameraNode(PipelineNode):
    """
    Publishes images with the time at which they were taken.

    At the end of a file that is not looped, the node deactivates itself; activating it again plays
    the file again.
    """

    OPTIONS: ClassVar[type[Options]] = CameraNodeOptions

    def __init__(self, **kwargs: Any) -> None:
        """Declare the parameters."""
        self._images: LifecyclePublisher | None = None
        self._infos: LifecyclePublisher | None = None
        self._calibration = Calibration()
        self._calibration_fault = ''
        self._source: FrameSource | None = None
        self._stream: FrameStream | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._reported = ''
        self._warnings: set[str] = set()
        self._running_since = math.inf
        self._end_status: SourceStatus | None = None
        self._settings: CameraNodeOptions | None = None
        super().__init__('camera_node', **kwargs)

    @property
    def source(self) -> FrameSource | None:
        """Return the source that is open at present."""
        return self._stream.source if self._stream is not None else self._source

    def configure(self) -> None:
        """Read the calibration, and open the source unless it may appear later."""
        options: CameraNodeOptions = self.options
        self._settings = options
        self._end_status = None
        self._calibration = load_calibration(options.camera_info_url)
        self._calibration_fault = ''
        if not may_appear(options.source):
            try:
                self._source = self.open_source(options)
            except SourceError as error:
                raise ValueError(f'{error}.') from error
        self._images = image_publisher(self, ImageMessage, 'image_raw')
        self._infos = image_publisher(self, CameraInfo, 'camera_info')

    def open_source(self, options: CameraNodeOptions) -> FrameSource:
        """Open the source that the options name; `fer bench` replaces it by prepared images."""
        return open_source(options.source, options)

    def activate(self) -> None:
        """Start publishing."""
        self._reported = ''
        self._end_status = None
        self._warnings.clear()
        self._stop = threading.Event()
        source, self._source = self._source, None
        options = required(self._settings)
        self._stream = FrameStream(
            options, source=source, stop=self._stop, frame_id=options.frame_id,
            now_ns=lambda: self.get_clock().now().nanoseconds, on_status=self._report)
        self._thread = threading.Thread(
            target=self._run, args=(self._stop,), name='camera_node source', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop publishing and close the source."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def cleanup(self) -> None:
        """Close the source and destroy the publishers."""
        if self._source is not None:
            self._source.close()
        self._source = self._stream = None
        for publisher in (self._images, self._infos):
            if publisher is not None:
                self.destroy_lifecycle_publisher(publisher)
        self._images = self._infos = self._end_status = None

    def has_subscribers(self) -> bool:
        """
        Return whether anybody processes the images.

        overlay_node does not count: it subscribes early, and would let the camera start before
        face_node is active.
        """
        if not required(self._images).get_subscription_count():
            return False
        subscriptions = self.get_subscriptions_info_by_topic(self.resolve_topic_name('image_raw'))
        return any(
            s.node_name != 'overlay_node' and 'UNKNOWN' not in s.node_name for s in subscriptions)

    def _run(self, stop: threading.Event) -> None:
        stream = required(self._stream)
        if _is_file(stream.source):
            self._wait_for_subscriber()
        failed: SourceStatus | None = None
        try:
            for frame in stream:
                self.throughput.count_in()
                self._publish(frame)
        except SourceError:
            pass  # the status of the stream reports it
        except Exception as error:
            failed = SourceStatus(SourceState.FAILED, f'The source failed: {error!r}')
            self.get_logger().error(failed.text)
        executor = self.executor
        if not stop.is_set() and executor is not None:
            # Transitions run in the executor's thread.
            executor.create_task(self._end, stop, failed or stream.status)

    def _end(self, stop: threading.Event, status: SourceStatus) -> None:
        # Someone may have deactivated the node, and activated it again, in the meantime.
        if self.is_active and not stop.is_set():
            self._end_status = status
            self.trigger_deactivate()
            self.diagnostics.publish()

    def inactive_status(self) -> Level:
        """Report how the source ended if it ended by itself."""
        status = self._end_status
        if status is None:
            return super().inactive_status()
        failed = status.state is SourceState.FAILED
        return (DiagnosticStatus.ERROR if failed else DiagnosticStatus.OK), status.text

    def _wait_for_subscriber(self) -> None:
        deadline = time.monotonic() + required(self._settings).wait_for_subscriber_s
        while (not self.has_subscribers() and time.monotonic() < deadline
               and not self._stop.wait(0.02)):
            pass

    def _publish(self, frame: Frame) -> None:
        header = Header(stamp=to_stamp(frame.stamp_ns), frame_id=frame.frame_id)
        height, width = frame.image.shape[:2]
        publish(required(self._images), to_message(frame.image, header))
        required(self._infos).publish(self._camera_info(header, width, height))
        self.throughput.count_out(self.age_s(header.stamp))

    def _camera_info(self, header: Header, width: int, height: int) -> CameraInfo:
        message = CameraInfo(header=header, width=width, height=height)
        calibration = self._calibration
        fault = calibration.check_size(width, height)
        if fault:
            if not self._calibration_fault:
                self._calibration_fault = (
                    f'{fault}. Until then the matrices in camera_info are zero (not calibrated).')
                self.get_logger().error(self._calibration_fault)
            return message
        message.distortion_model = calibration.distortion_model
        message.d = list(calibration.d)
        message.k = calibration.k
        message.r = calibration.r
        message.p = calibration.p
        return message

    def _report(self, status: SourceStatus) -> None:
        if status.state is not SourceState.RUNNING:
            self._running_since = math.inf
        elif math.isinf(self._running_since):
            self._running_since = time.monotonic()
        log = self.get_logger()
        for warning in status.warnings:
            if warning not in self._warnings:
                self._warnings.add(warning)
                log.warning(f'{warning}.')
        text = status.text.rstrip('.') + '.'
        # While a camera is missing, each length of the wait is logged once.
        if text != self._reported:
            if status.state is SourceState.LOST:
                log.warning(text)
            elif status.state is SourceState.FAILED:
                log.error(text)
            else:
                log.info(text)
        self._reported = text

    def status(self, figures: Throughput) -> tuple[Level, dict[str, Any]]:
        """Report the state of the source."""
        status = required(self._stream).status
        source = self.source
        rows = {
            'source': source.description if source is not None else '', 'losses': status.losses}
        asked = (
            source.rate_hz if source is not None and status.state is SourceState.RUNNING else 0.0)
        if status.state in (SourceState.LOST, SourceState.FAILED):
            return (DiagnosticStatus.ERROR, status.text), rows
        if self._calibration_fault:
            return (DiagnosticStatus.WARN, self._calibration_fault), rows
        if (status.state is SourceState.RUNNING
                and figures.age_s > (max(1.0, 2 / asked) if asked else 1.0)):
            return (DiagnosticStatus.WARN,
                    f'No image for {figures.age_s:.1f} s: {status.text}'), rows
        is_settled = time.monotonic() - self._running_since > RATE_SETTLES_S
        # The window may contain one image more or less by chance.
        if asked and is_settled and figures.rate_out < RATE_SHORTFALL * asked - 1 / RATE_SETTLES_S:
            return (DiagnosticStatus.WARN,
                    (f'{figures.rate_out:.1f} of {asked:g} images/s: the source or this machine '
                     'is too slow.')), rows
        return (DiagnosticStatus.OK, status.text), rows


def _is_file(source: FrameSource | None) -> bool:
    return source is not None and not source.is_live and source.frame_count is not None


if __name__ == '__main__':
    from fer_ros.nodes.main import camera_node
    raise SystemExit(camera_node())
