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

"""What monitors ask for: `/healthz`, `/readyz`, `/metrics`; and what the page asks first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fer_ros.apps.serve.answers import Access, State
from fer_ros.apps.serve.problem import documented
from fer_ros.apps.serve.service import Service, service_of
from prometheus_client import CONTENT_TYPE_LATEST

router = APIRouter(tags=['state'])


@router.get('/healthz', summary='Tell whether the service runs', responses=documented(429))
async def health() -> State:
    """Return 200 while the process answers."""
    return State(status='ok')


@router.get(
    '/readyz', summary='Tell whether the service can take work',
    responses={503: {'model': State}, **documented(429)})
async def readiness(
    response: Response, service: Annotated[Service, Depends(service_of)],
) -> State:
    """Return 200, or 503 while no worker process runs."""
    is_ready = any(worker.is_alive for worker in service.pool.workers)
    response.status_code = 200 if is_ready else 503
    return State(status='ok' if is_ready else 'starting')


@router.get(
    '/metrics', summary='Return counters for Prometheus',
    response_class=Response,
    responses={200: {'content': {'text/plain': {}}}, **documented(401, 429)})
async def metrics(service: Annotated[Service, Depends(service_of)]) -> Response:
    """Return all counters in the text format of Prometheus."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@router.get('/v1/access', summary='Tell what this service offers',
            responses=documented(401, 429))
async def access(service: Annotated[Service, Depends(service_of)]) -> Access:
    """Return 200 if the token is right."""
    return Access(
        model=service.pool.model, live_places=service.live_limit,
        has_robot=service.settings.with_ros)
