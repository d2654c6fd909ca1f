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

"""The web application: its routes, its page and its documentation."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fer_ros.apps.serve import (
    live_routes,
    model_routes,
    picture_routes,
    problem,
    robot_routes,
    state_routes,
    video_routes,
)
from fer_ros.apps.serve.gate import Gate
from fer_ros.apps.serve.service import Service
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

PAGE = Path(__file__).parent / 'page'

DESCRIPTION = """
Finds faces and the emotions that they show, in pictures, in videos and in the images of a camera.

- What a face shows is not what a person feels. Do not judge people with it.
- Pictures are not stored; a video and its results are deleted after some minutes.
- Rows have the names of `fer analyze`. Errors are problem details (RFC 9457).
- `WS /v1/live` takes each image as one binary message and answers with JSON: `frame` (the number
  of the message, from 0), `skipped`, `processing_ms`, `width`, `height`, `faces` (rows).
- With `--token-file`, send `Authorization: Bearer TOKEN`; with WebSockets also as the subprotocol
  `fer.token.TOKEN`.
"""


def create_app(service: Service) -> ASGIApp:
    """Return the application; `service` must be open as long as it is used."""
    app = FastAPI(
        title='fer serve', version='1', description=DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.service = service
    for module in (
            picture_routes, video_routes, model_routes, state_routes, live_routes, robot_routes):
        app.include_router(module.router)
    problem.install(app)
    app.mount('/page', StaticFiles(directory=PAGE), name='page')

    @app.get('/', include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / 'index.html')
    _document_problems(app)
    return Gate(
        app, token=service.settings.token, requests_per_s=service.limits.requests_per_s,
        metrics=service.metrics)


def _document_problems(app: FastAPI) -> None:
    """Add the form of errors and the token to the documentation."""
    schema = app.openapi()
    parts = schema.setdefault('components', {})
    parts.setdefault('schemas', {})['ProblemDetails'] = (
        problem.ProblemDetails.model_json_schema())
    parts['securitySchemes'] = {'token': {'type': 'http', 'scheme': 'bearer'}}
    schema['security'] = [{}, {'token': []}]
    for path in schema['paths'].values():
        for operation in path.values():
            # FastAPI names its own form for wrong parameters, which is not the one that is sent.
            if '422' in operation['responses']:
                operation['responses']['422'] = problem.documented(422)[422]
    parts['schemas'].pop('HTTPValidationError', None)
    parts['schemas'].pop('ValidationError', None)
