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

"""Images that are not what they should be, and what the nodes then do."""

from array import array

from fer_msgs.msg import EmotionArray, FaceArray
from fer_ros.nodes.face_conversion import stamp_ns
from fer_ros.nodes.face_node import FaceNode
from fer_ros.nodes.image_conversion import CHANNELS, ImageError, to_bgr, to_crop
from fer_ros.nodes.overlay_node import OverlayNode
from graph import BEST_EFFORT, header, image_message, RELIABLE, sample, sample_message, wait_until
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from sensor_msgs.msg import Image

S = 10**9
GREY = np.full((48, 64, 3), 128, np.uint8)


def changed(**fields):
    """Return an image message with other fields."""
    message = image_message(GREY)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


FAULTS = {
    'unknown encoding': (changed(encoding='jpg'), ("'jpg'", 'bgr8')),
    'no encoding': (changed(encoding=''), ('no encoding',)),
    'foreign encoding 16UC1': (changed(encoding='16UC1'), ("'16UC1'", 'mono8')),
    'foreign encoding bayer': (changed(encoding='bayer_rggb8'), ('bayer_rggb8', 'yuv422')),
    'encoding in capitals': (changed(encoding='BGR8'), ("'BGR8'",)),
    'no width': (changed(width=0), ('0x48', 'no pixels')),
    'no height': (changed(height=0), ('64x0', 'no pixels')),
    'no data at all': (changed(data=array('B')), ('0 bytes', '9216')),
    'data too short by one byte': (
        changed(data=array('B', bytes(48 * 192 - 1))),
        ('9215', '9216'),
    ),
    'step too short': (changed(step=191), ('191', '192')),
    'step of zero': (changed(step=0), ('step is 0',)),
    'step longer than the data': (changed(step=100_000), ('truncated',)),
    'an edge of four thousand million': (
        changed(width=2**32 - 1, step=2**32 - 1),
        ('longer than 32766',),
    ),
    'odd width in yuv422': (
        image_message(np.zeros((48, 63, 2), np.uint8), 'yuv422'),
        ('even width',),
    ),
}


@pytest.mark.parametrize('name', FAULTS)
def test_the_fault_is_told_in_words(name):
    message, words = FAULTS[name]
    with pytest.raises(ImageError) as caught:
        to_bgr(message)
    assert all(word in str(caught.value) for word in words), caught.value
    assert f'{message.width}x{message.height}' in str(caught.value)


def test_a_crop_in_colour_is_refused():
    with pytest.raises(ImageError, match="mono8, but this is .* in 'bgr8'"):
        to_crop(image_message(GREY))


def test_the_face_node_skips_every_bad_image_and_answers_the_next_good_one(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    graph.up(node)
    graph.ask(images, sample_message(0, S), faces, S)
    for k, (message, _) in enumerate(FAULTS.values(), 1):
        message.header = header(k * 10 * S)
        images.publish(message)
        wait_until(lambda: node.throughput.snapshot().failed == k)  # noqa: B023
        good = (k * 10 + 1) * S
        images.publish(sample_message(0, good))
        assert len(faces.wait_for_stamp(good).faces) == 2
    assert {stamp_ns(m.header.stamp) % (10 * S) for m in faces} == {S}, 'a bad image has no answer'
    # The same error is not logged for every image.
    assert len(graph.log('skipped', Log.ERROR)) <= 2


def test_the_overlay_skips_bad_images(graph):
    node = graph.add(OverlayNode)
    overlays = graph.listen(Image, 'emotions/overlay', BEST_EFFORT)
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    emotions = graph.speaker(EmotionArray, 'emotions')
    graph.up(node)

    def draw(stamp):
        emotions.publish(EmotionArray(header=header(stamp)))
        graph.ask(images, image_message(GREY, stamp_ns=stamp), overlays, stamp)

    draw(S)
    bad = FAULTS['data too short by one byte'][0]
    bad.header = header(2 * S)
    images.publish(bad)
    emotions.publish(EmotionArray(header=header(2 * S)))
    wait_until(lambda: node.throughput.snapshot().failed == 1)
    assert '9215' in graph.wait_for_log('skipped', level=Log.ERROR)
    draw(3 * S)


def converted(image, encoding):
    """Return the pixels of a BGR image in another encoding, computed by hand."""
    blue, green, red = (image[..., k] for k in range(3))
    if encoding == 'mono8':
        return np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)
    if CHANNELS[encoding] == 2:
        r, g, b = (c.astype(float) for c in (red, green, blue))
        y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
        u = (128 - 0.148 * r - 0.291 * g + 0.439 * b)[:, ::2]
        v = (128 + 0.439 * r - 0.368 * g - 0.071 * b)[:, ::2]
        order = (
            (u, y[:, ::2], v, y[:, 1::2])
            if encoding in ('yuv422', 'uyvy')
            else (y[:, ::2], u, y[:, 1::2], v)
        )
        return np.rint(np.stack(order, axis=-1)).astype(np.uint8).reshape(*image.shape[:2], 2)
    planes = {'b': blue, 'g': green, 'r': red, 'a': np.full_like(red, 255)}
    return np.dstack([planes[letter] for letter in encoding.removesuffix('8')])


def test_faces_are_found_in_every_encoding(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    graph.up(node)
    picture = sample().frame(0)
    for k, encoding in enumerate(CHANNELS, 1):
        message = image_message(converted(picture, encoding), encoding, k * S, padding=2 * k)
        answer = graph.ask(images, message, faces, k * S)
        found = sorted(f.roi.x_offset + f.roi.width / 2 for f in answer.faces)
        true = sorted(f.box.center[0] for f in sample().truth(0))
        assert found == pytest.approx(true, abs=15), encoding


def test_an_8k_image(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    graph.up(node)
    picture = np.full((4320, 7680, 3), 120, np.uint8)
    # Two faces as large as those of people at 0.8 m before such a camera.
    from fer_ros.media.sample_clip import SampleClip

    big = SampleClip(5.0)
    picture[500:500 + big.height, 2000:2000 + big.width] = big.frame(120)
    message = image_message(picture, stamp_ns=S)
    answer = graph.ask(images, message, faces, S)
    assert (answer.image_width, answer.image_height) == (7680, 4320)
    assert len(answer.faces) == 2
    for face, truth in zip(
        sorted(answer.faces, key=lambda f: f.roi.x_offset),
        sorted(big.truth(120), key=lambda f: f.box.x),
        strict=True,
    ):
        x, y = truth.box.center
        assert face.roi.x_offset + face.roi.width / 2 == pytest.approx(
            2000 + x, abs=0.15 * truth.box.width
        )
        assert face.roi.y_offset + face.roi.height / 2 == pytest.approx(
            500 + y, abs=0.15 * truth.box.width
        )
        assert (face.crop.width, face.crop.height) == (96, 96)
    graph.ask(images, sample_message(0, 2 * S), faces, 2 * S)
