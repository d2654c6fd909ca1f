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

"""The overlay: whose image it is, what is drawn, and that it rests while nobody listens."""

import cv2
from fer_msgs.msg import Emotion, EmotionArray, HeadPose
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.image_conversion import to_bgr
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, image_message, RELIABLE, sample, wait_until
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image, RegionOfInterest

S = 10**9
ROI = RegionOfInterest(x_offset=200, y_offset=150, width=120, height=120)


def emotions_message(stamp, rois=(ROI,)):
    return EmotionArray(
        header=header(stamp),
        model='test/1',
        image_width=640,
        image_height=480,
        emotions=[
            Emotion(
                track_id=k,
                state=Emotion.DETECTED,
                roi=roi,
                score=0.9,
                emotion=Emotion.HAPPY,
                label='happiness',
                confidence=0.7,
                head_pose=HeadPose(roll=0.1, pitch=0.0, yaw=0.2),
                probabilities=[0.05, 0.05, 0.05, 0.7, 0.05, 0.05, 0.05],
            )
            for k, roi in enumerate(rois, 1)
        ],
    )


class Studio:
    """An overlay node, and what it works on."""

    def __init__(self, graph, **parameters):
        self.graph = graph
        self.node = graph.add(OverlayNode, **parameters)
        self.images = graph.speaker(Image, 'image_raw', RELIABLE)
        self.emotions = graph.speaker(EmotionArray, 'emotions')

    def draw(self, answers, stamp, image=None, emotions=None):
        image = image_message(sample().frame(0), stamp_ns=stamp) if image is None else image
        self.emotions.publish(emotions or emotions_message(stamp))
        return self.graph.ask(self.images, image, answers, stamp)

    @property
    def inputs(self):
        return {s.topic_name for s in self.node.subscriptions} & {'/image_raw', '/emotions'}


