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

"""`POST /v1/pictures`: the rows are those of `fer analyze`, and faults are told in words."""

from pathlib import Path

import cv2
from fer_ros.apps.analyze.results_file import COLUMNS, face_row
from fer_ros.apps.serve.answers import FaceRow
from fer_ros.core.values import Frame
from fer_ros.media.image_file import decode_image
from fer_ros.pipeline import Pipeline
import numpy as np
import pytest
from serve_pictures import encoded, png_of_size


def problem(answer):
    assert answer.headers['content-type'] == 'application/problem+json'
    found = answer.json()
    assert found['status'] == answer.status_code
    assert found['type'] == 'about:blank'
    return found


@pytest.mark.parametrize('kind', ['.jpg', '.png', '.webp'])
def test_rows_are_those_of_the_pipeline(http, kind):
    data = encoded(kind)
    answer = http.post('/v1/pictures?name=party', content=data)
    assert answer.status_code == 200
    found = answer.json()
    with Pipeline.from_config('still') as pipeline:
        faces = pipeline.process(Frame(decode_image(Path('party'), data), 0))
    assert found == {
        'model': pipeline.model, 'width': 640, 'height': 480,
        'faces': [face_row(Path('party'), 0, 0.0, face) for face in faces]}
    assert len(found['faces']) == 2


def test_a_picture_without_a_face_has_no_rows(http):
    grey = cv2.imencode('.png', np.full((200, 300, 3), 128, np.uint8))[1].tobytes()
    found = http.post('/v1/pictures', content=grey).json()
    assert (found['width'], found['height'], found['faces']) == (300, 200, [])


def test_the_overlay_is_a_picture_with_boxes(http):
    data = encoded('.png')
    answer = http.post('/v1/pictures?overlay=true', content=data)
    assert answer.headers['content-type'] == 'image/jpeg'
    drawn = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    original = decode_image(Path('x'), data)
    assert drawn.shape == original.shape
    change = np.abs(drawn.astype(int) - original).max(axis=2)
    row = http.post('/v1/pictures', content=data).json()['faces'][0]
    left, middle = round(row['x']), round(row['y'] + row['height'] / 2)
    assert change[middle - 20:middle + 20, left - 2:left + 3].max(axis=1).min() > 40
    assert np.median(change) < 8


@pytest.mark.parametrize(('data', 'status', 'words'), [
    (b'', 400, 'empty'),
    (b'%PDF-1.7 ' + bytes(600), 415, 'no picture of a known format: send JPEG'),
    (b'II*\0' + bytes(600), 415, 'a TIFF picture'),
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, 'an SVG picture'),
    (encoded()[:5000], 422, 'truncated'),
    (b'\xff\xd8\xff' + bytes(700), 422, 'damaged'),
    (b'RIFF\x10\0\0\0WEBP' + bytes(700), 422, 'damaged'),
    (png_of_size(9000, 9000), 413, '9000x9000 pixels, but 2 million'),
    (png_of_size(2**31 - 1, 2**31 - 1), 413, 'pixels'),
    (png_of_size(0, 5), 422, ''),
    (encoded('.png') + bytes(2**20), 413, 'larger than 1 MiB'),
], ids=[
    'empty', 'PDF', 'TIFF', 'SVG', 'truncated', 'no JPEG', 'no WebP', 'bomb', 'larger bomb',
    'no pixels', 'too many bytes'])
def test_what_cannot_be_analysed_gets_an_answer_in_words(http, data, status, words):
    found = problem(http.post('/v1/pictures', content=data))
    assert (found['status'], words in found['detail']) == (status, True), found


def test_an_upload_without_a_stated_size_is_bounded_too(http):
    def parts():
        for _ in range(3000):
            yield bytes(1000)
    assert problem(http.post('/v1/pictures', content=parts()))['status'] == 413


@pytest.mark.parametrize(('method', 'path', 'status'), [
    ('GET', '/v1/pictures', 405), ('GET', '/v1/nothing', 404), ('GET', '/../setup.py', 404),
    ('GET', '/page/../command.py', 404), ('POST', '/v1/pictures?overlay=perhaps', 422),
    ('POST', f'/v1/pictures?name={"n" * 300}', 422)])
def test_wrong_requests_are_told_as_problems(http, method, path, status):
    assert problem(http.request(method, path))['status'] == status


def test_the_documentation_names_the_columns():
    assert tuple(FaceRow.model_fields) == COLUMNS
