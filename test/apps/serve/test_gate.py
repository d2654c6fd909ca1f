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

"""Who may ask, how often, and the headers of every answer."""

from dataclasses import replace

from fer_ros.apps.serve.gate import HEADERS
from fer_ros.apps.serve.rate_limit import MAX_CLIENTS, RateLimit
from fer_ros.apps.serve.service import live_limit
import pytest
from serve_pictures import encoded
from starlette.testclient import WebSocketDenialResponse
from web_service import client, LIVE

TOKEN = 'a-token-of-20-letters'


@pytest.fixture
def guarded(service, monkeypatch):
    monkeypatch.setattr(service, 'settings', replace(service.settings, token=TOKEN))
    return client(service)


@pytest.mark.parametrize('path', ['/', '/healthz', '/v1/nothing', '/page/main.js', '/metrics'])
def test_every_answer_has_the_headers(http, path):
    answer = http.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_nothing_may_come_from_elsewhere():
    policy = HEADERS['content-security-policy']
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert 'http' not in policy


@pytest.mark.parametrize(
    'host', ['evil.example', '192.168.1.5:8000', '127.0.0.1.evil.example', ''])
def test_without_a_token_only_local_names_are_served(http, host):
    answer = http.get('/healthz', headers={'Host': host})
    assert (answer.status_code, 'token-file' in answer.json()['detail']) == (421, True)


@pytest.mark.parametrize('host', ['localhost', 'LOCALHOST:8000', '127.0.0.1:8000', '[::1]:8000'])
def test_local_names_are_served(http, host):
    assert http.get('/healthz', headers={'Host': host}).status_code == 200


@pytest.mark.parametrize('origin', [
    'http://evil.example', 'null', 'http://localhost:9999', 'http://localhost.evil.example'])
def test_pages_of_others_are_refused(http, origin):
    answer = http.post('/v1/pictures', content=b'x', headers={'Origin': origin})
    assert answer.status_code == 403
    with pytest.raises(WebSocketDenialResponse) as refused, http.websocket_connect(
            LIVE, headers={'Origin': origin}):
        pass
    assert refused.value.status_code == 403


def test_the_own_page_is_served(http):
    answer = http.get('/healthz', headers={'Origin': 'http://localhost'})
    assert answer.status_code == 200


def test_a_token_opens_all_names(guarded):
    headers = {'Authorization': f'Bearer {TOKEN}', 'Host': 'robot.local:8000'}
    assert guarded.get('/v1/access', headers=headers).status_code == 200


@pytest.mark.parametrize('headers', [
    {}, {'Authorization': 'Bearer wrong'}, {'Authorization': TOKEN},
    {'Authorization': f'Basic {TOKEN}'}, {'Authorization': f'Bearer {TOKEN}x'},
    {'Authorization': 'Bearer ümläut'.encode('latin-1')}])
def test_without_the_token_there_is_nothing(guarded, headers):
    for path in ('/v1/access', '/v1/models', '/metrics'):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers['www-authenticate'] == 'Bearer'
    for path in ('/', '/healthz', '/readyz'):
        assert guarded.get(path, headers=headers).status_code == 200


def test_a_websocket_sends_its_token_as_subprotocol(guarded):
    with guarded.websocket_connect(
            LIVE, subprotocols=['fer.live', f'fer.token.{TOKEN}']) as live:
        assert live.accepted_subprotocol == 'fer.live'
        live.send_bytes(encoded())
        assert live.receive_json()['frame'] == 0
    with pytest.raises(WebSocketDenialResponse) as refused, guarded.websocket_connect(
            LIVE, subprotocols=['fer.live', 'fer.token.wrong']):
        pass
    assert refused.value.status_code == 401


def test_a_client_that_asks_too_often_waits():
    now_s = 100.0
    limit = RateLimit(2.0, lambda: now_s)
    assert [limit.wait_s('a') for _ in range(5)] == [0, 0, 0, 0, 1]
    assert limit.wait_s('b') == 0
    now_s += 0.6
    assert [limit.wait_s('a') for _ in range(2)] == [0, 1]
    now_s += 1000
    assert [limit.wait_s('a') for _ in range(5)] == [0, 0, 0, 0, 1]


def test_a_slow_rate_states_the_time():
    limit = RateLimit(0.1, lambda: 0.0)
    assert limit.wait_s() == 8


def test_many_clients_take_no_more_memory():
    limit = RateLimit(1.0, lambda: 0.0)
    for k in range(MAX_CLIENTS + 500):
        limit.wait_s(str(k))
    assert len(limit._buckets) == MAX_CLIENTS


def test_too_many_requests_are_told_when_to_come_back(service, monkeypatch):
    monkeypatch.setattr(service, 'limits', replace(service.limits, requests_per_s=1.0))
    http = client(service)
    answers = [http.get('/healthz') for _ in range(4)]
    assert [answer.status_code for answer in answers][:3] == [200, 200, 429]
    assert answers[2].headers['retry-after'] == '1'


@pytest.mark.parametrize(('live_s', 'workers', 'places'), [
    (0.010, 2, 16), (0.020, 1, 4), (0.5, 1, 1)])
def test_the_live_places_follow_from_the_speed(live_s, workers, places):
    assert live_limit(live_s, workers) == places
