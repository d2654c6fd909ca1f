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

"""Models that the emotion node cannot use: told by name, and corrected without a restart."""

from fer_msgs.msg import EmotionArray, Face, FaceArray
from fer_ros.nodes.emotion_node import EmotionNode
from graph import header, image_message
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from sensor_msgs.msg import RegionOfInterest
from tiny_models import linear_model, linear_weights, write_model

S = 10**9


def truncated(folder):
    card = write_model(folder)
    model = folder / 'model.tflite'
    model.write_bytes(model.read_bytes()[:-100])
    return card


def another_checksum(folder):
    card = write_model(folder)
    model = folder / 'model.tflite'
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    return card


def no_model(folder):
    card = write_model(folder)
    (folder / 'model.tflite').unlink()
    return card


def other_shapes(folder):
    return write_model(folder, linear_model(*linear_weights(outputs=5)))


def no_card(folder):
    return folder / 'model.yaml'


def card_that_is_no_yaml(folder):
    card = write_model(folder)
    card.write_text('{name: [')
    return card


@pytest.mark.parametrize(
    ('make', 'words'),
    [
        (truncated, ('model.tflite', 'truncated')),
        (another_checksum, ('model.tflite', 'SHA-256')),
        (no_model, ('model.tflite', 'No such file')),
        (other_shapes, ('model.tflite', 'do not belong together')),
        (no_card, ('model.yaml',)),
        (card_that_is_no_yaml, ('model.yaml',)),
    ],
)
def test_a_faulty_model_is_told_and_can_be_corrected(graph, tmp_path, make, words):
    node = graph.add(EmotionNode, model=str(make(tmp_path)))
    for _ in range(2):
        assert graph.change(node, 'configure') == [False]
    message = graph.wait_for_log('emotion_node cannot be configured', level=Log.ERROR)
    assert all(word in message for word in words), message
    assert str(tmp_path) in message
    good = tmp_path / 'good'
    good.mkdir()
    assert graph.set(node, model=str(write_model(good))) == ''
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    graph.up(node)
    message = FaceArray(
        header=header(S),
        image_width=64,
        image_height=48,
        faces=[
            Face(
                track_id=1,
                state=Face.DETECTED,
                roi=RegionOfInterest(width=9, height=9),
                crop=image_message(np.full((16, 16), 99, np.uint8), 'mono8'),
            )
        ],
    )
    answer = graph.ask(faces, message, emotions, S)
    assert answer.model == 'tiny/0.1.0'
    assert sum(answer.emotions[0].raw_probabilities) == pytest.approx(1, abs=1e-5)


def test_a_model_that_does_not_exist_names_those_that_do(graph):
    node = graph.add(EmotionNode, model='fer2031')
    assert graph.change(node, 'configure') == [False]
    assert 'fer2013_cnn48' in graph.wait_for_log('fer2031', level=Log.ERROR)
