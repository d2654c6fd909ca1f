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

"""
Write config/live.yaml, docs/nodes.md, parts of README.md and docs/training.md from the tables.

So they cannot disagree with them.
"""

from pathlib import Path
import textwrap

from fer_ros.core.options import Option
from fer_ros.parameters.node_options import NODE_OPTIONS
from fer_ros.training.training_options import TrainingOptions
import yaml

ROOT = Path(__file__).resolve().parents[1]

HEAD = (
    '# Every parameter with its default, written by tools/write_parameters.py from the parameter '
    'table.\n'
    '# Copy the file, keep what you change, and give it as `config:=` to the launch files or as '
    '`--config` to `fer live`.\n'
    '# The sections count in any namespace.\n')


def facts(row: Option) -> str:
    """Return range, unit and when the parameter can change, in words."""
    unit = f' {row.unit}' if row.unit else ''
    parts = [f'{row.range}{unit}' if row.range else unit.strip()]
    if row.dynamic:
        parts.append('changes at run time')
    if row.read_only:
        parts.append('read-only')
    return '; '.join(part for part in parts if part)


def config() -> str:
    """Return the text of config/live.yaml."""
    lines = [HEAD]
    for node, options in NODE_OPTIONS.items():
        lines.append(f'/**/{node}:\n  ros__parameters:')
        for row in options.table():
            comment = f'{row.description} [{facts(row)}]' if facts(row) else row.description
            lines += textwrap.wrap(
                comment, 110, initial_indent='    # ', subsequent_indent='    # ')
            value = yaml.safe_dump(
                row.default, default_style="'" if isinstance(row.default, str) else None)
            lines.append(f'    {row.name}: {value.splitlines()[0]}')
        lines.append('')
    return '\n'.join(lines)


SENSOR_DATA = 'sensor data'
"""Best effort, keep last 5."""

RESULTS = 'reliable, keep last 10'
DIAGNOSTICS = (
    '/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray',
    'reliable, transient local, keep last 10',
    'state, rates, latencies, once a second')
IMAGES_IN = (
    'image_raw', 'sensor_msgs/msg/Image', "the publisher's",
    'bgr8, rgb8, bgra8, rgba8, mono8, uyvy (yuv422) or yuyv (yuv422_yuy2)')

Topic = tuple[str, str, str, str]

NODES: dict[str, tuple[str, list[Topic], list[Topic]]] = {
    'camera_node': (
        ('Publishes the images of a camera, stream, video, picture, folder of pictures or the '
         'built-in sample, with the time at which each was taken. A camera or stream that is lost '
         'is reported and opened again with growing waits. At the end of a file the node '
         'deactivates itself; activating it again plays the file again.'),
        [],
        [('image_raw', 'sensor_msgs/msg/Image', SENSOR_DATA, 'bgr8'),
         ('camera_info', 'sensor_msgs/msg/CameraInfo', SENSOR_DATA,
          'calibration, or zeros; one for each image'),
         DIAGNOSTICS]),
    'face_node': (
        ('Finds the faces of each image, follows them, and publishes them with identities, key '
         'points, head poses and upright grey crops.'),
        [IMAGES_IN],
        [('faces', 'fer_msgs/msg/FaceArray', RESULTS,
          'one for each image, empty where there is no face'),
         DIAGNOSTICS]),
    'emotion_node': (
        ('Classifies the crops, each face in turn, and smooths the probabilities over time. It '
         'never sees whole images, so it can run on another machine.'),
        [('faces', 'fer_msgs/msg/FaceArray', RESULTS, '')],
        [('emotions', 'fer_msgs/msg/EmotionArray', RESULTS, 'one for each image, with its stamp'),
         DIAGNOSTICS]),
    'overlay_node': (
        ('Draws the emotions on the images whose stamps they carry. It subscribes and works only '
         'while someone listens.'),
        [IMAGES_IN, ('emotions', 'fer_msgs/msg/EmotionArray', RESULTS, '')],
        [('emotions/overlay', 'sensor_msgs/msg/Image', SENSOR_DATA, 'bgr8'),
         ('emotions/overlay/compressed', 'sensor_msgs/msg/CompressedImage', SENSOR_DATA, 'JPEG'),
         DIAGNOSTICS]),
}
"""What each node does, subscribes to and publishes: name, type, quality of service, remark."""


