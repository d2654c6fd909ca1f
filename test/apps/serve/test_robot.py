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

"""The routes of the robot, with real nodes in a real graph."""

from dataclasses import replace
import json
import time

import cv2
from fer_ros.apps.analyze.results_file import COLUMNS
from fer_ros.apps.serve.robot import Robot
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from fer_ros.parameters.node_options import NODE_OPTIONS
from graph import RELIABLE, sample_message
import numpy as np
import pytest
from sensor_msgs.msg import Image
from starlette.testclient import WebSocketDenialResponse
from web_service import client, wait_until

STREAM = 'ws://localhost/v1/robot/stream'
NODES = '/v1/robot/nodes'


@pytest.fixture
def robot(service, monkeypatch):
    """Return a client of a service that listens to the graph of the test."""
    made = Robot()
    monkeypatch.setattr(service, 'robot', made)
    monkeypatch.setattr(service, 'settings', replace(service.settings, with_ros=True))
    with client(service) as http:
        yield http
    made.close()


def state_of(http, name):
    return next(node for node in http.get(NODES).json() if node['name'] == name)['state']


def change(http, name, transition):
    return http.post(f'{NODES}/{name}/transitions/{transition}')


def test_without_ros_it_says_how_to_get_it(http):
    assert http.get(NODES).status_code == 404
    assert '--ros' in http.get(f'{NODES}/face_node/parameters').json()['detail']
    with pytest.raises(WebSocketDenialResponse) as refused, http.websocket_connect(STREAM):
        pass
    assert refused.value.status_code == 404


def test_states_change_on_request(graph, robot):
    names = [node['name'] for node in robot.get(NODES).json()]
    assert names == ['camera_node', 'face_node', 'emotion_node', 'overlay_node']
    assert state_of(robot, 'overlay_node') == 'absent'
    graph.add(OverlayNode)
    wait_until(lambda: state_of(robot, 'overlay_node') == 'unconfigured')
    for transition, state in (
            ('configure', 'inactive'), ('activate', 'active'), ('deactivate', 'inactive'),
            ('cleanup', 'unconfigured')):
        assert change(robot, 'overlay_node', transition).status_code == 204
        assert state_of(robot, 'overlay_node') == state
    refused = change(robot, 'overlay_node', 'deactivate')
    assert (refused.status_code, 'did not deactivate' in refused.json()['detail']) == (409, True)
    absent = change(robot, 'camera_node', 'configure')
    assert (absent.status_code, 'does not run' in absent.json()['detail']) == (503, True)
    for path in ('nobody/transitions/configure', 'face_node/transitions/explode'):
        assert robot.post(f'{NODES}/{path}').status_code == 422


def test_reports_are_shown(graph, robot):
    # A node reports from its first transition on.
    graph.change(graph.add(OverlayNode), 'configure')

    def report():
        node = robot.get(NODES).json()[3]
        return node if node['level'] != 'stale' else None
    found = wait_until(report)
    assert found['message'] == 'Inactive.'
    assert found['values']['received'] == '0'


def test_parameters_are_those_of_the_table(graph, robot):
    node = graph.add(EmotionNode)
    wait_until(lambda: state_of(robot, 'emotion_node') == 'unconfigured')
    path = f'{NODES}/emotion_node/parameters'
    rows = {row['name']: row for row in robot.get(path).json()}
    table = NODE_OPTIONS['emotion_node'].table()
    assert list(rows) == [row.name for row in table]
    assert {name: row['value'] for name, row in rows.items()} == {
        row.name: row.default for row in table}
    assert robot.put(f'{path}/rate_hz', json={'value': 5}).status_code == 204
    assert node.get_parameter('rate_hz').value == 5.0
    graph.change(node, 'configure')
    for name, value, status, words in (
            ('rate_hz', -1, 422, 'rate_hz must be'), ('rate_hz', 'fast', 422, 'must be a number'),
            ('speed', 1, 404, 'no parameter speed'), ('model', 'oracle', 409, 'refused')):
        answer = robot.put(f'{path}/{name}', json={'value': value})
        told = answer.json()['detail']
        assert (answer.status_code, words in told) == (status, True), told
    assert robot.put(f'{path}/rate_hz', content=b'{').status_code == 422


def test_emotions_and_overlay_are_streamed(graph, robot):
    overlay = graph.add(OverlayNode)
    graph.up(graph.add(EmotionNode), graph.add(FaceNode), overlay)
    camera = graph.speaker(Image, 'image_raw', RELIABLE)
    with robot.websocket_connect(f'{STREAM}?overlay=true') as stream:
        begin_ns = time.time_ns()
        rows, picture = [], None
        for k in range(300):
            if len(rows) == 2 and picture is not None:
                break
            camera.publish(sample_message(k, begin_ns + k * 33_333_333))
            # Images and results come by themselves; each image is followed by one message.
            if not camera.get_subscription_count():
                time.sleep(0.05)
                continue
            message = stream.receive()
            if 'text' in message and message['text'] is not None:
                rows = json.loads(message['text'])['faces']
            elif message.get('bytes'):
                picture = cv2.imdecode(
                    np.frombuffer(message['bytes'], np.uint8), cv2.IMREAD_COLOR)
        assert [row['track_id'] % 2 for row in rows] in ([0, 1], [1, 0])
        assert tuple(rows[0]) == COLUMNS
        assert picture.shape == (480, 640, 3)
        assert overlay.count_publishers('emotions/overlay/compressed') == 1
        subscribers = overlay.count_subscribers('emotions/overlay/compressed')
        assert subscribers == 1
    # overlay_node rests while nobody looks.
    wait_until(lambda: overlay.count_subscribers('emotions/overlay/compressed') == 0)
