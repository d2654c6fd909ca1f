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
What every request passes first: who may ask, how often, and which headers the answer has.

Without a token the service is for this machine only. Then a web page of another site, which the
visitor's browser shows, could still send requests to it (DNS rebinding, forms, WebSockets); the
checks of `Host` and `Origin` prevent that.
"""

from __future__ import annotations

from collections.abc import Iterable
import hmac
from http import HTTPStatus
import time

from fer_ros.apps.serve.metrics import Metrics
from fer_ros.apps.serve.problem import Problem, response
from fer_ros.apps.serve.rate_limit import RateLimit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = frozenset(('localhost', '127.0.0.1', '[::1]'))

TOKEN_PROTOCOL = 'fer.token.'
"""Browsers cannot send `Authorization` with a WebSocket, but the names of subprotocols."""

OPEN_PATHS = frozenset(('/', '/healthz', '/readyz', '/openapi.json'))
"""The page and what monitors ask for need no token; neither do the files below /page/."""

POLICY = '; '.join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
    "img-src 'self' blob:", "media-src 'self' blob:", "base-uri 'none'", "form-action 'none'",
    "frame-ancestors 'none'"))

HEADERS = {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
}


class Gate:
    """Wraps the application."""

    def __init__(
        self, app: ASGIApp, *, token: str, requests_per_s: float, metrics: Metrics,
    ) -> None:
        """
        Take the rules.

        :param token: '' where only this machine can connect.
        """
        self._app = app
        self._token = token
        self._rate = RateLimit(requests_per_s)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope['type'] not in ('http', 'websocket'):
            await self._app(scope, receive, send)
            return
        begin_s = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message['type'] in ('http.response.start', 'websocket.http.response.start'):
                status = message['status']
                headers = MutableHeaders(raw=message['headers'])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                message['headers'] = headers.raw
            elif message['type'] == 'websocket.accept':
                status = HTTPStatus.SWITCHING_PROTOCOLS
            await send(message)
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_on)
        else:
            await response(refusal)(scope, receive, send_on)
        if status:
            self._count(scope, status, time.perf_counter() - begin_s)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        wait_s = self._rate.wait_s(scope['client'][0] if scope.get('client') else '')
        if wait_s:
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS, 'Too many requests: send fewer per second.',
                {'Retry-After': str(wait_s)})
        host = headers.get('host', '')
        if not self._token and _name_of(host) not in LOCAL_NAMES:
            return Problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                'This service is for programs of its own machine, under the names localhost and '
                '127.0.0.1: start it with --host and --token-file to open it to others.')
        origin = headers.get('origin')
        if origin is not None and origin.partition('://')[2] != host:
            return Problem(
                HTTPStatus.FORBIDDEN,
                f'Pages of {origin[:100]} may not use this service: open its own page.')
        path = scope['path']
        if self._token and path not in OPEN_PATHS and not path.startswith('/page/') and not any(
                hmac.compare_digest(token.encode(), self._token.encode())
                for token in _tokens(headers)):
            return Problem(
                HTTPStatus.UNAUTHORIZED,
                'A token is needed: send the header "Authorization: Bearer TOKEN", with the '
                'content of the file that --token-file names.', {'WWW-Authenticate': 'Bearer'})
        return None

    def _count(self, scope: Scope, status: int, time_s: float) -> None:
        # Addresses as clients write them would fill the memory; routes are few.
        route = getattr(scope.get('route'), 'path', 'other')
        self._metrics.requests.labels(scope.get('method', 'WS'), route, str(int(status))).inc()
        if scope['type'] == 'http':
            self._metrics.request_s.labels(route).observe(time_s)


def _name_of(host: str) -> str:
    """Return the name without the port."""
    if host.startswith('['):
        return host.partition(']')[0] + ']'
    return host.partition(':')[0].lower()


def _tokens(headers: Headers) -> Iterable[str]:
    scheme, _, token = headers.get('authorization', '').partition(' ')
    if scheme.lower() == 'bearer':
        yield token.strip()
    for protocol in headers.get('sec-websocket-protocol', '').split(','):
        if protocol.strip().startswith(TOKEN_PROTOCOL):
            yield protocol.strip()[len(TOKEN_PROTOCOL):]
