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

"""The four nodes together, from images to the overlay."""

from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Box
from fer_ros.nodes.camera_node import CameraNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, image_message, sample, sample_message, wait_until
import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image

S = 10**9
PERIOD = S // 30


def box(roi):
    return Box(roi.x_offset, roi.y_offset, roi.width, roi.height)


@pytest.fixture
def chain(graph):
    """Two nodes from images to emotions; a call sends an image and returns what comes of it."""
    # However slow the machine is, all faces are classified.
    graph.up(
        graph.add(EmotionNode, rate_hz=0.0, budget_ms=0.0),
        graph.add(FaceNode, tracker__min_hits=1))
    faces = graph.listen(FaceArray, 'faces')
    emotions = graph.listen(EmotionArray, 'emotions')
    images = graph.speaker(Image, 'image_raw', BEST_EFFORT)

    def send(message):
        stamp = stamp_ns(message.header.stamp)
        answer = graph.ask(images, message, emotions, stamp)
        return faces.wait_for_stamp(stamp), answer

    send.faces, send.emotions, send.images = faces, emotions, images
    return send


def test_the_sample_through_all_four_nodes(graph):
    emotions = graph.listen(EmotionArray, 'emotions')
    faces = graph.listen(FaceArray, 'faces')
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    overlays = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    nodes = [graph.add(kind) for kind in (EmotionNode, FaceNode, OverlayNode)]
    nodes.append(graph.add(CameraNode, source='sample'))
    graph.up(*nodes)
    wait_until(lambda: len(emotions) >= 45 and len(overlays) >= 20)
    graph.change(nodes[-1], 'deactivate')
    order = [stamp_ns(m.header.stamp) for m in infos]
    assert order == sorted(set(order))
    compared = 0
    for message in list(emotions)[10:]:
        assert message.header.frame_id == 'camera_optical_frame'
        assert (message.image_width, message.image_height) == (640, 480)
        assert message.model.startswith('ferplus_light48/')
        assert [e.track_id for e in message.emotions] == [1, 2]
        assert all(0.5 < e.quality <= 1 for e in message.emotions)
        # Which frame of the clip it was shows in its place among the images.
        stamp = stamp_ns(message.header.stamp)
        if stamp not in order or len(infos) < len(order):
            continue
        for truth in sample().truth(order.index(stamp)):
            emotion = max(message.emotions, key=lambda e: box(e.roi).iou(truth.box))
            assert box(emotion.roi).iou(truth.box) > 0.6
            compared += 1
            if emotion.confidence:
                assert sum(emotion.probabilities) == pytest.approx(1, abs=1e-4)
                assert sum(emotion.raw_probabilities) == pytest.approx(1, abs=1e-4)
                assert emotion.confidence == pytest.approx(max(emotion.probabilities))
                # A head that moves without a change of its upright crop may wait 1 s.
                assert stamp - stamp_ns(emotion.classified_at) < 1.4 * S
                if emotion.emotion != Emotion.UNKNOWN:
                    assert Emotion(emotion.emotion).label == emotion.label
    assert compared >= 20
    answered = {stamp_ns(m.header.stamp) for m in emotions}
    assert len(answered) == len(emotions), 'a stamp was answered twice'
    assert {stamp_ns(m.header.stamp) for m in overlays} <= set(order)
    assert {f.track_id for m in faces for f in m.faces} == {1, 2}


def test_headers_are_copied_and_every_image_has_one_answer(chain):
    stamps = [S + k * PERIOD + 7 * k for k in range(8)]
    chain(sample_message(0, 17, 'warm up'))
    for k, stamp in enumerate(stamps):
        message = sample_message(k, stamp, f'frame {k}')
        faces, emotions = chain(message)
        assert faces.header == emotions.header == message.header
        assert [f.crop.header for f in faces.faces] == [message.header] * 2
        assert [f.track_id for f in faces.faces] == [e.track_id for e in emotions.emotions]
        assert [f.roi for f in faces.faces] == [e.roi for e in emotions.emotions]
    for inbox in (chain.faces, chain.emotions):
        found = [stamp_ns(m.header.stamp) for m in inbox]
        assert [s for s in found if s >= S] == stamps


def test_an_image_without_faces_gets_empty_answers(chain):
    wall = image_message(np.full((240, 320, 3), 90, np.uint8), stamp_ns=5 * S)
    faces, emotions = chain(wall)
    assert faces.header == emotions.header == wall.header
    assert faces.faces == emotions.emotions == []
    assert (faces.image_width, faces.image_height) == (320, 240)
    assert (emotions.image_width, emotions.image_height) == (320, 240)


