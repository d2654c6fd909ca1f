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

"""No face, many faces, faces that leave, and messages of faces that are broken."""

from array import array as bytes_array

import cv2
from fer_msgs.msg import Emotion, EmotionArray, Face, FaceArray
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, image_message, RELIABLE, sample, wait_until
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from sensor_msgs.msg import Image, RegionOfInterest

S = 10**9
PERIOD = S // 30


def heads(frame_index=0, size=160):
    """Return square pictures of the sample's two heads."""
    frame = sample().frame(frame_index)
    pictures = []
    for face in sample().truth(frame_index):
        x, y = face.box.center
        half = 0.65 * face.box.width
        left, top = max(round(x - half), 0), max(round(y - half), 0)
        part = frame[top:round(y + half), left:round(x + half)]
        pictures.append(cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA))
    return pictures


def crowd(count, columns=5, size=160):
    """Return an image with so many heads in rows, and the middles of their cells."""
    rows = max(-(-count // columns), 1)
    image = np.full((rows * size, columns * size, 3), 120, np.uint8)
    head = heads(size=size)[0]
    middles = []
    for k in range(count):
        row, column = divmod(k, columns)
        image[row * size:(row + 1) * size, column * size:(column + 1) * size] = head
        middles.append(((column + 0.5) * size, (row + 0.5) * size))
    return image, middles


@pytest.fixture
def chain(graph):
    graph.up(
        graph.add(EmotionNode, rate_hz=0.0, max_batch=1000, budget_ms=0.0, min_confidence=0.0),
        graph.add(FaceNode, tracker__min_hits=1),
    )
    faces = graph.listen(FaceArray, 'faces')
    emotions = graph.listen(EmotionArray, 'emotions')
    images = graph.speaker(Image, 'image_raw', RELIABLE)

    def send(image, stamp):
        graph.ask(images, image_message(image, stamp_ns=stamp), emotions, stamp)
        return faces.wait_for_stamp(stamp).faces, emotions.wait_for_stamp(stamp).emotions

    return send


@pytest.mark.parametrize('count', [0, 1, 20])
def test_so_many_faces(chain, count):
    image, middles = crowd(count)
    faces, emotions = chain(image, S)
    assert len(faces) == len(emotions) == count
    assert len({e.track_id for e in emotions}) == count
    for x, y in middles:
        near = [
            e
            for e in emotions
            if abs(e.roi.x_offset + e.roi.width / 2 - x) < 30
            and abs(e.roi.y_offset + e.roi.height / 2 - y) < 40
        ]
        assert len(near) == 1
        assert sum(near[0].probabilities) == pytest.approx(1, abs=1e-4)
    assert all(e.emotion != Emotion.UNKNOWN for e in emotions)


def test_a_face_that_leaves_the_image(chain):
    """It slides out to the left; it keeps its identity while it is there, and then it is gone."""
    head = heads(size=200)[0]
    seen = []
    for k in range(26):
        image = np.full((360, 480, 3), 120, np.uint8)
        left = 200 - 20 * k
        visible = head[:, max(-left, 0):]
        if visible.size:
            image[80:280, max(left, 0):max(left, 0) + visible.shape[1]] = visible
        faces, emotions = chain(image, S + k * PERIOD)
        for face in faces:
            roi = face.roi
            assert roi.width >= 1
            assert roi.height >= 1
            assert roi.x_offset + roi.width <= 480
            assert roi.y_offset + roi.height <= 360
        assert [f.track_id for f in faces] == [e.track_id for e in emotions]
        seen.append({f.track_id for f in faces})
    assert seen[0] == {1}
    assert set().union(*seen) == {1}
    # After the tracker's timeout of 0.7 s nothing is left of it.
    faces, emotions = chain(np.full((360, 480, 3), 120, np.uint8), S + 60 * PERIOD)
    assert faces == emotions == []


def face(**fields):
    values = {
        'track_id': 1,
        'state': Face.DETECTED,
        'score': 0.9,
        'roi': RegionOfInterest(x_offset=1, y_offset=2, width=30, height=30),
        'crop': image_message(np.full((96, 96), 100, np.uint8), 'mono8'),
        **fields,
    }
    return Face(**values)


def crop(pixels, encoding, **fields):
    message = image_message(pixels, encoding)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def array(stamp, *found):
    return FaceArray(header=header(stamp), image_width=640, image_height=480, faces=list(found))


@pytest.mark.parametrize(
    'broken',
    [
        crop(np.zeros((96, 96), np.uint8), 'mono8', data=bytes_array('B', b'short')),
        crop(np.zeros((96, 96, 3), np.uint8), 'bgr8'),
        crop(np.zeros((96, 50), np.uint8), 'mono8'),
        crop(np.zeros((96, 96), np.uint8), 'mono8', height=0),
        crop(np.zeros((96, 96), np.uint8), 'mono8', step=5),
    ],
    ids=['short', 'colour', 'not square', 'no height', 'step'],
)
def test_a_broken_crop_costs_no_other_face_its_answer(graph, broken):
    node = graph.add(EmotionNode, rate_hz=0.0)
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    graph.up(node)
    graph.ask(faces, array(S, face(track_id=2)), emotions, S)
    faces.publish(array(2 * S, face(track_id=1, crop=broken), face(track_id=2)))
    first, second = emotions.wait_for_stamp(2 * S).emotions
    assert (first.track_id, first.label, first.confidence) == (1, 'unknown', 0.0)
    assert (second.track_id, second.classified_at.sec) == (2, 2)
    assert node.throughput.snapshot().failed == 1
    graph.wait_for_log('crop of face 1', level=Log.ERROR)


@pytest.mark.parametrize('state', [0, 77])
def test_a_face_in_no_state_is_skipped_and_the_next_message_is_answered(graph, state):
    node = graph.add(EmotionNode, rate_hz=0.0)
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    graph.up(node)
    graph.ask(faces, array(S, face()), emotions, S)
    faces.publish(array(2 * S, face(state=state)))
    wait_until(lambda: node.throughput.snapshot().failed == 1)
    graph.wait_for_log('skipped', level=Log.ERROR)
    faces.publish(array(3 * S, face()))
    assert len(emotions.wait_for_stamp(3 * S).emotions) == 1


def test_faces_of_an_image_without_size_do_not_end_the_node(graph):
    node = graph.add(EmotionNode, rate_hz=0.0)
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.speaker(FaceArray, 'faces')
    graph.up(node)
    graph.ask(faces, FaceArray(header=header(S), image_width=64, image_height=64), emotions, S)
    faces.publish(FaceArray(header=header(2 * S), faces=[face()]))
    faces.publish(
        FaceArray(header=header(3 * S), image_width=640, image_height=480, faces=[face()])
    )
    assert len(emotions.wait_for_stamp(3 * S).emotions) == 1


@pytest.mark.parametrize(
    'fields',
    [
        {'state': 9},
        {'emotion': 42},
        {
            'roi': RegionOfInterest(
                x_offset=2**32 - 1, y_offset=2**32 - 1, width=2**32 - 1, height=2**32 - 1
            )
        },
        {'confidence': float('nan')},
        {'probabilities': [float('nan')] * 7},
    ],
    ids=['state', 'emotion', 'roi', 'confidence', 'probabilities'],
)
def test_broken_emotions_do_not_end_the_overlay(graph, fields):
    node = graph.add(OverlayNode)
    overlays = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    emotions = graph.speaker(EmotionArray, 'emotions')
    graph.up(node)

    def draw(stamp):
        emotions.publish(EmotionArray(header=header(stamp)))
        graph.ask(
            images,
            image_message(np.zeros((480, 640, 3), np.uint8), stamp_ns=stamp),
            overlays,
            stamp,
        )

    draw(S)
    done = node.throughput.snapshot()
    values = {
        'state': 1,
        'emotion': 3,
        'confidence': 0.5,
        'label': 'happiness',
        'probabilities': [1 / 7] * 7,
        'roi': RegionOfInterest(x_offset=10, y_offset=10, width=50, height=50),
        **fields,
    }
    emotions.publish(EmotionArray(header=header(2 * S), emotions=[Emotion(**values)]))
    images.publish(image_message(np.zeros((480, 640, 3), np.uint8), stamp_ns=2 * S))

    def worked():
        now = node.throughput.snapshot()
        return now.failed + now.published > done.failed + done.published

    wait_until(worked)
    draw(3 * S)
