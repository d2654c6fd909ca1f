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

"""`/v1/videos`: upload, progress, results and cancellation."""

from __future__ import annotations

from http import HTTPStatus
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fer_ros.apps.serve.answers import Video
from fer_ros.apps.serve.problem import documented, Problem
from fer_ros.apps.serve.service import Service, service_of
from fer_ros.apps.serve.upload import chunks
from fer_ros.apps.serve.video_jobs import progress, State, VideoJob
from fer_ros.apps.serve.video_work import DRAWN, ROWS_CSV, ROWS_JSON
from starlette.responses import FileResponse

router = APIRouter(tags=['videos'])

BODY: dict[str, Any] = {'requestBody': {
    'required': True,
    'description': 'The content of the file; its first bytes decide what it is.',
    'content': {'application/octet-stream': {'schema': {'type': 'string', 'format': 'binary'}}}}}

Identity = Annotated[str, Path(max_length=64, description='`id` of the answer to the upload.')]

ServiceOf = Annotated[Service, Depends(service_of)]


def _answer(job: VideoJob) -> Video:
    report = job.report
    return Video(
        id=job.id, name=job.name, state=job.state.value, progress=progress(report),
        images=report.images, faces=report.faces, tracks=report.tracks,
        duration_s=round(report.duration_s, 3), faults=report.faults, notes=report.notes,
        expires_in_s=None if job.expires_s is None
        else max(round(job.expires_s - time.monotonic()), 0))


@router.post(
    '/v1/videos', summary='Upload a video and analyse it', status_code=HTTPStatus.ACCEPTED,
    openapi_extra=BODY, responses=documented(400, 401, 408, 413, 415, 422, 429, 503, 507))
async def upload_video(
    request: Request, response: Response, service: ServiceOf,
    name: Annotated[str, Query(
        max_length=255, description='Name for the column `file` of the rows.')] = 'video',
    overlay: Annotated[bool, Query(
        description='Make an annotated copy too (`/v1/videos/{identity}/overlay`).')] = False,
) -> Video:
    """
    Take a video; the answer says where its state is found (`Location`).

    The video is deleted when it is analysed, and its results after some minutes.
    """
    limits = service.limits
    job = await service.videos.add(
        chunks(request, limits.video_bytes, stall_s=limits.stall_s), name, overlay)
    response.headers['Location'] = f'/v1/videos/{job.id}'
    return _answer(job)


@router.get(
    '/v1/videos/{identity}', summary='Tell how far the analysis of a video is',
    responses=documented(401, 404, 422, 429))
async def state_of_video(identity: Identity, service: ServiceOf) -> Video:
    """Return the state; ask about twice a second."""
    return _answer(service.videos.find(identity))


@router.get(
    '/v1/videos/{identity}/rows', summary='Return the faces of a video',
    response_class=FileResponse,
    responses={
        200: {'description': 'The rows of `fer analyze`.', 'content': {
            'application/json': {'schema': {
                'type': 'array', 'items': {'$ref': '#/components/schemas/FaceRow'}}},
            'text/csv': {}}},
        **documented(401, 404, 409, 422, 429)})
async def rows_of_video(
    identity: Identity, service: ServiceOf,
    format: Annotated[Literal['json', 'csv'], Query()] = 'json',  # noqa: A002
) -> FileResponse:
    """Return a row for each face in each image; 409 until the analysis is done."""
    job = _done(service, identity)
    if format == 'csv':
        return FileResponse(job.folder / ROWS_CSV, media_type='text/csv')
    return FileResponse(job.folder / ROWS_JSON, media_type='application/json')


@router.get(
    '/v1/videos/{identity}/overlay', summary='Return the annotated copy of a video',
    response_class=FileResponse,
    responses={200: {'description': 'The copy, without sound.', 'content': {'video/mp4': {}}},
               **documented(401, 404, 409, 422, 429)})
async def overlay_of_video(identity: Identity, service: ServiceOf) -> FileResponse:
    """Return the copy; 404 unless the upload asked for it."""
    job = _done(service, identity)
    if not (job.folder / DRAWN).exists():
        raise Problem(
            HTTPStatus.NOT_FOUND, 'There is no annotated copy: upload with ?overlay=true.')
    return FileResponse(job.folder / DRAWN, media_type='video/mp4')


@router.delete(
    '/v1/videos/{identity}', summary='Cancel the analysis and delete the results',
    status_code=HTTPStatus.NO_CONTENT, responses=documented(401, 404, 422, 429))
def delete_video(identity: Identity, service: ServiceOf) -> None:
    """Delete everything about a video at once."""
    service.videos.delete(service.videos.find(identity))


def _done(service: Service, identity: str) -> VideoJob:
    job = service.videos.find(identity)
    if job.state is not State.DONE:
        raise Problem(
            HTTPStatus.CONFLICT,
            'The analysis has no result' + (
                f': {" ".join(job.report.faults)}' if job.state is State.FAILED
                else ' yet: ask for its state.'))
    return job
