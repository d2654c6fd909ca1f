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

"""What `/metrics` shows, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, Histogram

BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Counters of one service."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            'fer_requests', 'Answered requests.', ('method', 'route', 'status'),
            registry=registry)
        self.request_s = Histogram(
            'fer_request_seconds', 'Time from the head of a request to the end of its answer.',
            ('route',), buckets=BUCKETS_S, registry=registry)
        self.images = Counter(
            'fer_images', 'Analysed images.', ('kind',), registry=registry)
        self.faces = Counter('fer_faces', 'Faces in analysed images.', ('kind',),
                             registry=registry)
        self.skipped = Counter(
            'fer_live_skipped_images',
            'Images of live connections that were skipped for a newer one.', registry=registry)
        self.live = Gauge(
            'fer_live_connections', 'Open live connections.', registry=registry)
        self.live_limit = Gauge(
            'fer_live_connections_limit', 'Most live connections at a time.', registry=registry)
        self.restarts = Gauge(
            'fer_worker_restarts', 'Worker processes that were replaced.', registry=registry)
        self.videos = Gauge('fer_videos', 'Videos by state.', ('state',), registry=registry)

    def count(self, kind: str, faces: int) -> None:
        """Count an image: `kind` is picture, live or video."""
        self.images.labels(kind).inc()
        self.faces.labels(kind).inc(faces)

    def text(self) -> bytes:
        """Return all values."""
        return generate_latest(self.registry)
