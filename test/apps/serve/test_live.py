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

"""`WS /v1/live`: one connection for each camera."""

import os
import signal

from fer_ros.apps.analyze.results_file import COLUMNS
import pytest
from serve_pictures import encoded, png_of_size
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from web_service import client, LIVE, settings, wait_until


def ask(live, data):
    live.send_bytes(data)
    return live.receive_json()


def test_faces_are_followed(http):
    with http.websocket_connect(LIVE) as live:
        answers = [ask(live, encoded(frame=k)) for k in range(6)]
    assert [answer['frame'] for answer in answers] == list(range(6))
    assert [answer['skipped'] for answer in answers] == [0] * 6
    assert {(answer['width'], answer['height']) for answer in answers} == {(640, 480)}
    # A face is reported from its second image on, and keeps its number.
    assert [[row['track_id'] for row in answer['faces']] for answer in answers] == (
        [[]] + [[1, 2]] * 5)
    row = answers[-1]['faces'][0]
    assert tuple(row) == COLUMNS
    assert (row['file'], row['image']) == ('live', 5)
    assert {row['label'] for row in answers[-1]['faces']} == {'happiness', 'neutral'}
    times_s = [answer['faces'][0]['time_s'] for answer in answers[1:]]
    assert times_s == sorted(times_s)


def test_the_newest_image_wins(http):
    data = [encoded(frame=k) for k in range(10)]
    with http.websocket_connect(LIVE) as live:
        for image in data:
            live.send_bytes(image)
        answers = [live.receive_json()]
        while answers[-1]['frame'] < 9:
            answers.append(live.receive_json())
    frames = [answer['frame'] for answer in answers]
    assert frames == sorted(set(frames))
    assert sum(answer['skipped'] for answer in answers) + len(answers) == 10
    assert len(answers) < 10


def test_each_connection_has_its_own_identities(http):
    with http.websocket_connect(LIVE) as first, http.websocket_connect(LIVE) as second:
        for live in (first, second, first, second):
            found = ask(live, encoded())
            ids = [row['track_id'] for row in found['faces']]
            assert ids in ([], [1, 2])
        assert ids == [1, 2]
    with http.websocket_connect(LIVE) as third:
        assert ask(third, encoded())['faces'] == []


def test_beyond_the_limit_there_is_a_time_to_come_back(http, service):
    wait_until(lambda: service.pool.live == 0)
    with (
        http.websocket_connect(LIVE) as first, http.websocket_connect(LIVE),
        http.websocket_connect(LIVE),
    ):
        with pytest.raises(WebSocketDenialResponse) as refused, http.websocket_connect(
                LIVE):
            pass
        assert refused.value.status_code == 503
        assert int(refused.value.headers['retry-after']) > 0
        assert refused.value.json()['detail'].startswith('All 3 live places are taken')
        assert ask(first, encoded())['frame'] == 0
    wait_until(lambda: service.pool.live == 0)
    with http.websocket_connect(LIVE) as again:
        assert ask(again, encoded())['frame'] == 0


@pytest.mark.parametrize(('data', 'status'), [
    (b'', 415), (b'no picture', 415), (encoded()[:3000], 422), (png_of_size(30_000, 30_000), 413)],
    ids=['empty', 'text', 'truncated', 'bomb'])
def test_an_image_that_cannot_be_read_does_not_end_the_connection(http, data, status):
    with http.websocket_connect(LIVE) as live:
        fault = ask(live, data)
        assert (fault['frame'], fault['status']) == (0, status)
        assert fault['detail'].endswith('.')
        assert ask(live, encoded())['frame'] == 1


def test_texts_end_the_connection_with_a_reason(http):
    with http.websocket_connect(LIVE) as live:
        live.send_text('hello')
        with pytest.raises(WebSocketDisconnect) as ended:
            live.receive_json()
    assert (ended.value.code, 'binary' in ended.value.reason) == (1003, True)


def test_a_worker_that_dies_is_replaced(service, http):
    (worker,) = service.pool.workers
    before = worker.restarts
    with http.websocket_connect(LIVE) as live:
        ask(live, encoded())
        os.kill(worker._process.pid, signal.SIGKILL)
        fault = ask(live, encoded())
        assert (fault['frame'], fault['status']) == (1, 500)
        answer = ask(live, encoded())
        assert (answer['frame'], answer['faces']) == (2, [])
        assert len(ask(live, encoded())['faces']) == 2
    assert worker.restarts == before + 1
    assert f'fer_worker_restarts {worker.restarts}.0' in http.get('/metrics').text


def test_a_worker_that_hangs_is_replaced(service, http, monkeypatch):
    (worker,) = service.pool.workers
    monkeypatch.setattr(worker, '_timeout_s', 0.5)
    os.kill(worker._process.pid, signal.SIGSTOP)
    answer = http.post('/v1/pictures', content=encoded())
    assert (answer.status_code, 'took more than' in answer.json()['detail']) == (500, True)
    monkeypatch.undo()
    assert len(http.post('/v1/pictures', content=encoded()).json()['faces']) == 2
    assert http.get('/readyz').status_code == 200


def test_an_idle_connection_gives_its_place_back(service, monkeypatch):
    limits = settings().limits.__class__(live_idle_s=0.05)
    monkeypatch.setattr(service, 'limits', limits)
    with client(service) as http, http.websocket_connect(LIVE) as live:
        with pytest.raises(WebSocketDisconnect) as ended:
            live.receive_json()
        assert ended.value.code == 1000


@pytest.mark.parametrize('rate_hz', [0.5, 0.6, 1.0, 1.1, 1.5, 1.6, 2.0, 2.1] * 3)
def test_a_flood_ends_the_connection(service, monkeypatch, rate_hz):
    # Several times, because the end may come while an answer is sent.
    monkeypatch.setattr(service, 'limits', settings().limits.__class__(live_rate_hz=rate_hz))
    with client(service) as http, http.websocket_connect(LIVE) as live:
        for _ in range(40):
            live.send_bytes(b'x')
        messages = [live.receive()]
        while messages[-1]['type'] != 'websocket.close':
            messages.append(live.receive())
        assert messages[-1]['code'] == 1008
