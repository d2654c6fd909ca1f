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
Write config/live.yaml, docs/nodes.md and the table in docs/training.md from the tables of options.

The documents therefore cannot disagree with the code.
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
    '# `/**/` selects the node in any namespace.\n')


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

RELIABLE = 'reliable, keep last 10'
DIAGNOSTICS = (
    '/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray',
    'reliable, transient local, keep last 10', 'state, rates and latencies, once per second')
IMAGES_IN = (
    'image_raw', 'sensor_msgs/msg/Image', 'as the publisher',
    ('in one of the [encodings](#which-encodings-are-read); or `sensor_msgs/msg/CompressedImage` '
     '(JPEG, PNG)'))

Topic = tuple[str, str, str, str]

NODES: dict[str, tuple[str, list[Topic], list[Topic]]] = {
    'camera_node': (
        ('Publishes the images of a camera, stream, video, image, folder of images or the '
         'built-in sample, with the time at which each image was taken. If a camera or stream is '
         'lost, the node reports it and opens it again, after waits that grow. At the end of a '
         'file the node deactivates itself; if it is activated again, it plays the file again.'),
        [],
        [('image_raw', 'sensor_msgs/msg/Image', RELIABLE, 'bgr8'),
         ('camera_info', 'sensor_msgs/msg/CameraInfo', RELIABLE,
          'calibration, or zeros; one per image'),
         DIAGNOSTICS]),
    'face_node': (
        ('Finds and follows the faces of each image. Publishes them with identities, key points, '
         'head poses and upright grey crops.'),
        [IMAGES_IN,
         ('camera_info', 'sensor_msgs/msg/CameraInfo', SENSOR_DATA,
          'calibration, for positions; beside the images if only these are remapped')],
        [('faces', 'fer_msgs/msg/FaceArray', RELIABLE,
          'one per image, empty where there is no face'),
         DIAGNOSTICS]),
    'emotion_node': (
        ('Classifies the crops of the faces in turn and smooths the probabilities over time. It '
         'never receives whole images, so it can run on another computer.'),
        [('faces', 'fer_msgs/msg/FaceArray', RELIABLE, '')],
        [('emotions', 'fer_msgs/msg/EmotionArray', RELIABLE, 'one per image, with its stamp'),
         DIAGNOSTICS]),
    'overlay_node': (
        ('Draws the emotions on the image with the same stamp. It subscribes and works only while '
         'someone subscribes to the overlay.'),
        [IMAGES_IN, ('emotions', 'fer_msgs/msg/EmotionArray', RELIABLE, '')],
        [('emotions/overlay', 'sensor_msgs/msg/Image', RELIABLE, 'bgr8'),
         ('emotions/overlay/compressed', 'sensor_msgs/msg/CompressedImage', RELIABLE, 'JPEG'),
         DIAGNOSTICS]),
}
"""What each node does, subscribes to and publishes: name, type, quality of service, remark."""