def test_stamps_that_go_back_are_answered(chain):
    """A bag that begins again: by a little, and by more than everything that is remembered."""
    seen = []
    for stamp in (100 * S, 100 * S + PERIOD, 100 * S, 50 * S, 50 * S + PERIOD, 1, 50 * S):
        faces, emotions = chain(sample_message(0, stamp))
        assert len(faces.faces) == len(emotions.emotions) == 2
        assert all(e.confidence > 0 for e in emotions.emotions)
        assert all(stamp_ns(e.classified_at) <= stamp for e in emotions.emotions[:1] if stamp == 1)
        seen.append({f.track_id for f in faces.faces})
    assert seen[0] == seen[1]
    assert not seen[0] & seen[3], 'after a jump of 50 s these are new faces'


def test_stamp_zero_is_a_stamp_as_any_other(chain):
    faces, emotions = chain(sample_message(0, 0))
    assert len(faces.faces) == len(emotions.emotions) == 2


def test_two_pipelines_in_two_namespaces_do_not_mix(graph):
    inboxes, speakers = {}, {}
    for name in ('/left', '/right'):
        nodes = [
            graph.add(EmotionNode, namespace=name),
            graph.add(FaceNode, namespace=name, tracker__min_hits=1),
        ]
        inboxes[name] = graph.listen(EmotionArray, f'{name}/emotions')
        speakers[name] = graph.speaker(Image, f'{name}/image_raw', BEST_EFFORT)
        graph.up(*nodes)
    answers = {}
    for k, name in enumerate(speakers, 1):
        message = sample_message(0, k * S, name)
        answers[name] = graph.ask(speakers[name], message, inboxes[name], k * S)
    for name, inbox in inboxes.items():
        assert {m.header.frame_id for m in inbox} == {name}
        assert len(answers[name].emotions) == 2
    topics = dict(graph.probe.get_topic_names_and_types())
    assert '/emotions' not in topics
    assert '/image_raw' not in topics


def test_topics_can_be_remapped(graph):
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    images = graph.speaker(Image, '/head/camera/color', BEST_EFFORT)
    emotions = graph.listen(EmotionArray, '/people/moods')
    overlay = graph.listen(Image, '/people/picture', BEST_EFFORT)
    remaps = {
        'image_raw': '/head/camera/color',
        'emotions': '/people/moods',
        'emotions/overlay': '/people/picture',
    }
    graph.up(*(graph.add(kind, remaps=remaps) for kind in (EmotionNode, FaceNode, OverlayNode)))
    graph.ask(images, sample_message(0, S), emotions, S)
    graph.ask(images, sample_message(0, S), overlay, S)
    wait_until(lambda: {s.name for m in diagnostics for s in m.status} == {
        'emotion_node', 'face_node', 'overlay_node'})


def test_simulated_time_that_jumps_back(graph):
    clock = graph.speaker(Clock, '/clock')
    emotions = graph.listen(EmotionArray, 'emotions')
    infos = graph.listen(CameraInfo, 'camera_info', BEST_EFFORT)
    nodes = [
        graph.add(EmotionNode, use_sim_time=True),
        graph.add(FaceNode, use_sim_time=True),
        graph.add(CameraNode, use_sim_time=True, source='sample', rate_hz=60.0),
    ]
    graph.up(*nodes)

    def play(begin_s):
        """Let the clock tick from there until emotions with stamps of that time come."""
        ticks = iter(range(100_000))

        def heard():
            now = begin_s * S + next(ticks) * 5_000_000
            clock.publish(Clock(clock=header(now).stamp))
            return any(
                begin_s * S <= stamp_ns(m.header.stamp) < (begin_s + 500) * S
                and len(m.emotions) == 2
                for m in list(emotions)
            )

        wait_until(heard)

    play(5000)
    play(1000)
    play(2000)
    stamps = {stamp_ns(m.header.stamp) // S // 1000 for m in infos}
    assert stamps - {0} == {1, 2, 5}, 'stamps are those of /clock'
    # Diagnostics come by the machine's own time and are stamped with the robot's.
    diagnostics = graph.listen(DiagnosticArray, '/diagnostics')
    diagnostics.wait(lambda m: m.header.stamp.sec // 1000 == 2)
