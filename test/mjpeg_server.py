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

"""A camera with a web server, on this machine, which can be switched off and on again."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import threading

import cv2
import numpy as np


class MjpegServer:
    """
    Streams one grey image of 64x48, 100 times a second.

    If `images` is not None, it sends only this number of images, and leaves the connection open.
    """

    def __init__(self, images=None):
        self.images = images
        self.port = 0
        self.jpeg = cv2.imencode('.jpg', np.full((48, 64, 3), 128, np.uint8))[1].tobytes()
        self.start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}/live.mjpg'

    def start(self):
        self._off = threading.Event()
        off, jpeg, images = self._off, self.jpeg, self.images

        class Handler(BaseHTTPRequestHandler):

            def do_GET(self):
                self.send_response(200)
                self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
                self.end_headers()
                head = b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(
                    jpeg
                )
                try:
                    sent = 0
                    while not off.wait(0.01):
                        if images is None or sent < images:
                            self.wfile.write(head + jpeg + b'\r\n')
                            sent += 1
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(('127.0.0.1', self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.02}
        )
        self._thread.start()

    def stop(self):
        if not self._off.is_set():
            self._off.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