INTRODUCTION = """\
# Nodes and parameters

This page is written by `tools/write_parameters.py` from the tables of options.

All nodes are lifecycle nodes: they read and check their files when they are configured, and
subscribe and publish while they are active. Topic names are relative: namespaces and remappings
work. In the tables below, "sensor data" means best effort, volatile, keep last 5. This command
explains every field of the messages:

```sh
ros2 interface show --all-comments fer_msgs/msg/EmotionArray
```

## How do I set a parameter?

| way | example |
| --- | --- |
| at the start, without a ROS installation | `fer live --set emotion_node.rate_hz=5` |
| at the start, one node | `ros2 run fer_ros face_node --ros-args -p detector.interval:=5` |
| at run time, where the table says so | `ros2 param set /emotion_node smoothing_s 0.2` |
| in a file, for `make live CONFIG=my.yaml` or `config:=my.yaml` | as below |

```yaml
face_node:                    # the node, in any namespace
  ros__parameters:
    detector.interval: 5
```

A file means the same to `fer live`, launch files and `ros2 run`, in every namespace:

| section | counts for |
| --- | --- |
| `face_node:`, `/**/face_node:` | the node in every namespace |
| `/face_node:`, `/robot/face_node:` | the node with this full name |
| `/**:`, `/robot/**:` | all nodes, or all below this namespace, that have the parameter |

Of the sections that count for a node, the last one wins. Sections of other nodes may stand in the
file. If the name of a section is similar to one of our nodes (`faces_node:`), or names one of them
in another namespace only, a warning says so. (ROS itself takes `face_node:` for `/face_node:`,
which a node in a namespace ignores.) Programs without nodes, such as `fer analyze`, have no
namespace: there the last part of a section's name selects the node.

A parameter without "Changes at run time" takes effect when the node is configured.
[config/live.yaml](../config/live.yaml) lists every parameter with its default: copy it and keep
the lines that you change. A value out of range is refused with a sentence that says what is
permitted. `fer live` also refuses an unknown name; a node that is started in another way logs a
warning and ignores it.

## How do I change the quality of service?

Images are published as reliable, so that every subscription receives them, that of sensor data as
well as that with the default quality of service. A publisher keeps only the last images and never
waits for a slow or stopped subscriber. `face_node` and `overlay_node` subscribe to images as
reliable if all publishers are reliable, else as best effort (`input.reliability`).

Parameters `qos_overrides` set the depth, reliability and durability of the topics of images, of
publishers (`image_raw`, `camera_info`, `emotions/overlay`, `emotions/overlay/compressed`) and of
the subscription to images. They need the full name of the topic, after namespace and remapping:

```yaml
/**/camera_node:
  ros__parameters:
    qos_overrides:
      /image_raw:
        publisher: {reliability: best_effort, depth: 1}
```

## Which presets are there?

| `--config`, `config:=` | for what |
| --- | --- |
| `live` | the default, for cameras: detection on every third image, landmarks on every image |
| `still` | unrelated images: no image depends on the one before, nothing is smoothed |
| `replay` | bags: `live`, but [every image is answered](tutorials/bag.md) |
| `low_power` | small robots: detection on every fifth image, else MedianFlow, no landmarks |
| `mtcnn_csrt` | for comparison: MTCNN on every 10th image, CSRT; needs `requirements/mtcnn.txt` |

## When is a `track_id` given again?

Never, in practice: `face_node` keeps the next number in a file for each full name of a node, in
`~/.ros/fer_ros/track_ids` (`ROS_HOME` replaces `~/.ros`). Numbers begin at 1 and are reserved in
blocks, so that a node that is killed leaves some numbers out, and gives none twice. After 2^32 - 1
comes 1. If the file cannot be written, the numbers begin at ten per second of the clock, and may
repeat after 11 days. It is the same in a new container, whose files are lost with it: there, set
`ROS_HOME` to a folder in a volume. With `unique_ids: false` each configuration of the node begins
at 1. `fer analyze` and `Pipeline` always begin at 1, so that their results can be repeated.

## Which encodings are read?

Rows may be padded (any `step`), and values of 16 bits may have both byte orders (`is_bigendian`).

| encodings of `sensor_msgs/msg/Image` | remark |
| --- | --- |
| bgr8, rgb8, bgra8, rgba8, mono8 | transparency is ignored |
| 8UC1, 8UC3, 8UC4 | read as mono8, bgr8 and bgra8 |
| bgr16, rgb16, mono16 | the upper 8 of the bits that the camera uses, as the largest value shows |
| 16UC1 | infrared, thermal: stretched between the darkest and the brightest pixels |
| bayer_rggb8, bayer_bggr8, bayer_gbrg8, bayer_grbg8 | |
| bayer_rggb16, bayer_bggr16, bayer_gbrg16, bayer_grbg16 | the 8 bits as of mono16 |
| uyvy (yuv422), yuyv (yuv422_yuy2) | 4:2:2, even width |
| nv12, nv21 | 4:2:0, even width and height; planes of luma and chroma with the same step |
| nv24 | 4:4:4; planes of luma and chroma, the second one with twice the step |

Images of floating point (32FC1, 32FC3) are refused, because it is not known which values are black
and white.

`sensor_msgs/msg/CompressedImage` may contain JPEG or PNG, as camera drivers and image_transport
publish them; PNG images may have 16 bits. They are decoded in full size, because distant faces
would be lost in a reduced image. An EXIF orientation is ignored, as image_transport does.
"""


def topics(title: str, rows: list[Topic]) -> list[str]:
    """Return a table of topics."""
    if not rows:
        return []
    lines = [
        f'{title}:', '', '| topic | type | quality of service | content |',
        '| --- | --- | --- | --- |']
    return [
        *lines,
        *(f'| `{name}` | `{kind}` | {qos} | {remark} |' for name, kind, qos, remark in rows), '']


def parameters(rows: list[Option]) -> list[str]:
    """Return a table of parameters."""
    lines = [
        '| parameter | type | default | range | meaning |', '| --- | --- | --- | --- | --- |']
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
    lines = [INTRODUCTION]
    for node, options in NODE_OPTIONS.items():
        text, subscribed, published = NODES[node]
        lines += [
            f'## {node}', '', *textwrap.wrap(text, 100), '',
            *topics('Subscribed', subscribed), *topics('Published', published),
            'Parameters:', '', *parameters(options.table())]
    return '\n'.join(lines)


def training() -> str:
    """Return docs/training.md with a new table of options."""
    return with_tables(
        ROOT / 'docs' / 'training.md', parameters(TrainingOptions.table())[:-1])


def with_tables(path: Path, tables: list[str]) -> str:
    """Return a document with new tables between its two marks."""
    begin, end = '<!-- made by tools/write_parameters.py -->', '<!-- end -->'
    before, _, rest = path.read_text(encoding='utf-8').partition(begin)
    _, _, after = rest.partition(end)
    return '\n'.join([before + begin, '', *tables, '', end + after])


FILES = {
    ROOT / 'config' / 'live.yaml': config,
    ROOT / 'docs' / 'nodes.md': document,
    ROOT / 'docs' / 'training.md': training,
}


def main() -> None:
    """Write the files."""
    for path, text in FILES.items():
        path.write_text(text(), encoding='utf-8')


if __name__ == '__main__':
    main()