def topics(title: str, rows: list[Topic]) -> list[str]:
    """Return a table of topics."""
    if not rows:
        return []
    lines = [
        f'{title}:', '', '| topic | type | quality of service | |', '| --- | --- | --- | --- |']
    return [
        *lines,
        *(f'| `{name}` | `{kind}` | {qos} | {remark} |' for name, kind, qos, remark in rows), '']


def parameters(rows: list[Option]) -> list[str]:
    """Return a table of parameters."""
    lines = [
        '| parameter | type | default | range | |', '| --- | --- | --- | --- | --- |']
    for row in rows:
        default = (
            f'`{row.default!r}`' if isinstance(row.default, str)
            else f'`{str(row.default).lower()}`')
        unit = f' {row.unit}' if row.unit else ''
        change = (
            ' Changes at run time.' if row.dynamic else ' Read-only.' if row.read_only else '')
        lines.append(
            f'| `{row.name}` | {row.type.__name__} | {default}{unit} | {row.range} '
            f'| {row.description}{change} |')
    return [*lines, '']


def document() -> str:
    """Return the text of docs/nodes.md."""
    lines = [
        '# Nodes', '',
        'Written by `tools/write_parameters.py` from the tables of the nodes.', '',
        ('All four are lifecycle nodes: they read and check their files when they are configured, '
         'and serve their topics while they are active. Topic names are relative: namespaces and '
         'remaps work. Parameters that change at run time take `ros2 param set`; the others take '
         'effect when the node is configured.'), '']
    for node, options in NODE_OPTIONS.items():
        text, subscribed, published = NODES[node]
        lines += [
            f'## {node}', '', text, '',
            *topics('Subscribed', subscribed), *topics('Published', published),
            'Parameters:', '', *parameters(options.table())]
    return '\n'.join(lines)


def overview() -> list[str]:
    """Return the tables of the README: each node's topics, and its parameters with defaults."""
    lines = ['| node | subscribes | publishes |', '| --- | --- | --- |']
    for node, (_, subscribed, published) in NODES.items():
        names = [
            ', '.join(f'`{name}` ({kind.rsplit("/", 1)[1]})' for name, kind, _, _ in rows)
            for rows in (subscribed, [row for row in published if row is not DIAGNOSTICS])]
        lines.append(f'| `{node}` | {names[0]} | {names[1]} |')
    lines += ['', '| node | parameter | default | |', '| --- | --- | --- | --- |']
    for node, options in NODE_OPTIONS.items():
        for row in options.table():
            is_text = isinstance(row.default, str)
            value = f"'{row.default}'" if is_text else str(row.default).lower()
            unit = f' {row.unit}' if row.unit else ''
            lines.append(f'| `{node}` | `{row.name}` | `{value}`{unit} | {row.description} |')
    return lines


def readme() -> str:
    """Return the README with its tables made anew."""
    return with_tables(ROOT / 'README.md', overview())


def training() -> str:
    """Return docs/training.md with its table of options made anew."""
    return with_tables(
        ROOT / 'docs' / 'training.md', parameters(TrainingOptions.table())[:-1])


def with_tables(path: Path, tables: list[str]) -> str:
    """Return a document with what stands between its two marks made anew."""
    begin, end = '<!-- made by tools/write_parameters.py -->', '<!-- end -->'
    before, _, rest = path.read_text(encoding='utf-8').partition(begin)
    _, _, after = rest.partition(end)
    return '\n'.join([before + begin, '', *tables, '', end + after])


FILES = {
    ROOT / 'config' / 'live.yaml': config,
    ROOT / 'docs' / 'nodes.md': document,
    ROOT / 'README.md': readme,
    ROOT / 'docs' / 'training.md': training,
}


def main() -> None:
    """Write the files."""
    for path, text in FILES.items():
        path.write_text(text(), encoding='utf-8')


if __name__ == '__main__':
    main()
