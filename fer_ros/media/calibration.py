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

"""Reads camera calibrations in the YAML formats of ROS and OpenCV; no ROS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
import os
from pathlib import Path
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from fer_ros.core.yaml_values import load_yaml, YamlLoader
import yaml

DISTORTION_COEFFICIENTS: Mapping[str, tuple[int, ...]] = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8,),
    'equidistant': (4,),
}
"""Distortion models (`sensor_msgs/distortion_models`), each with its numbers of coefficients."""

Numbers = tuple[float, ...]


class CalibrationError(ValueError):
    """A calibration cannot be found or used; the text states what is wrong and what to do."""


@dataclass(frozen=True)
class Calibration:
    """
    The calibration of a camera; its fields have the meaning of those in `sensor_msgs/CameraInfo`.

    `k` and `r` are 3x3, `p` is 3x4, all row-major. The default is "uncalibrated": all values are
    0, as in CameraInfo. `origin` is the file that the calibration was read from.
    """

    camera_name: str = ''
    width: int = 0
    height: int = 0
    distortion_model: str = ''
    d: Numbers = ()
    k: Numbers = (0.0,) * 9
    r: Numbers = (0.0,) * 9
    p: Numbers = (0.0,) * 12
    origin: str = ''

    @property
    def is_calibrated(self) -> bool:
        """Whether there is a camera matrix; as in CameraInfo, k[0] is 0 if there is none."""
        return self.k[0] != 0.0

    def check_size(self, width: int, height: int) -> str:
        """
        Compare the size of the images with the size of the calibration; nothing is scaled.

        :return: a sentence for the user; '' if the sizes agree or there is no calibration.
        """
        if not self.is_calibrated or (width, height) == (self.width, self.height):
            return ''
        origin = self.origin or 'the calibration'
        return (
            f'{origin} is for images of {self.width}x{self.height}, but these images are '
            f'{width}x{height}: calibrate the camera at {width}x{height}, or set width to '
            f'{self.width} and height to {self.height}')


def load_calibration(url: str) -> Calibration:
    """
    Read a calibration as ROS's camera_calibration writes it, or as OpenCV's cv2.FileStorage does.

    OpenCV's samples write no rectification and no projection: these are then the identity and the
    camera matrix, as for a single camera in ROS.

    :param url: a path, file:///path or package://package/path; empty: "uncalibrated".
    :raises CalibrationError: if the file is missing or invalid; the text names the file and key.
    """
    if not url.strip():
        return Calibration()
    path = resolve_url(url.strip())
    try:
        text = path.read_text(encoding='utf-8')
    except FileNotFoundError as error:
        raise CalibrationError(
            f'there is no calibration file {path}: check camera_info_url, or leave it '
            'empty') from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else 'it is not UTF-8 text'
        raise CalibrationError(f'the calibration file {path} cannot be read: {reason}') from error
    if '<opencv_storage>' in text[:1000]:
        raise CalibrationError(
            f'{path} is a calibration of OpenCV in XML, which is not supported: write it as YAML, '
            'with cv2.FileStorage and a file name that ends in .yaml')
    try:
        # OpenCV's first line, `%YAML:1.0`, is no valid directive. The line itself is kept, so that
        # the numbers of lines in messages stay right.
        values = load_yaml(re.sub(r'\A\ufeff?%YAML:.*', '', text), _CalibrationLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        line = f' (line {mark.line + 1})' if mark else ''
        raise CalibrationError(
            f'{path} is not valid YAML{line}: calibrate again, or correct the file') from error
    return _Reader(path, _with_ros_keys(values)).calibration()


def _opencv_object(loader: YamlLoader, _: str, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(
            None, None, 'an OpenCV object must have keys', node.start_mark)
    return loader.construct_mapping(node, deep=True)


class _CalibrationLoader(YamlLoader):
    """Also reads matrices of OpenCV, which have the tag `!!opencv-matrix`."""


_CalibrationLoader.add_multi_constructor('tag:yaml.org,2002:opencv-', _opencv_object)


def _with_ros_keys(values: Any) -> Any:
    """Return the content of an OpenCV file with the keys of a ROS file; else, unchanged."""
    matrix = values.get('camera_matrix') if isinstance(values, Mapping) else None
    # Only matrices of OpenCV state the type of their elements.
    if not isinstance(matrix, Mapping) or 'dt' not in matrix:
        return values
    added: dict[str, Any] = {}
    data = matrix.get('data')
    if isinstance(data, list) and len(data) == 9:
        added['rectification_matrix'] = {'data': [1, 0, 0, 0, 1, 0, 0, 0, 1]}
        added['projection_matrix'] = {
            'data': [*data[:3], 0, *data[3:6], 0, *data[6:], 0]}
    distortion = values.get('distortion_coefficients')
    coefficients = distortion.get('data') if isinstance(distortion, Mapping) else None
    if values.get('fisheye_model'):
        added['distortion_model'] = 'equidistant'
    elif isinstance(coefficients, list) and len(coefficients) > 5:
        added['distortion_model'] = 'rational_polynomial'
    return {**added, **values}


def resolve_url(url: str) -> Path:
    """
    Return the path of the file that a path, file:///path or package://package/path names.

    :raises CalibrationError: if the address has another scheme or the package is not installed.
    """
    scheme = re.match(r'([A-Za-z][A-Za-z0-9+.-]*)://', url)
    if not scheme:
        return Path(url).expanduser()
    parts = urlsplit(url)
    if scheme[1] == 'file':
        if parts.netloc not in ('', 'localhost'):
            raise CalibrationError(
                f'{url} names the host {parts.netloc!r}: write file:///path with three slashes')
        return Path(unquote(parts.path))
    if scheme[1] == 'package':
        return _share_folder(parts.netloc, url) / unquote(parts.path).lstrip('/')
    raise CalibrationError(
        f'{url} is not supported as the address of a calibration: use a path, file:///path or '
        'package://package/path')


def _share_folder(package: str, url: str) -> Path:
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    for prefix in prefixes:
        share = Path(prefix) / 'share'
        if (share / 'ament_index/resource_index/packages' / package).is_file():
            return share / package
    where = f'searched: {", ".join(prefixes)}' if prefixes else 'no ROS environment is set up'
    raise CalibrationError(
        f'the package {package!r} of {url} is not found ({where}): source the workspace that '
        'contains it')


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class _Reader:
    """Makes a calibration from the values of a YAML file, and checks them."""

    def __init__(self, path: Path, values: Any) -> None:
        self._path = path
        if not isinstance(values, Mapping):
            raise self._fault('it contains no keys such as image_width and camera_matrix')
        self._values = values

    def calibration(self) -> Calibration:
        # Old files do not name the model; like ROS, read them as plumb_bob.
        model = self._values.get('distortion_model', 'plumb_bob')
        if not isinstance(model, str) or model not in DISTORTION_COEFFICIENTS:
            raise self._fault(
                f'distortion_model is {model!r}, which is unknown; the known models are '
                f'{", ".join(DISTORTION_COEFFICIENTS)}')
        k = self._numbers('camera_matrix', (9,))
        if any(k) and not (k[0] > 0 and k[4] > 0):
            raise self._fault(
                f'camera_matrix has the focal lengths {k[0]:g} and {k[4]:g}, which must be '
                'positive')
        return Calibration(
            camera_name=str(self._values.get('camera_name', '')),
            width=self._size('image_width'),
            height=self._size('image_height'),
            distortion_model=model,
            d=self._numbers(
                'distortion_coefficients', DISTORTION_COEFFICIENTS[model], f' for {model}'),
            k=k,
            r=self._numbers('rectification_matrix', (9,)),
            p=self._numbers('projection_matrix', (12,)),
            origin=str(self._path))

    def _fault(self, text: str) -> CalibrationError:
        return CalibrationError(
            f'{self._path} is not a valid calibration: {text}. Calibrate again, or correct the '
            'file')

    def _value(self, key: str) -> Any:
        if key not in self._values:
            raise self._fault(f'the key {key} is missing')
        return self._values[key]

    def _size(self, key: str) -> int:
        value = self._value(key)
        if type(value) is not int or value <= 0:
            raise self._fault(f'{key} must be a positive number of pixels, found {value!r}')
        return value

    def _numbers(self, key: str, counts: tuple[int, ...], which: str = '') -> Numbers:
        matrix = self._value(key)
        data = matrix.get('data') if isinstance(matrix, Mapping) else None
        if not isinstance(data, list):
            raise self._fault(f'{key} must contain rows, cols and a list named data')
        expected = ' or '.join(str(count) for count in counts)
        if len(data) not in counts:
            raise self._fault(f'{key} has {len(data)} elements, expected {expected}{which}')
        wrong = [value for value in data if not _is_number(value)]
        if wrong:
            raise self._fault(f'{key} contains {wrong[0]!r}, which is not a finite number')
        if 'rows' in matrix and 'cols' in matrix:
            rows, columns = matrix['rows'], matrix['cols']
            if not (_is_number(rows) and _is_number(columns) and rows * columns == len(data)):
                raise self._fault(
                    f'{key} states {rows!r} rows and {columns!r} cols, but its data has '
                    f'{len(data)} elements')
        return tuple(float(value) for value in data)
