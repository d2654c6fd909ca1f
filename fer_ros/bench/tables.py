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
"""Tables of the benchmarks' figures, in Markdown for the documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import math
from typing import Any

from fer_ros.bench.detection_accuracy import UNITS
from rich.box import MARKDOWN
from rich.table import Table

Figures = Mapping[str, Any]

Titled = tuple[str, Table]


def tables(figures: Figures) -> list[Titled]:
    """
    Return all tables of a run with their titles; the aims come last.

    :param figures: result of `results.with_aims`.
    """
    make = {
        'speed': _speed, 'quality': _quality, 'ros': _ros, 'work': _work,
        'desktop': _desktop, 'serve': _serve}[figures['bench']]
    own = make(figures)
    left_out = figures.get('left_out', {})
    if left_out:
        own.append(_table('Left out', ('name', 'reason'), left_out.items()))
    own.append(_table('Aims', ('aim', 'bound', 'measured', ''), (
        (aim['aim'], aim['bound'], number_text(aim['measured']), aim['state'])
        for aim in figures['aims'])))
    return own


def _table(title: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> Titled:
    table = Table(box=MARKDOWN)
    cells = [
        [value if isinstance(value, str) else number_text(value) for value in row] for row in rows]
    for number, name in enumerate(columns):
        # Text is aligned left, figures right.
        is_text = not number or any(row[number][:1].isalpha() for row in cells)
        table.add_column(name, justify='left' if is_text else 'right', overflow='fold')
    for row in cells:
        table.add_row(*row)
    return title, table


def number_text(value: float | None) -> str:
    """Return a figure with three digits; large ones without decimals; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return '–'
    return f'{value:.0f}' if abs(value) >= 100 else f'{value:.3g}'


def _speed(figures: Figures) -> list[Titled]:
    keys = (
        'fps', 'p50_ms', 'p95_ms', 'p99_ms', 'cpu_s_per_1000', 'peak_rss_mib', 'faces_found')
    rows = [
        (scenario['name'], figures['pipelines'][name], *(row[key] for key in keys))
        for scenario in figures['scenarios'] for name, row in scenario['results'].items()]
    result = [_table(
        'Speed', ('images', 'pipeline', 'fps', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU s per 1000',
                  'peak MiB', 'faces found'), rows)]
    result += _scenes(figures)
    profiles = figures.get('profile', {})
    if profiles:
        names = dict.fromkeys(
            name for profile in profiles.values() for name in profile['modules'])
        rows = [
            ('total, without the profiler', *(p['ms_per_image'] for p in profiles.values())),
            ('total, with the profiler', *(p['profiled_ms'] for p in profiles.values())),
            *((name, *(p['modules'].get(name) for p in profiles.values())) for name in names)]
        result.append(_table(
            'Profile of fer_ros: ms per image in each module of core and its callees',
            ('module', *profiles), rows))
    return result


def _scenes(figures: Figures) -> list[Titled]:
    keys = ('detector_per_s', 'landmarks_per_s', 'classified_per_s')
    names = ('detector/s', 'landmarks/s', 'faces classified/s')
    result = []
    if 'scenes' in figures:
        result.append(_table(
            'Cost of scenes at 30 images/s; calls of each network in a second',
            ('clip', 'scene', 'CPU ms per image', 'relative to moving', *names),
            ((clip, name, *(row[key] for key in ('cpu_ms', 'to_moving', *keys)))
             for clip, rows in figures['scenes'].items() for name, row in rows.items())))
    if 'low_power' in figures:
        result.append(_table(
            'low_power: moving sample with two faces at 15 images/s, pipeline without ROS',
            ('configuration', 'CPU ms per image', 'CPU % of a core', *names),
            ((name, *(row[key] for key in ('cpu_ms', 'cpu_percent', *keys)))
             for name, row in figures['low_power'].items() if name != 'to_live')))
    return result


