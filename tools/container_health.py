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
Tells Docker whether the service of this container can take work (HEALTHCHECK in Dockerfile).

    python -I container_health.py [PORT]

It needs the standard library only. The exit code is 0 or 1, and a sentence says why.
"""

import http.client
import ssl
import sys

PORT = 8000
"""The default of `fer serve`."""

TIMEOUT_S = 5.0


def readiness(port, context=None):
    """
    Return the status code of `/readyz` on this machine.

    :param context: what an encrypted connection is made with; None: plain HTTP.
    :raises OSError: if there is no connection, or an encrypted one with other settings.
    :raises http.client.HTTPException: if the answer is not HTTP.
    """
    if context is None:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=TIMEOUT_S)
    else:
        connection = http.client.HTTPSConnection(
            '127.0.0.1', port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request('GET', '/readyz')
        return connection.getresponse().status
    finally:
        connection.close()


def main(port):
    """Ask with HTTP, then with HTTPS, and return the sentence and the exit code."""
    # The certificate is the service's own, and the connection does not leave the container.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for attempt in (None, context):
        try:
            status = readiness(port, attempt)
        except (OSError, http.client.HTTPException) as error:
            reason = f'fer serve does not answer on port {port}: {error}'
        else:
            return f'/readyz answers {status}', int(status != http.client.OK)
    return reason, 1


if __name__ == '__main__':
    text, code = main(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
    print(text)
    sys.exit(code)
