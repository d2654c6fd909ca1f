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

"""Chooses and opens the source that a text names; each kind of source is a module of its own."""

from __future__ import annotations

import os
from pathlib import Path
import re
from urllib.parse import unquote, urlsplit

import cv2
from fer_ros.media.source_options import SourceOptions
from fer_ros.media.sources.camera import CameraSource, CaptureFactory, device_path, is_camera
from fer_ros.media.sources.frame_source import FrameSource, SourceError
from fer_ros.media.sources.network_stream import NetworkStreamSource, STREAM_SCHEMES
from fer_ros.media.sources.sample import SampleSource
from fer_ros.media.sources.stills import is_image, StillsSource
from fer_ros.media.sources.video import VideoSource


def open_source(
    spec: str,
    options: SourceOptions | None = None,
    *,
    capture: CaptureFactory = cv2.VideoCapture,
) -> FrameSource:
    """
    Open the source that the text names.

    For a file or folder whose name is a number, "sample" or "auto", write ./0 or ./sample.

    :param spec: see the option `source`; empty means auto.
    :param options: None means the defaults.
    :param capture: opens cameras.
    :raises SourceError: if it does not open; the text states why and what to do.
    """
    if options is None:
        options = SourceOptions()
    spec = spec.strip()
    if spec in ('', 'auto'):
        return _camera_or_sample(options, capture)
    if spec == 'sample':
        return SampleSource(options)
    if is_camera(spec):
        return CameraSource(device_path(spec), options, capture)
    scheme = re.match(r'([A-Za-z][A-Za-z0-9+.-]*)://', spec)
    if scheme and scheme[1].lower() in STREAM_SCHEMES:
        return NetworkStreamSource(spec, options)
    if scheme and scheme[1].lower() != 'file':
        raise SourceError(
            f'addresses with {scheme[1]}:// are not supported: use '
            f'{", ".join(s + "://" for s in STREAM_SCHEMES)}, or the path of a file')
    return _open_path(Path(unquote(urlsplit(spec).path)) if scheme else Path(spec), options)


def may_appear(spec: str) -> bool:
    """Return whether a missing source can appear later: a camera, a stream or auto can."""
    spec = spec.strip()
    addresses = tuple(scheme + '://' for scheme in STREAM_SCHEMES)
    return spec in ('', 'auto') or is_camera(spec) or spec.lower().startswith(addresses)


def shows_pictures(spec: str) -> bool:
    """Return whether the source is a picture or a folder of pictures."""
    spec = spec.strip()
    if spec in ('', 'auto', 'sample') or is_camera(spec):
        return False
    is_address = spec.lower().startswith('file://')
    path = Path(unquote(urlsplit(spec).path) if is_address else spec).expanduser()
    return path.is_dir() or (path.is_file() and is_image(path))


def _open_path(path: Path, options: SourceOptions) -> FrameSource:
    path = path.expanduser()
    if not path.exists():
        where = '' if path.is_absolute() else f' in {Path.cwd()}'
        raise SourceError(f'there is no file or folder {path}{where}: check the name')
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise SourceError(f'no permission to read {path}: change it with chmod or ask its owner')
    if path.is_dir() or is_image(path):
        return StillsSource(path, options)
    return VideoSource(path, options)


def _camera_or_sample(options: SourceOptions, capture: CaptureFactory) -> FrameSource:
    devices = sorted(Path('/dev').glob('video*'), key=lambda path: (len(path.name), path.name))
    faults = []
    for device in [str(path) for path in devices] or [device_path('0')]:
        try:
            return CameraSource(device, options, capture)
        except SourceError as error:
            faults.append(str(error))
    source = SampleSource(options)
    source.warnings.append(
        f'no camera opens: showing the built-in sample clip instead ({"; ".join(faults)})')
    return source