def _quality(figures: Figures) -> list[Titled]:
    result = []
    detection = figures['detection']
    for key, title in (
            ('photos', 'Detection in the photographs'),
            ('clip_without_faces', 'Detection in a clip without faces')):
        rows = [
            (name, row[key]['faces'], row[key]['found'], row[key]['false'], row[key]['images'])
            for name, row in detection.items() if key in row]
        if rows:
            result.append(_table(title, ('detector', 'faces', 'found', 'false', 'images'), rows))
    for condition, unit in UNITS.items():
        steps = list(next(iter(detection.values()))[condition])
        result.append(_table(
            f'Recall by {condition} ({unit}); in brackets false detections per image',
            ('detector', *steps),
            ((name, *(
                f'{number_text(row[condition][step]["recall"])} '
                f'({number_text(row[condition][step]["false_per_image"])})' for step in steps))
             for name, row in detection.items())))
    far = figures['far']
    widths = list(next(iter(far.values())))
    for key, title in (
            ('pictures', 'Recall of distant faces in pictures; in brackets false ones per image'),
            ('mtcnn', 'The same by MTCNN')):
        result.append(_table(title, ('image', *widths), (
            (size, *(
                f'{number_text(cell[key]["recall"])} ({number_text(cell[key]["false_per_image"])})'
                if key in cell else '–' for cell in row.values()))
            for size, row in far.items())))
    result.append(_table(
        'Distant faces live at 30 images/s: share found within a second; median number of images',
        ('image', *widths), (
            (size, *(
                f'{number_text(cell["live"]["within_one_second"])}; '
                f'{number_text(cell["live"]["images"])}' if 'live' in cell else '–'
                for cell in row.values()))
            for size, row in far.items())))
    leaning = ('faces', 'found', 'recall', 'false')
    result.append(_table(
        'Leaning faces in pictures', ('degrees', *leaning),
        ((degrees, *(row[key] for key in leaning))
         for degrees, row in figures['leaning'].items())))
    if figures['identity']:
        keys = ('mota', 'idf1', 'idf1_strict', 'switches', 'people')
        result.append(_table(
            'Identity', ('clip', 'MOTA', 'IDF1', 'IDF1 strict', 'switches', 'people'),
            ((name, *(row[key] for key in keys)) for name, row in figures['identity'].items())))
    if figures['clips']:
        keys = ('people', 'identities', 'found', 'raw_changes_per_minute',
                'smoothed_changes_per_minute')
        rows = [(name, *(row[key] for key in keys))
                for name, row in figures['clips']['by_clip'].items()]
        rows.append(('all', None, None, None, *(figures['clips'][key] for key in keys[3:])))
        result.append(_table(
            'Emotion stability: label changes per minute',
            ('clip', 'people', 'identities', 'found', 'raw', 'smoothed'), rows))
    classifier = figures['classifier']
    result.append(_table(
        "Default classifier, int8, FER+'s majority on PrivateTest (from its evaluation file)",
        ('million multiply-accumulates', 'accuracy', 'macro-F1', 'ECE'),
        [(classifier['mmacs'], *classifier['private'].values())]))
    step = figures['step']
    result.append(_table(
        'Step response: ms until 63 % of a change of the face', ('raw', 'smoothed', 'added'),
        [(step['raw_ms'], step['smoothed_ms'], step['added_ms'])]))
    if figures['emotion_steps']:
        measured = ('accuracy', 'delay_ms', 'false_changes_per_minute', 'ece')
        result.append(_table(
            'Labelled sequences of emotions',
            ('labels', 'accuracy', 'ms until 90 %', 'false changes per minute', 'ECE'),
            ((kind, *(row[key] for key in measured))
             for kind, row in figures['emotion_steps'].items())))
    result.append(_table(
        'Rolled faces', ('degrees', 'faces', 'same label', 'roll error in degrees'),
        ((degrees, row['faces'], row['same_label'], row['roll_error_deg'])
         for degrees, row in figures['roll'].items())))
    return result


