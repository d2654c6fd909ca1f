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

"""Calibrations are read as ROS writes them, and what is wrong with one is named."""

import cv2
from fer_ros.media.calibration import CalibrationError, load_calibration
import numpy as np
import pytest
import yaml

# In the form in which ROS's camera_calibration writes it.
TEXT = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.999978, 0.002789, -0.006046, -0.002816, 0.999986, -0.004401,
    0.006034, 0.004417, 0.999972]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.653800, 0.000000, 322.797939, 0.000000, 0.000000, 393.653800, 241.090902, 0.000000,
    0.000000, 0.000000, 1.000000, 0.000000]
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / 'my camera.yaml'
    file.write_text(TEXT)
    return file


def edited(path, **changes):
    values = yaml.safe_load(TEXT)
    for key, value in changes.items():
        if value is None:
            del values[key]
        else:
            values[key] = value
    path.write_text(yaml.safe_dump(values))
    return str(path)


def reason(url):
    with pytest.raises(CalibrationError) as caught:
        load_calibration(str(url))
    return str(caught.value)


def test_a_calibration_is_read(path):
    found = load_calibration(str(path))
    assert (found.width, found.height, found.camera_name) == (640, 480, 'narrow_stereo')
    assert found.distortion_model == 'plumb_bob'
    assert found.d == (-0.361976, 0.110510, 0.001014, 0.000505, 0.0)
    assert found.k == (438.783367, 0, 305.593336, 0, 437.302876, 243.738352, 0, 0, 1)
    assert found.r[:3] == (0.999978, 0.002789, -0.006046)
    assert found.p == (393.6538, 0, 322.797939, 0, 0, 393.6538, 241.090902, 0, 0, 0, 1, 0)
    assert found.is_calibrated


def test_a_file_address_is_read(path):
    assert load_calibration(f'file://{str(path).replace(" ", "%20")}') == load_calibration(
        str(path)
    )


