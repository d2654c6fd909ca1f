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
from fer_ros.nodes.image_conversion import to_bgr, to_crop
from fer_ros.nodes.image_encodings import ENCODINGS, ImageError
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
    'foreign encoding 16SC1': (changed(encoding='16SC1'), ("'16SC1'", 'mono8', 'docs/nodes.md')),
    'depth in metres': (changed(encoding='32FC1'), ("'32FC1'", 'floating point', 'mono8')),
    'floating point in colour': (changed(encoding='32FC3'), ("'32FC3'", 'floating point', 'bgr8')),
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
    'odd height in nv12': (
        image_message(np.zeros((47, 64), np.uint8), 'nv12'),
        ('even height',),
    ),
    'nv12 without its colours': (
        image_message(np.zeros((48, 64), np.uint8), 'nv12'),
        ('3072 bytes', '1.5 (planes)', '4608'),
    ),
    'half of the bytes of 16 bits': (
        image_message(np.zeros((48, 64), np.uint8), 'mono16'),
        ('step is 64', '128'),
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
    """Return a message with a BGR image in another encoding, computed by hand."""
    height, width = image.shape[:2]
    blue, green, red = (image[..., k] for k in range(3))
    if encoding.startswith('bayer'):
        mosaic = np.empty((height, width), np.uint8)
        for k, letter in enumerate(encoding[6:10]):
            place = slice(k // 2, None, 2), slice(k % 2, None, 2)
            mosaic[place] = {'b': blue, 'g': green, 'r': red}[letter][place]
        pixels = mosaic
    elif encoding in ('mono8', '8UC1', 'mono16', '16UC1'):
        pixels = np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)
    elif encoding.startswith(('yu', 'uy', 'nv')):
        return yuv_message(image, encoding)
    else:
        planes = {'b': blue, 'g': green, 'r': red, 'a': np.full_like(red, 255)}
        letters = {'8UC3': 'bgr', '8UC4': 'bgra'}.get(encoding, encoding.rstrip('1680'))
        pixels = np.dstack([planes[letter] for letter in letters])
    if '16' not in encoding:
        return image_message(pixels, encoding, padding=6)
    deep = (pixels.astype('<u2') * 257).reshape(height, -1).view(np.uint8)
    message = image_message(deep, encoding, padding=6)
    message.width = width
    return message


def yuv_message(image, encoding):
    """Return a message of luma and chroma (BT.601, video range)."""
    height, width = image.shape[:2]
    b, g, r = (image[..., k].astype(float) for k in range(3))
    y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
    u = 128 - 0.148 * r - 0.291 * g + 0.439 * b
    v = 128 + 0.439 * r - 0.368 * g - 0.071 * b
    y, u, v = (np.rint(plane).astype(np.uint8) for plane in (y, u, v))
    if encoding.startswith('nv'):
        if encoding != 'nv24':
            u, v = u[::2, ::2], v[::2, ::2]
        chroma = np.dstack([v, u] if encoding == 'nv21' else [u, v])
        message = image_message(y, encoding)
        message.data.frombytes(chroma.tobytes())
        return message
    u, v = u[:, ::2], v[:, ::2]
    order = (
        (u, y[:, ::2], v, y[:, 1::2]) if encoding in ('yuv422', 'uyvy')
        else (y[:, ::2], u, y[:, 1::2], v))
    return image_message(np.stack(order, axis=-1).reshape(height, width, 2), encoding, padding=6)


def test_faces_are_found_in_every_encoding(graph):
    node = graph.add(FaceNode, tracker__min_hits=1)
    faces = graph.listen(FaceArray, 'faces')
    images = graph.speaker(Image, 'image_raw', RELIABLE)
    graph.up(node)
    picture = sample().frame(0)
    for k, encoding in enumerate(ENCODINGS, 1):
        message = converted(picture, encoding)
        message.header = header(k * S)
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