def _ros(figures: Figures) -> list[Titled]:
    keys = ('p50_ms', 'p95_ms', 'p99_ms', 'images', 'lost', 'cpu_percent', 'rss_mib',
            'first_emotion_s')
    runs = _table(
        'ROS latency from stamp to /emotions',
        ('nodes', 'p50 ms', 'p95 ms', 'p99 ms', 'images', 'lost', 'CPU % of a core', 'RSS MiB',
         'first emotion s'),
        ((f'{row["processes"]}, {row["rate_hz"]:g} images/s', *(row[key] for key in keys))
         for row in figures['runs'].values()))
    names = list(figures['inactive']['cpu_percent'])
    processes = _table(
        'Each node in its own process', ('nodes', *names),
        [*((f'{what}, {row["rate_hz"]:g} images/s', *(row[key][name] for name in names))
           for row in figures['runs'].values() if set(names) <= row['rss_mib_by_process'].keys()
           for what, key in (
               ('CPU % of a core', 'cpu_percent_by_process'), ('RSS MiB', 'rss_mib_by_process'))),
         ('CPU % of a core, inactive', *figures['inactive']['cpu_percent'].values())])
    return [runs, processes]


def _desktop(figures: Figures) -> list[Titled]:
    keys = ('images_per_s', 'p50_ms', 'p95_ms', 'p99_ms', 'cpu_percent')
    threads = ('reader', 'worker', 'MainThread')
    return [_table(
        'The window: shown images, and the time from reading to painting',
        ('camera', 'shown images/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU % of a core',
         'reading, CPU ms per image', 'faces and drawing', 'window'),
        ((f'{row["width"]}x{row["height"]}, {row["rate_hz"]:g} images/s, faces: {row["faces"]}',
          *(row[key] for key in keys), *(row['ms_per_image'][name] for name in threads))
         for row in figures['runs'].values()))]


def _serve(figures: Figures) -> list[Titled]:
    keys = ('images_per_s', 'p50_ms', 'p95_ms', 'server_cpu_ms')
    return [
        _table(
            'The pipeline alone: pictures of 640x480 with two faces',
            ('processes', 'pictures/s', 'decoding ms', 'pipeline ms'),
            ((name.partition('_')[0], row['images_per_s'], row['decoding_ms'], row['pipeline_ms'])
             for name, row in figures['alone'].items())),
        _table(
            f'The web service with {figures["workers"]} workers: time from request to answer',
            ('clients', 'pictures/s', 'p50 ms', 'p95 ms', 'CPU ms of HTTP per picture'),
            ((str(row['clients']), *(row[key] for key in keys))
             for row in figures['runs'].values())),
        _table('HTTP', ('cost', 'measured'), [
            ('one client, ms more than the pipeline alone', figures['http_ms'])])]


def _work(figures: Figures) -> list[Titled]:
    networks = list(figures['network_mmacs'])
    result = [
        _table('Multiply-accumulates of one call, in millions', ('network', 'millions'),
               figures['network_mmacs'].items()),
        _table('Calls per second: views of the image, or faces', ('preset, scene', *networks), (
            (name, *(row['calls_per_s'].get(network) for network in networks))
            for name, row in figures['calls'].items())),
        _table(
            'Multiply-accumulates per image, in millions',
            ('preset, scene', *networks, 'all', 'all, per face'), (
                (name, *(row['by_network'].get(network) for network in networks),
                 row['mmacs_per_image'], row['mmacs_per_face_and_image'])
                for name, row in figures['calls'].items()))]
    if 'instructions' in figures:
        counts = figures['instructions']
        keys = ('per_image', 'per_further_face')
        result.append(_table(
            f'Instructions in millions ({counts["tool"]})',
            ('part', 'image with one face', 'each further face'),
            ((part, *(counts[key][part] for key in keys)) for part in counts['per_image'])))
    if 'copied_bytes' in figures:
        result.append(_table(
            'Copied bytes per message, in thousands (DHAT)',
            ('hop', 'handed over in one process', 'middleware in one process', 'two processes'),
            ((hop, *(row[key] / 1e3 for key in ('direct', 'middleware', 'processes')))
             for hop, row in figures['copied_bytes'].items())))
    return result