@pytest.fixture
def studio(graph):
    return Studio(graph)


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def test_it_draws_on_the_image_that_the_emotions_are_of(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    wait_until(lambda: studio.emotions.get_subscription_count() and studio.inputs)
    # Three images wait; the emotions of the second come.
    for stamp in (S, 2 * S, 3 * S):
        studio.graph.set(studio.node, max_wait_s=10.0)
        studio.images.publish(
            image_message(np.full((480, 640, 3), stamp // S, np.uint8), stamp_ns=stamp)
        )
    answer = studio.draw(
        raw, 2 * S, image_message(np.full((480, 640, 3), 2, np.uint8), stamp_ns=2 * S)
    )
    assert {stamp_ns(m.header.stamp) for m in raw} == {2 * S}
    assert answer.header == header(2 * S)
    assert answer.encoding == 'bgr8'
    assert (answer.width, answer.height, answer.step) == (640, 480, 640 * 3)
    changed = (pixels(answer) != 2).any(axis=2)
    # Around the box, the name above it and the bars beside it; nothing far away.
    rows, columns = np.nonzero(changed)
    assert changed[150:270, 200:320].any()
    assert columns.min() >= 190
    assert rows.min() >= 100
    assert changed.mean() < 0.25


def test_inside_the_box_the_face_can_still_be_seen(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    before = sample().frame(0)
    after = pixels(studio.draw(raw, S))
    inside = (slice(155, 265), slice(205, 315))
    same = (after[inside] == before[inside]).all(axis=2)
    assert 0.6 < same.mean() < 1.0


def test_an_image_without_faces_is_passed_on_as_it_is(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    answer = studio.draw(raw, S, emotions=emotions_message(S, rois=()))
    np.testing.assert_array_equal(pixels(answer), sample().frame(0))


def test_the_compressed_overlay_is_a_jpeg_of_the_same_picture(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    compressed = graph.listen(CompressedImage, 'emotions/overlay/compressed', BEST_EFFORT)
    graph.up(studio.node)
    picture = studio.draw(raw, S)
    message = studio.draw(compressed, S)
    assert message.header == picture.header
    assert message.format == 'bgr8; jpeg compressed bgr8'
    decoded = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    assert bytes(message.data[:2]) == b'\xff\xd8'
    assert decoded.shape == (480, 640, 3)
    assert cv2.PSNR(decoded, pixels(picture)) > 30


def test_the_quality_changes_at_run_time(graph, studio):
    compressed = graph.listen(CompressedImage, 'emotions/overlay/compressed', BEST_EFFORT)
    graph.up(studio.node)
    good = studio.draw(compressed, S)
    assert graph.set(studio.node, jpeg_quality=5) == ''
    poor = studio.draw(compressed, 2 * S)
    assert len(poor.data) < 0.5 * len(good.data)


def test_what_is_drawn_changes_at_run_time(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    rich = pixels(studio.draw(raw, S))
    assert graph.set(studio.node, show_probabilities=False, show_head_pose=False) == ''
    plain = pixels(studio.draw(raw, 2 * S))
    original = sample().frame(0)
    drawn = [(picture != original).any(axis=2).sum() for picture in (rich, plain)]
    assert 0 < drawn[1] < 0.7 * drawn[0]


def test_it_subscribes_only_while_someone_listens(graph, studio):
    graph.up(studio.node)
    assert studio.inputs == set()
    for kind, topic in (
        (Image, 'emotions/overlay'),
        (CompressedImage, 'emotions/overlay/compressed'),
    ):
        inbox = graph.listen(kind, topic, BEST_EFFORT)
        wait_until(lambda: studio.inputs == {'/image_raw', '/emotions'})
        studio.draw(inbox, S)
        graph.do(graph.probe.destroy_subscription, inbox.subscription)
        wait_until(lambda: not studio.inputs)
        wait_until(lambda: graph.probe.count_subscribers('image_raw') == 0)
        assert studio.node.worker is None


def test_only_what_is_listened_to_is_made(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    encoded = []
    studio.node._to_jpeg = lambda *arguments: encoded.append(arguments)
    studio.draw(raw, S)
    assert encoded == []


def test_a_listener_who_was_there_before_is_heard(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.change(studio.node, 'configure')
    wait_until(lambda: studio.node.is_watched)
    assert studio.inputs == set()
    for _ in range(2):
        graph.change(studio.node, 'activate')
        wait_until(lambda: studio.inputs == {'/image_raw', '/emotions'})
        raw.clear()
        studio.draw(raw, S)
        graph.change(studio.node, 'deactivate')
        assert studio.inputs == set()


def test_it_does_not_draw_on_an_image_that_other_nodes_use(graph, studio):
    graph.up(studio.node)
    answers = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    wait_until(lambda: studio.inputs == {'/image_raw', '/emotions'})
    message = image_message(sample().frame(0), stamp_ns=5)
    # As a camera_node of the same process does.
    (subscription,) = [s for s in studio.node.subscriptions if s.topic_name == '/image_raw']
    subscription.callback(message)
    graph.ask(studio.emotions, emotions_message(5), answers, 5)
    np.testing.assert_array_equal(to_bgr(message), sample().frame(0))


def test_emotions_may_come_before_their_image(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    studio.draw(raw, S)
    for stamp in range(2 * S, 10 * S, S // 10):
        studio.emotions.publish(emotions_message(stamp))
        studio.images.publish(image_message(sample().frame(0), stamp_ns=stamp))
        raw.wait_for_stamp(stamp)


def test_images_without_emotions_are_given_up_and_counted(graph, studio):
    raw = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    graph.up(studio.node)
    studio.draw(raw, S)
    pairs = studio.node._synchronizer
    before = pairs.unmatched + pairs.waiting
    for k in range(1, 21):
        studio.images.publish(
            image_message(np.zeros((48, 64, 3), np.uint8), stamp_ns=(10 + k) * S)
        )
        wait_until(lambda: pairs.unmatched + pairs.waiting == before + k)  # noqa: B023
    assert pairs.waiting == 1, 'half a second is all that an image waits'
    studio.draw(raw, 200 * S)