def test_a_package_address_is_read(tmp_path, monkeypatch):
    first, second = tmp_path / 'underlay', tmp_path / 'overlay'
    first.mkdir()
    (second / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (second / 'share/ament_index/resource_index/packages/my_robot').touch()
    (second / 'share/my_robot/config').mkdir(parents=True)
    (second / 'share/my_robot/config/front.yaml').write_text(TEXT)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{first}:{second}')
    assert load_calibration('package://my_robot/config/front.yaml').width == 640
    assert str(second) in reason('package://my_robot/config/back.yaml')
    text = reason('package://other_robot/config/front.yaml')
    assert 'other_robot' in text
    assert str(first) in text


def test_a_package_address_without_a_ros_environment(monkeypatch):
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    assert 'no ROS environment' in reason('package://my_robot/config/front.yaml')


@pytest.mark.parametrize('url', ['', '  '])
def test_no_address_means_uncalibrated(url):
    calibration = load_calibration(url)
    assert not calibration.is_calibrated
    assert calibration.k == (0,) * 9
    assert calibration.p == (0,) * 12
    assert calibration.check_size(123, 45) == ''


def test_the_size_of_the_images_is_compared(path):
    calibration = load_calibration(str(path))
    assert calibration.check_size(640, 480) == ''
    sentence = calibration.check_size(1280, 720)
    assert all(part in sentence for part in (str(path), '640x480', '1280x720'))


@pytest.mark.parametrize(
    ('model', 'count'),
    [('plumb_bob', 5), ('plumb_bob', 4), ('rational_polynomial', 8), ('equidistant', 4)],
)
def test_the_usual_models_are_read(path, model, count):
    matrix = {'rows': 1, 'cols': count, 'data': [0.5] * count}
    found = load_calibration(edited(path, distortion_model=model, distortion_coefficients=matrix))
    assert (found.distortion_model, found.d) == (model, (0.5,) * count)


def test_without_a_model_it_is_plumb_bob(path):
    assert load_calibration(edited(path, distortion_model=None)).distortion_model == 'plumb_bob'


@pytest.mark.parametrize('number', ['1e-3', '1E-3', '1.e-3', '+1e-3', '0.1e-2'])
def test_numbers_can_have_an_exponent(path, number):
    assert TEXT.count('0.001014') == 1
    path.write_text(TEXT.replace('0.001014', number))
    assert load_calibration(str(path)).d == (-0.361976, 0.110510, 0.001, 0.000505, 0.0)


def written_by_opencv(path, count, **others):
    """Write a calibration by OpenCV, with the keys of its samples; return the matrices."""
    random = np.random.default_rng(count)
    k = np.diag([*random.uniform(300, 900, 2), 1.0])
    k[:2, 2] = random.uniform(100, 300, 2)
    # Values of every size: OpenCV writes some with an exponent and without a decimal point.
    d = random.uniform(-1, 1, count) * 10.0 ** -np.arange(count)
    d[2] = 1e-3
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    file.write('calibration_time', 'Thu Jan  1 00:00:00 2026')
    for name, value in {'image_width': 640, 'image_height': 480, **others}.items():
        file.write(name, value)
    file.write('camera_matrix', k)
    file.write('distortion_coefficients', d.reshape(-1, 1))
    file.write('avg_reprojection_error', 0.25)
    file.write('per_view_reprojection_errors', np.ones((3, 1), np.float32))
    file.release()
    return k, d


@pytest.mark.parametrize(('count', 'others', 'model'), [
    (4, {}, 'plumb_bob'), (5, {}, 'plumb_bob'), (8, {}, 'rational_polynomial'),
    (4, {'fisheye_model': 1}, 'equidistant'), (4, {'fisheye_model': 0}, 'plumb_bob'),
    (4, {'distortion_model': 'equidistant', 'camera_name': 'left'}, 'equidistant')])
@pytest.mark.parametrize('ending', ['.yaml', '.yml', '.json'])
def test_a_calibration_of_opencv_is_read(tmp_path, count, others, model, ending):
    path = tmp_path / f'camera{ending}'
    k, d = written_by_opencv(path, count, **others)
    assert ('!!opencv-matrix' in path.read_text()) == (ending != '.json')
    found = load_calibration(str(path))
    assert (found.width, found.height, found.distortion_model) == (640, 480, model)
    assert found.camera_name == others.get('camera_name', '')
    np.testing.assert_allclose(found.k, k.ravel(), rtol=1e-12)
    np.testing.assert_allclose(found.d, d, rtol=1e-12)
    # Without rectification a point is projected by the camera matrix alone.
    np.testing.assert_array_equal(found.r, np.eye(3).ravel())
    np.testing.assert_array_equal(np.reshape(found.p, (3, 4)), np.c_[found_k(found), np.zeros(3)])


def found_k(calibration):
    return np.reshape(calibration.k, (3, 3))


def test_a_projection_in_a_file_of_opencv_is_kept(tmp_path):
    p = np.arange(12.0).reshape(3, 4)
    written_by_opencv(tmp_path / 'a.yaml', 5, projection_matrix=p)
    assert load_calibration(str(tmp_path / 'a.yaml')).p == tuple(p.ravel())


def test_other_files_of_opencv_are_refused_in_words(tmp_path):
    written_by_opencv(tmp_path / 'a.xml', 5)
    text = reason(tmp_path / 'a.xml')
    assert 'is a calibration of OpenCV in XML' in text
    assert 'cv2.FileStorage' in text
    written_by_opencv(tmp_path / 'a.yaml', 14)
    text = reason(tmp_path / 'a.yaml')
    assert 'has 14 elements, expected 8 for rational_polynomial' in text
    # A stereo calibration has other keys.
    file = cv2.FileStorage(str(tmp_path / 'stereo.yml'), cv2.FILE_STORAGE_WRITE)
    file.write('M1', np.eye(3))
    file.release()
    assert 'is missing' in reason(tmp_path / 'stereo.yml')
    (tmp_path / 'b.yaml').write_text('%YAML:1.0\n---\ncamera_matrix: !!opencv-matrix 3\n')
    assert 'not valid YAML (line 3)' in reason(tmp_path / 'b.yaml')
    (tmp_path / 'c.yaml').write_text('%YAML:1.0\n---\nimage_width: [1\n')
    assert 'not valid YAML (line' in reason(tmp_path / 'c.yaml')


def test_a_file_that_is_missing(tmp_path):
    text = reason(tmp_path / 'none.yaml')
    assert str(tmp_path / 'none.yaml') in text
    assert 'camera_info_url' in text


def test_a_folder_is_no_calibration(tmp_path):
    assert 'cannot be read' in reason(tmp_path)


@pytest.mark.parametrize('content', [b'camera_matrix: [1, 2', b'a: b: c', b'\t- x'])
def test_a_file_that_is_not_yaml(path, content):
    path.write_bytes(content)
    text = reason(path)
    assert 'not valid YAML' in text
    assert 'line 1' in text or 'line 2' in text


@pytest.mark.parametrize('content', [b'\xff\xfe\x00\x81', b'', b'just words', b'- 1\n- 2\n'])
def test_a_file_that_holds_something_else(path, content):
    path.write_bytes(content)
    assert str(path) in reason(path)


@pytest.mark.parametrize(
    'key',
    [
        'image_width',
        'image_height',
        'camera_matrix',
        'distortion_coefficients',
        'rectification_matrix',
        'projection_matrix',
    ],
)
def test_a_missing_key_is_named(path, key):
    text = reason(edited(path, **{key: None}))
    assert f'{key} is missing' in text
    assert str(path) in text


@pytest.mark.parametrize(
    ('key', 'count', 'expected'),
    [
        ('camera_matrix', 8, '9'),
        ('rectification_matrix', 12, '9'),
        ('projection_matrix', 9, '12'),
        ('distortion_coefficients', 8, '4 or 5 for plumb_bob'),
    ],
)
def test_a_matrix_of_the_wrong_size_is_named(path, key, count, expected):
    text = reason(edited(path, **{key: {'rows': 1, 'cols': count, 'data': [1.0] * count}}))
    assert f'{key} has {count} elements, expected {expected}' in text


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'distortion_model': 'fisheye'}, ['fisheye', 'plumb_bob', 'equidistant']),
        ({'distortion_model': ['plumb_bob']}, ['distortion_model']),
        ({'image_width': 0}, ['image_width', '0']),
        ({'image_height': '480'}, ['image_height', "'480'"]),
        ({'image_height': 48.5}, ['image_height', '48.5']),
        ({'camera_matrix': [1, 2, 3]}, ['camera_matrix', 'data']),
        ({'camera_matrix': {'data': 'nine'}}, ['camera_matrix', 'data']),
        ({'camera_matrix': {'data': [1.0] * 8 + ['x']}}, ['camera_matrix', "'x'"]),
        ({'camera_matrix': {'data': [1.0] * 8 + [float('nan')]}}, ['camera_matrix', 'nan']),
        (
            {'camera_matrix': {'rows': 2, 'cols': 3, 'data': [1.0] * 9}},
            ['camera_matrix', '2 rows', '9 elements'],
        ),
        (
            {'camera_matrix': {'rows': 'x', 'cols': 3, 'data': [1.0] * 9}},
            ['camera_matrix', "'x' rows"],
        ),
        ({'camera_matrix': {'data': [-5.0, 0, 1, 0, 5, 1, 0, 0, 1]}}, ['camera_matrix', '-5']),
    ],
)
def test_a_wrong_value_is_named(path, changes, words):
    text = reason(edited(path, **changes))
    assert all(word in text for word in [*words, str(path)])


@pytest.mark.parametrize(
    ('url', 'word'),
    [('http://host/a.yaml', 'package://'), ('file://host/a.yaml', 'three slashes')],
)
def test_an_address_that_cannot_be_read(url, word):
    assert word in reason(url)
