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

"""A web server on this machine that answers each request with the same bytes."""

import contextlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import threading


class FileServer:
    """Serves `content` while its `with` block runs; None is answered with an error 503."""

    def __init__(self, content, kind='application/octet-stream', name='file'):
        self.content = content
        self.kind = kind
        self.name = name
        self.requests = 0

    @property
    def url(self):
        return f'http://127.0.0.1:{self._server.server_address[1]}/{self.name}'

    def __enter__(self):
        served = self

        class Handler(BaseHTTPRequestHandler):

            def do_GET(self):
                served.requests += 1
                content = served.content
                if content is None:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header('Content-Type', served.kind)
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
