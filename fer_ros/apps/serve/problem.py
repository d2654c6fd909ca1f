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

"""Answers that are errors: problem details as RFC 9457 defines them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE = 'application/problem+json'


class ProblemDetails(BaseModel):
    """An error in the form of RFC 9457."""

    type: str = Field(examples=['about:blank'])
    title: str = Field(examples=['Unsupported Media Type'])
    status: int = Field(examples=[415])
    detail: str = Field(examples=['picture is a TIFF picture: send JPEG, PNG or WebP.'])


class Problem(Exception):
    """An error that the client is told."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None,
    ) -> None:
        """
        Describe it.

        :param detail: a sentence: what is wrong, and what to do.
        :param headers: of the answer, such as `Retry-After`.
        """
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def busy(detail: str, retry_after_s: int = 1) -> Problem:
    """Return the problem of a service that has too much to do at the moment."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, detail, {'Retry-After': str(retry_after_s)})


def as_mapping(problem: Problem) -> dict[str, Any]:
    """Return the members of RFC 9457."""
    return {
        'type': 'about:blank', 'title': HTTPStatus(problem.status).phrase,
        'status': int(problem.status), 'detail': problem.detail}


def response(problem: Problem) -> JSONResponse:
    """Return the answer to a request."""
    return JSONResponse(
        as_mapping(problem), problem.status, problem.headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the part of an operation's documentation that names these errors."""
    return {
        int(status): {
            'description': HTTPStatus(status).phrase,
            'content': {MEDIA_TYPE: {'schema': {'$ref': '#/components/schemas/ProblemDetails'}}}}
        for status in statuses}


def install(app: FastAPI) -> None:
    """Let the application answer every error with problem details."""
    @app.exception_handler(Problem)
    async def of_problem(_: Request, error: Problem) -> JSONResponse:
        return response(error)

    @app.exception_handler(HTTPException)
    async def of_http(_: Request, error: HTTPException) -> JSONResponse:
        texts = {
            404: 'There is nothing at this address: GET /openapi.json lists all addresses.',
            405: 'This address takes other methods, which the header Allow names.'}
        return response(Problem(
            error.status_code, texts.get(error.status_code, str(error.detail)), error.headers))

    @app.exception_handler(RequestValidationError)
    async def of_validation(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = '; '.join(
            f'{".".join(str(part) for part in fault["loc"])}: {fault["msg"]}'
            for fault in error.errors())
        return response(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f'Wrong parameters: {faults}.'))

    @app.exception_handler(Exception)
    async def of_fault(_: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).exception('A request failed.', exc_info=error)
        return response(Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            'The service has a fault, which its log describes; other requests are not affected.'))
