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

"""`POST /v1/pictures`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fer_ros.apps.serve.answers import PictureAnswer
from fer_ros.apps.serve.problem import documented
from fer_ros.apps.serve.service import Service, service_of
from fer_ros.apps.serve.upload import body, while_connected
from fer_ros.apps.serve.worker import PICTURE_FORMATS, PictureRequest

router = APIRouter(tags=['pictures'])

BODY: dict[str, Any] = {'requestBody': {
    'required': True,
    'description': 'The content of the file; its first bytes decide what it is.',
    'content': {
        kind: {'schema': {'type': 'string', 'format': 'binary'}}
        for kind in (*PICTURE_FORMATS.values(), 'application/octet-stream')}}}


@router.post(
    '/v1/pictures', summary='Find the faces of a picture and their emotions',
    response_model=PictureAnswer, openapi_extra=BODY,
    responses={
        200: {'content': {'image/jpeg': {'schema': {'type': 'string', 'format': 'binary'}}}},
        **documented(400, 408, 413, 415, 422, 429, 500, 503)})
async def analyse_picture(
    request: Request, service: Annotated[Service, Depends(service_of)],
    overlay: Annotated[bool, Query(
        description='Return the picture with the results drawn on it, as JPEG.')] = False,
    name: Annotated[str, Query(
        max_length=255, description='Name for the column `file` of the rows.')] = 'picture',
) -> Response:
    """
    Analyse a JPEG, PNG or WebP picture. It is not stored.

    Pictures stand alone: nothing of earlier ones is used.
    """
    limits = service.limits
    data = await body(request, limits.picture_bytes, limits.body_s)
    answer = await while_connected(request, service.pool.ask(
        PictureRequest(data, name, overlay, limits.picture_pixels)))
    service.metrics.count('picture', answer.faces)
    return Response(
        answer.content, media_type='image/jpeg' if answer.is_picture else 'application/json')
