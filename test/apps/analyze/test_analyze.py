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

"""`fer analyze`: pictures and videos become rows, annotated images and charts."""

from collections import Counter
import csv
from dataclasses import replace
import io
import json
import os
from pathlib import Path
import pty
import signal
import subprocess
import sys
import time

from checkout import ROOT
from click.testing import CliRunner
import cv2
from fer_ros import Frame, Pipeline
from fer_ros.apps.analyze.command import analyze
from fer_ros.apps.analyze.results_file import COLUMNS, CsvFile, JsonFile, OutputError
from fer_ros.apps.analyze.timeline import MAX_TRACKS, Timeline
from fer_ros.core.emotions import Emotion, LABELS
from fer_ros.core.values import Box, FaceEmotion, FaceState, HeadPose
from fer_ros.media.media_files import find_media
from fer_ros.media.sample_clip import SampleClip
from fer_ros.media.timed_video import TimedVideo
from fer_ros.media.video_writer import VideoFileWriter
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import load_options, read_config
from fer_ros.parameters.picture_parameters import (
    FIXED,
    picture_parameters,
    picture_parameters_of_nodes,
)
import numpy as np
from photographs import astronaut
from picture_files import h264_stream, heif_start, jpeg
import pytest
from video_files import set_matrix

RATE = 20.0
IMAGES = 24
SIZE = (320, 240)
PROGRAM = [sys.executable, '-m', 'fer_ros', 'analyze']


def write_video(path, images, rate=RATE):
    """Write images as a video; the ending says which kind."""
    fourcc = {'.avi': 'MJPG', '.mp4': 'mp4v', '.mkv': 'mp4v'}[path.suffix]
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*fourcc), rate, images[0].shape[1::-1])
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return path


def read_video(path):
    """Return the images of a video and its rate."""
    capture = cv2.VideoCapture(str(path))
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return images, rate


@pytest.fixture(scope='module')
def clip():
    """Return the sample clip in a quarter of its size, of which not all is needed."""
    sample = SampleClip(0.5)
    return sample, [sample.frame(3 * k) for k in range(IMAGES)]


@pytest.fixture(scope='module')
def sources(clip, tmp_path_factory):
    """Return a folder with a video, two pictures, what is broken and what is neither."""
    folder = tmp_path_factory.mktemp('sources')
    video = write_video(folder / 'clip.mp4', clip[1])
    (folder / 'deeper').mkdir()
    assert cv2.imwrite(str(folder / 'deeper' / 'clip.png'), clip[1][0])
    assert cv2.imwrite(str(folder / 'b.jpg'), SampleClip(1.5).frame(0))
    (folder / 'a.jpg').write_bytes((folder / 'b.jpg').read_bytes()[:5000])
    (folder / 'c.mp4').write_bytes(b'')
    (folder / 'notes.txt').write_text('neither a picture nor a video')
    (folder / '.hidden.png').write_bytes(b'')
    assert video.exists()
    return folder


def run(*arguments):
    """Run the command in this process."""
    return CliRunner().invoke(analyze, [str(a) for a in arguments], prog_name='fer analyze')


@pytest.fixture(scope='module')
def everything(sources, tmp_path_factory):
    """Return what a run over the whole folder printed, and the folder of what it wrote."""
    out = tmp_path_factory.mktemp('out')
    result = run(
        sources, '--json', out / 'rows.json', '--csv', out / 'rows.csv', '--video',
        out / 'annotated', '--plot', out / 'charts')
    return result, out


@pytest.fixture(scope='module')
def document(everything):
    """Return the rows of that run as JSON has them."""
    return json.loads((everything[1] / 'rows.json').read_text())


def rows_of(document, path):
    """Return the rows of a file."""
    return [row for row in document if row['file'] == str(path)]


def test_broken_files_are_named_and_the_others_go_on(sources, everything, document):
    result, _ = everything
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    for name, words in (('a.jpg', 'is truncated'), ('c.mp4', 'is empty (0 bytes)')):
        (line,) = [line for line in lines if str(sources / name) in line]
        assert words in line
        assert line.endswith('.')
        assert rows_of(document, sources / name) == []
    assert list(dict.fromkeys(row['file'] for row in document)) == [
        str(sources / name) for name in ('b.jpg', 'clip.mp4', 'deeper/clip.png')]
    (line,) = [line for line in lines if line.startswith(f'{sources / "clip.mp4"}: ')]
    assert f': {IMAGES} images, {2 * (IMAGES - 1)} faces, 2 tracks, ' in line
    shares = [float(word.rstrip('%,')) for word in line.split() if '%' in word]
    assert sum(shares) == pytest.approx(100, abs=2)
    assert line.endswith(' times real time')
    assert result.stdout == ''
    assert not [line for line in lines if 'notes' in line or 'hidden' in line]


def expected_rows(path, faces, number, time_s):
    """Return the rows of an image as the pipeline's own values give them."""
    for face in faces:
        box, pose = face.box, face.head_pose
        yield [
            str(path), number, time_s, face.track_id, face.state.name.lower(),
            box.x, box.y, box.width, box.height, face.score,
            *(None if np.isnan(angle) else angle for angle in (pose.roll, pose.pitch, pose.yaw)),
            None if np.isnan(face.quality) else face.quality,
            *(face.probabilities.tolist() if face.confidence else [None] * 7),
            face.label, face.confidence]


def assert_same_rows(rows, expected):
    """Compare rows with what they should be, but for the digits that are cut off."""
    assert len(rows) == len(expected) > 0
    for row, values in zip(rows, expected, strict=True):
        assert list(row) == list(COLUMNS)
        for (name, value), wanted in zip(row.items(), values, strict=True):
            if isinstance(wanted, float):
                assert value == pytest.approx(wanted, abs=0.051), name
            else:
                assert value == wanted, name


def test_a_video_gives_the_rows_of_the_pipeline(sources, document):
    images, rate = read_video(sources / 'clip.mp4')
    assert rate == RATE
    # Nobody waits, so no face waits for its classification either.
    emotion = replace(load_options('live', 'emotion_node', EmotionNodeOptions), budget_ms=0.0)
    with Pipeline(load_options('live', 'face_node', FaceNodeOptions), emotion) as pipeline:
        expected = [
            row for k, image in enumerate(images) for row in expected_rows(
                sources / 'clip.mp4', pipeline.process(Frame(image, round(k * 1e9 / RATE))), k,
                k / RATE)]
        assert_same_rows(rows_of(document, sources / 'clip.mp4'), expected)


def test_pictures_stand_alone(sources, document):
    with Pipeline.from_config('still') as pipeline:
        for name in 'b.jpg', 'deeper/clip.png':
            faces = pipeline.process(Frame(cv2.imread(str(sources / name)), 0))
            assert_same_rows(
                rows_of(document, sources / name),
                list(expected_rows(sources / name, faces, 0, 0.0)))


def test_the_rows_of_a_video_are_the_faces_that_are_there(clip, sources, document):
    rows = rows_of(document, sources / 'clip.mp4')
    tracks = Counter(row['track_id'] for row in rows)
    # A face is reported once it was found in two images in a row.
    assert list(tracks.values()) == [IMAGES - 1, IMAGES - 1]
    places = {}
    for row in rows:
        box = Box(*(row[name] for name in ('x', 'y', 'width', 'height')))
        (face,) = [
            face for face in clip[0].truth(3 * row['image']) if face.box.iou(box) > 0.5]
        places.setdefault(row['track_id'], set()).add(face.identity)
        assert sum(row[label] for label in LABELS) == pytest.approx(1, abs=0.001)
    assert sorted(places.values(), key=sorted) == [{1}, {2}]


def test_csv_has_the_rows_of_json(everything, document):
    with (everything[1] / 'rows.csv').open(newline='', encoding='utf-8') as file:
        lines = list(csv.DictReader(file))
    assert lines == [
        {name: '' if value is None else str(value) for name, value in row.items()}
        for row in document]


def test_the_annotated_video_has_the_images_and_time_of_the_original(clip, sources, everything):
    images, rate = read_video(everything[1] / 'annotated' / 'clip.mp4')
    originals, _ = read_video(sources / 'clip.mp4')
    assert (len(images), rate, images[0].shape[1::-1]) == (IMAGES, RATE, SIZE)
    # No face is known in the first image, so nothing is drawn; both are in all others.
    difference = [np.abs(a.astype(int) - b) for a, b in zip(images, originals, strict=True)]
    assert difference[0].max() < 60
    for k in range(1, IMAGES):
        for face in clip[0].truth(3 * k):
            x, y = round(face.box.x), round(face.box.y)
            around = difference[k][max(y - 6, 0):y + round(face.box.height) + 6,
                                   max(x - 6, 0):x + round(face.box.width) + 6]
            assert (around.max(axis=2) > 60).mean() > 0.02
    # A duplicate or missing image would be as different from its original as from another.
    for k in (5, 15):
        near = [np.abs(images[k].astype(int) - original).mean() for original in originals]
        assert np.argmin(near) == k


def test_the_annotated_video_of_a_phone_is_upright(clip, tmp_path):
    sideways = [np.ascontiguousarray(np.rot90(image)) for image in clip[1][:3]]
    set_matrix(write_video(tmp_path / 'phone.mp4', sideways), 0, 1, -1, 0)
    result = run(tmp_path / 'phone.mp4', '--video', tmp_path / 'out')
    assert result.exit_code == 0, result.output
    images, _ = read_video(tmp_path / 'out' / 'phone.mp4')
    assert images[0].shape == clip[1][0].shape
    assert np.abs(images[0].astype(float) - clip[1][0]).mean() < 6


def test_annotated_pictures_have_their_size_and_place(sources, everything):
    for name in 'b.jpg', 'deeper/clip.png':
        image = cv2.imread(str(everything[1] / 'annotated' / name))
        original = cv2.imread(str(sources / name))
        assert image.shape == original.shape
        assert 0.01 < (np.abs(image.astype(int) - original).max(axis=2) > 60).mean() < 0.5
    assert sorted(p.name for p in (everything[1] / 'annotated').iterdir()) == [
        'b.jpg', 'clip.mp4', 'deeper']


def test_the_chart_shows_both_tracks(everything):
    (path,) = (everything[1] / 'charts').iterdir()
    assert path.name == 'clip_timeline.png'
    image = cv2.imread(str(path))
    assert image.shape[1] == 1320
    assert image.shape[0] == pytest.approx(120 * (1.3 + 2 * 1.45), abs=1)


def test_outputs_of_files_of_the_same_name_do_not_meet(clip, sources, tmp_path):
    other = tmp_path / 'clip.png'
    assert cv2.imwrite(str(other), clip[1][3])
    result = run(sources / 'deeper' / 'clip.png', other, '--video', tmp_path / 'out')
    assert result.exit_code == 0, result.stderr
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == ['clip-2.png', 'clip.png']


@pytest.mark.parametrize(('option', 'rows'), [
    ('--json', json.loads),
    ('--csv', lambda text: list(csv.DictReader(io.StringIO(text))))])
def test_rows_can_go_to_the_standard_output(sources, option, rows):
    done = subprocess.run(
        [*PROGRAM, sources / 'b.jpg', option, '-'], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert [row['label'] for row in rows(done.stdout)]
    assert done.stderr.startswith(f'{sources / "b.jpg"}: 1 image, 2 faces, 2 tracks')


@pytest.mark.parametrize('option', ['--json', '--csv'])
def test_it_ends_where_nobody_reads_the_standard_output_any_more(clip, tmp_path, option):
    video = write_video(tmp_path / 'long.avi', clip[1] * 40)
    with subprocess.Popen(
            [*PROGRAM, video, option, '-'], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        try:
            p.stdout.readline()
            p.stdout.close()
            errors = p.stderr.read().decode()
            assert p.wait(100) == 1
        finally:
            p.kill()
    assert errors == 'Error: the standard output cannot be written: Broken pipe.\n'


def test_every_image_is_classified_where_that_is_asked(sources, tmp_path):
    changes = []
    for settings in ([], ['--set', 'emotion_node.rate_hz=0']):
        result = run(sources / 'clip.mp4', '--json', tmp_path / 'a.json', *settings)
        assert result.exit_code == 0, result.stderr
        rows = json.loads((tmp_path / 'a.json').read_text())
        changes.append(len({
            (row['track_id'], *(row[name] for name in LABELS)) for row in rows}))
    # 20 images a second, of which every second one is classified.
    assert changes[0] <= IMAGES + 2
    assert changes[1] > 1.6 * changes[0]


def rows_of_pictures(pictures, *arguments):
    """Return the rows of pictures; track IDs, which are never used again, are left out."""
    result = run(*pictures, '--json', '-', *arguments)
    assert result.exit_code == 0, result.stderr
    return [
        {name: value for name, value in row.items() if name != 'track_id'}
        for row in json.loads(result.stdout)]


def parameter_file(folder, *sections):
    """Write a parameter file; each section is a node with lines of YAML."""
    path = folder / 'mine.yaml'
    path.write_text(''.join(
        '\n    '.join([f'/**/{node}:\n  ros__parameters:', *lines]) + '\n'
        for node, *lines in sections))
    return path


def crowd(folder):
    """Write two unrelated pictures: ten faces, and another face at the place of the first."""
    face = astronaut()[50:200, 150:300]
    paths = [folder / 'a.png', folder / 'b.png']
    for path, image in zip(paths, [np.tile(face, (2, 5, 1)), face[:, ::-1]], strict=True):
        assert cv2.imwrite(str(path), image)
    return paths


@pytest.mark.parametrize('sections', [
    [('overlay_node', 'jpeg_quality: 90')],
    [('face_node', 'tracker.name: association', 'tracker.min_hits: 5', 'detector.interval: 10',
      'rotated_search_interval: 100', 'landmarks.faces_per_image: 1'),
     ('emotion_node', 'rate_hz: 0.1', 'max_batch: 1', 'budget_ms: 0.001', 'smoothing_s: 60.0')],
    [('face_node', 'tracker.name: kcf')],
])
def test_pictures_stand_alone_with_any_file(tmp_path, sections):
    pictures = crowd(tmp_path)
    expected = rows_of_pictures(pictures)
    assert [row['label'] for row in expected] == ['happiness'] * 11
    file = parameter_file(tmp_path, *sections)
    assert rows_of_pictures(pictures, '--config', file) == expected
    # The same values on the command line.
    settings = [
        f'--set={node}.{line.replace(": ", "=")}' for node, *lines in sections for line in lines]
    assert rows_of_pictures(pictures, *settings) == expected


@pytest.mark.parametrize('config', ['live', 'low_power', 'mtcnn_csrt', 'a copy'])
def test_a_picture_shows_its_faces_with_every_preset(tmp_path, sources, config):
    if config == 'mtcnn_csrt':
        pytest.importorskip('mtcnn', reason='requirements/mtcnn.txt is not installed')
    if config == 'a copy':
        config = tmp_path / 'my.yaml'
        config.write_text((ROOT / 'config' / 'live.yaml').read_text())
    rows = rows_of_pictures([sources / 'b.jpg'], '--config', config)
    assert sorted(row['label'] for row in rows) == ['happiness', 'neutral']


def test_a_leaning_face_is_found_with_a_file_for_videos(tmp_path):
    matrix = cv2.getRotationMatrix2D((225, 125), -60, 1.0)
    leaning = cv2.warpAffine(astronaut(), matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    assert cv2.imwrite(str(tmp_path / 'a.png'), leaning)
    (row,) = rows_of_pictures([tmp_path / 'a.png'], '--config', 'live')
    assert row['roll'] == pytest.approx(np.radians(63), abs=np.radians(6))


@pytest.mark.parametrize(('section', 'find'), [
    (('face_node', 'detector.min_size: 400'), lambda rows: len(rows)),
    (('face_node', 'max_faces: 1'), lambda rows: len(rows) - 1),
    (('emotion_node', 'min_confidence: 1.0'),
     lambda rows: sum(row['label'] != 'unknown' for row in rows)),
])
def test_other_values_of_a_file_count_for_pictures(tmp_path, sources, section, find):
    assert find(rows_of_pictures([sources / 'b.jpg'])) > 0
    file = parameter_file(tmp_path, section)
    assert find(rows_of_pictures([sources / 'b.jpg'], '--config', file)) == 0


def test_a_file_can_switch_the_rotated_search_of_pictures_off(tmp_path):
    file = parameter_file(tmp_path, ('face_node', 'rotated_search_interval: 0'))
    assert picture_parameters(str(file), (), {})['face_node']['rotated_search_interval'] == 0


def test_pictures_wait_for_the_nodes_and_come_at_a_rate_that_these_keep():
    values = picture_parameters_of_nodes(
        'live', ('face_node.input.max_delay_s=0.5', 'face_node.max_faces=3'), {})
    still = read_config('still')
    assert values['camera_node']['rate_hz'] == still['camera_node']['rate_hz']
    assert values['face_node']['tracker.name'] == 'none'
    assert values['face_node']['max_faces'] == 3
    for node in 'face_node', 'emotion_node', 'overlay_node':
        assert values[node]['input.max_delay_s'] == still[node]['input.max_delay_s']
    settings = ('camera_node.rate_hz=2',)
    assert picture_parameters_of_nodes('live', settings, {})['camera_node']['rate_hz'] == 2


def test_every_fixed_parameter_of_pictures_is_set_in_still():
    still = read_config('still')
    for node, names in FIXED.items():
        assert set(names) <= set(still[node])


def test_a_truncated_video_keeps_its_rows(clip, tmp_path):
    video = write_video(tmp_path / 'clip.avi', clip[1])
    data = video.read_bytes()
    video.write_bytes(data[:len(data) * 6 // 10])
    result = run(video, '--json', tmp_path / 'a.json', '--video', tmp_path / 'b.avi')
    assert result.exit_code == 1
    assert f'{video} ended after' in result.stderr
    rows = json.loads((tmp_path / 'a.json').read_text())
    images = rows[-1]['image'] + 1
    assert IMAGES / 3 < images < IMAGES * 0.7
    assert {row['image'] for row in rows} == set(range(1, images))
    assert len(read_video(tmp_path / 'b.avi')[0]) == images


def test_a_video_of_one_image_is_a_picture(clip, tmp_path):
    video = write_video(tmp_path / 'one.mp4', clip[1][:1])
    result = run(video, '--csv', '-')
    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) == 1 + 2


@pytest.mark.parametrize('size', [(1, 1), (1, 600), (3000, 8), (17, 33)])
def test_pictures_of_odd_sizes(tmp_path, size):
    assert cv2.imwrite(str(tmp_path / 'a.png'), np.full((*size, 3), 128, np.uint8))
    result = run(tmp_path, '--csv', '-', '--video', tmp_path / 'out')
    assert result.exit_code == 0, result.output
    assert cv2.imread(str(tmp_path / 'out' / 'a.png')).shape == (*size, 3)


def test_what_does_not_exist_and_empty_folders(sources, tmp_path):
    (tmp_path / 'empty').mkdir()
    result = run(tmp_path / 'nobody.mp4', tmp_path / 'empty', sources / 'b.jpg', '--csv', '-')
    assert result.exit_code == 1
    assert f'{tmp_path / "nobody.mp4"} does not exist: check the name.' in result.stderr
    assert f'the folder {tmp_path / "empty"} contains no picture or video.' in result.stderr
    assert len(result.stdout.splitlines()) == 1 + 2


@pytest.mark.parametrize(('address', 'words'), [
    ('http://camera.local/a.jpg?size=2',
     'download it, or watch it with fer live --source http://camera.local/a.jpg?size=2.'),
    ('RTSP://me:secret@10.0.0.2:554/live', 'fer live --source rtsp://***@10.0.0.2:554/live.'),
    ('ftp://host/party.mp4', 'party.mp4 is an address, and only files are analysed: download it.'),
    ('file:///videos/party.mp4', 'give the path of the file, /videos/party.mp4.')])
def test_an_address_is_called_an_address(address, words):
    result = run(address)
    assert result.exit_code == 1
    assert words in result.stderr
    assert 'secret' not in result.stderr


@pytest.mark.parametrize(('arguments', 'words'), [
    ([], "Missing argument 'PATH...'"),
    (['b.jpg', '--json', '-', '--csv', '-'], 'cannot both use the standard output'),
    (['b.jpg', '--video', 'a.mp4'], 'the input is a picture: give a folder'),
    (['b.jpg', 'clip.mp4', '--video', 'a.mp4'], 'there are 2 inputs: give a folder'),
    (['b.jpg', '--plot', 'a.png'], 'the picture gets no chart'),
    (['b.jpg', 'clip.mp4', '--plot', 'a.png'], 'there are 2 inputs: give a folder'),
    (['clip.mp4', '--video', 'a.webm'], 'must end in .mp4, .mkv, .avi, or be a folder'),
    (['clip.mp4', '--plot', 'a.svg'], 'must end in .png, or be a folder'),
    (['clip.mp4', '--video', 'clip.mp4'], 'is one of the input files'),
    (['clip.mp4', '--csv', 'clip.mp4'], 'is one of the input files'),
    (['clip.mp4', '--video', '.'], 'is one of the input files'),
    (['b.jpg', '--json', 'rows', '--csv', './rows'], 'two outputs have the name rows'),
    (['clip.mp4', '--video', 'z.mp4', '--csv', 'z.mp4'], 'two outputs have the name z.mp4'),
])
def test_wrong_use(sources, monkeypatch, arguments, words):
    monkeypatch.chdir(sources)
    before = (sources / 'clip.mp4').read_bytes()
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in ' '.join(result.stderr.split())
    assert (sources / 'clip.mp4').read_bytes() == before


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--config', 'liv'], "There is no configuration 'liv'"),
    (['--set', 'rate_hz=3'], 'write NODE.NAME=VALUE'),
    (['--set', 'emotion_node.rate=3'], "there is no option 'rate'"),
    (['--set', 'emotion_node.rate_hz=-3'], 'rate_hz must be 0 to 240 Hz, not -3'),
    (['--model', 'nobody'], 'nobody'),
    (['--json', 'no/folder/a.json'], 'no/folder/a.json cannot be written: No such file'),
])
def test_wrong_values(sources, monkeypatch, arguments, words):
    monkeypatch.chdir(sources)
    result = run('b.jpg', *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith('Error: ')
    assert words in result.stderr
    assert result.stderr.rstrip().endswith(('.', '?'))


@pytest.mark.parametrize('option', ['--json', '--csv'])
@pytest.mark.parametrize('arguments', [['b.jpg', '--model', 'nobody'], ['nobody.jpg']])
def test_where_nothing_can_be_done_earlier_results_stay(
        sources, tmp_path, monkeypatch, option, arguments):
    monkeypatch.chdir(sources)
    (tmp_path / 'rows').write_text('earlier')
    assert run(*arguments, option, tmp_path / 'rows').exit_code == 1
    assert (tmp_path / 'rows').read_text() == 'earlier'


@pytest.mark.parametrize(('inputs', 'words', 'charts'), [
    (['b.jpg'], 'the picture gets no chart', []),
    (['b.jpg', 'deeper'], 'the 2 pictures get no chart', []),
    (['b.jpg', 'clip.mp4'], 'the picture gets no chart', ['clip_timeline.png']),
    (['clip.mp4'], '', ['clip_timeline.png'])])
def test_it_is_said_once_that_pictures_get_no_chart(
        sources, tmp_path, monkeypatch, inputs, words, charts):
    monkeypatch.chdir(sources)
    result = run(*inputs, '--plot', tmp_path / 'plots')
    assert result.exit_code == 0, result.output
    said = [line for line in result.stderr.splitlines() if '--plot' in line]
    assert len(said) == bool(words)
    for line in said:
        assert words in line
        assert 'for videos only' in line
    assert sorted(path.name for path in tmp_path.glob('plots/*')) == charts


def test_charts_and_annotated_pictures_in_one_folder_do_not_meet(clip, tmp_path):
    write_video(tmp_path / 'x.mp4', clip[1][:3])
    cv2.imwrite(str(tmp_path / 'x_timeline.png'), clip[1][0])
    result = run(tmp_path, '--video', tmp_path / 'out', '--plot', tmp_path / 'out')
    assert result.exit_code == 0, result.output
    made = {path.name for path in (tmp_path / 'out').iterdir()}
    assert made == {'x.mp4', 'x_timeline.png', 'x_timeline-2.png'}


def test_a_closed_standard_output_is_told_in_words_for_a_picture_too(sources):
    read, write = os.pipe()
    os.close(read)
    with open(write, 'wb') as output:
        done = subprocess.run(
            [*PROGRAM, sources / 'b.jpg', '--json', '-'], stdout=output, stderr=subprocess.PIPE,
            text=True, timeout=100)
    assert done.returncode == 1
    assert done.stderr == 'Error: the standard output cannot be written: Broken pipe.\n'


def test_names_that_no_program_can_read_are_told(clip, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), clip[1][0])
    for name in (b'x\xff.mp4', b'y\xff.jpg'):
        Path(os.fsdecode(os.fsencode(tmp_path) + b'/' + name)).write_bytes(b'')
    long = tmp_path / ('n' * 300)
    result = run(tmp_path, long, '--csv', '-')
    assert result.exit_code == 1
    for name in ('x', 'y'):
        assert f'{name}\\xff' in result.stderr
    assert result.stderr.count('not UTF-8: rename it.') == 2
    assert f'{long} cannot be read: File name too long.' in result.stderr
    assert len(result.stdout.splitlines()) == 1 + 2


@pytest.mark.parametrize('home', ['/proc', '/dev/null', None])
def test_a_chart_is_drawn_without_a_home(clip, tmp_path, home):
    video = write_video(tmp_path / 'clip.mp4', clip[1][:4])
    environment = {k: v for k, v in os.environ.items() if k != 'HOME' and k[:4] not in (
        'XDG_', 'MPLC')}
    done = subprocess.run(
        [*PROGRAM, video, '--plot', tmp_path / 'a.png'], capture_output=True, text=True,
        timeout=100, env=environment if home is None else {**environment, 'HOME': home})
    assert done.returncode == 0, done.stderr
    assert cv2.imread(str(tmp_path / 'a.png')) is not None
    (line,) = done.stderr.splitlines()
    assert line.startswith(f'{video}: 4 images')


@pytest.mark.parametrize('name', ['a$\\foo$', '顔'])
def test_a_chart_can_have_any_title(tmp_path, name, recwarn):
    chart = Timeline()
    chart.add(0.0, [face(1)])
    chart.save(tmp_path / 'a.png', name)
    assert cv2.imread(str(tmp_path / 'a.png')) is not None
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize('rate', [119.987, 90.123, 23.976])
def test_videos_of_any_rate_can_be_annotated(tmp_path, rate):
    file = VideoFileWriter(tmp_path / 'a.mp4', rate)
    for k in range(10):
        file.write(np.full((48, 64, 3), 20 * k, np.uint8), round(k * 1e9 / rate))
    file.close()
    capture = cv2.VideoCapture(str(tmp_path / 'a.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(rate, rel=2e-3)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 10


def test_a_size_that_a_format_cannot_hold_is_told(tmp_path, capfd):
    file = VideoFileWriter(tmp_path / 'a.mp4', 30.0)
    with pytest.raises(OSError, match=r'whether \.mp4 can hold 1x1 at 30 Hz'):
        file.write(np.zeros((1, 1, 3), np.uint8), 0)
    assert capfd.readouterr().err == ''


def test_a_video_that_cannot_be_written_is_named(sources, tmp_path):
    result = run(sources / 'clip.mp4', '--csv', '-', '--video', tmp_path / 'nowhere' / '..' / 'x')
    assert result.exit_code == 0, 'a folder that can be made'
    (tmp_path / 'file').write_text('')
    result = run(sources / 'clip.mp4', '--csv', '-', '--video', tmp_path / 'file' / 'x')
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == (
        f'{sources / "clip.mp4"}: {tmp_path / "file" / "x"}: Not a directory.')


def test_ctrl_c_leaves_all_that_was_found(clip, tmp_path):
    video = write_video(tmp_path / 'long.avi', clip[1] * 40)
    rows = tmp_path / 'rows.csv'
    with subprocess.Popen(
            [*PROGRAM, video, '--json', tmp_path / 'rows.json', '--csv', rows, '--video',
             tmp_path / 'out.mkv'], stderr=subprocess.PIPE, text=True) as program:
        try:
            deadline = time.monotonic() + 100
            while not rows.exists() or len(rows.read_bytes()) < 500:
                assert time.monotonic() < deadline
                assert program.poll() is None
                time.sleep(0.01)
            program.send_signal(signal.SIGINT)
            errors = program.stderr.read()
            assert program.wait(60) == 130, errors
        finally:
            program.kill()
    assert 'Traceback' not in errors
    found = json.loads((tmp_path / 'rows.json').read_text())
    images = len(read_video(tmp_path / 'out.mkv')[0])
    assert 1 < images < len(clip[1]) * 40
    assert found[-1]['image'] == images - 1
    with rows.open(newline='') as lines:
        assert len(list(csv.DictReader(lines))) == len(found)


def test_it_works_where_there_is_no_ros(sources):
    code = (
        'import sys\n'
        "sys.modules.update(dict.fromkeys(('rclpy', 'fer_msgs', 'sensor_msgs')))\n"
        'from fer_ros.__main__ import main\n'
        f'sys.argv[1:] = ["analyze", {str(sources / "b.jpg")!r}, "--csv", "-"]\n'
        'try:\n'
        '    main()\n'
        'except SystemExit as end:\n'
        "    print(end.code, 'tensorflow' in sys.modules)\n")
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=100)
    *lines, last = done.stdout.splitlines()
    assert last == '0 False', done.stderr
    assert len(lines) == 3


def test_a_terminal_shows_progress(sources):
    screen, terminal = pty.openpty()
    with subprocess.Popen(
            [*PROGRAM, sources / 'clip.mp4', sources / 'b.jpg', '--csv', '-'],
            stdout=subprocess.DEVNULL, stderr=terminal, env={**os.environ, 'TERM': 'xterm'}) as p:
        os.close(terminal)
        shown = b''
        try:
            while part := os.read(screen, 65536):
                shown += part
        except OSError:
            pass  # the terminal's other end is closed
        assert p.wait(100) == 0
    os.close(screen)
    text = shown.decode()
    for words in ('files', 'clip.mp4', '2/2', 'images/s', '0:00:00'):
        assert words in text


def test_folders_are_searched_in_order(tmp_path):
    for name in ('b/2.png', 'b/10.PNG', 'a.mkv', '.git/c.png', 'b/.d.png', 'b/readme', 'c.gif'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b'')
    faults = []
    found = find_media([tmp_path], faults.append)
    assert [(str(media.name), media.is_video) for media in found] == [
        ('a.mkv', True), ('b/10.PNG', False), ('b/2.png', False), ('c.gif', True)]
    assert faults == []


def test_a_folder_is_judged_by_content_and_drops_no_picture_without_a_word(
        clip, sources, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    picture = (sources / 'b.jpg').read_bytes()
    for name, data in (
            ('IMG_1.heic', heif_start(b'heic', b'mif1')), ('download.jfif', picture),
            ('cam.h264', h264_stream([60, 120, 200])), ('stereo.mpo', picture + jpeg(clip[1][0])),
            ('Thumbs.db', b'\xd0\xcf\x11\xe0'), ('download.xmp', b'<?xpacket begin=""?>'),
            ('.DS_Store', b'\0\0\0\1Bud1'), ('._download.jfif', b'\0\5\x16\7')):
        (tmp_path / name).write_bytes(data)
    result = run(tmp_path, '--csv', tmp_path / 'rows.csv')
    assert result.exit_code == 1
    lines = dict(line.split(': ', 1) for line in result.stderr.splitlines())
    assert list(lines) == [
        str(tmp_path / 'IMG_1.heic') + ' is a HEIC picture', str(tmp_path / 'cam.h264'),
        str(tmp_path / 'download.jfif'), str(tmp_path / 'stereo.mpo')]
    assert 'pip install pillow-heif' in next(iter(lines.values()))
    assert lines[str(tmp_path / 'cam.h264')].startswith('3 images, 0 faces')
    for name in ('download.jfif', 'stereo.mpo'):
        assert lines[str(tmp_path / name)].startswith('1 image, 2 faces')


def test_an_animation_that_is_read_as_a_picture_is_noted_and_no_fault(clip, tmp_path):
    path = tmp_path / 'pages.tif'
    assert cv2.imwritemulti(str(path), [clip[1][0], clip[1][1]])
    result = run(path)
    assert result.exit_code == 0
    note, line = result.stderr.splitlines()
    assert note.startswith(f'{path} contains 2 images, of which only the first is used: ')
    assert note.endswith('.')
    assert line.startswith(f'{path}: 1 image, 2 faces')


def test_a_file_that_is_named_itself_may_have_any_name(clip, tmp_path):
    picture, video = tmp_path / 'picture', tmp_path / 'video'
    picture.write_bytes(cv2.imencode('.png', clip[1][0])[1].tobytes())
    video.write_bytes(write_video(tmp_path / 'a.avi', clip[1]).read_bytes())
    assert [media.is_video for media in find_media([picture, video], pytest.fail)] == [
        False, True]


def test_the_times_are_those_that_the_file_states(clip, tmp_path):
    with TimedVideo(write_video(tmp_path / 'a.mp4', clip[1], 12.5)) as video:
        images = list(video.images())
    assert [image.number for image in images] == list(range(IMAGES))
    assert [image.time_s for image in images] == pytest.approx([k / 12.5 for k in range(IMAGES)])
    assert video.faults == []


def test_a_format_without_times_has_those_of_its_rate(clip, tmp_path):
    bare = tmp_path / 'a.mjpeg'
    bare.write_bytes(b''.join(cv2.imencode('.jpg', image)[1].tobytes() for image in clip[1]))
    with TimedVideo(bare) as video:
        times = [image.time_s for image in video.images()]
        assert np.diff(times) == pytest.approx(np.full(IMAGES - 1, 1 / video.rate_hz), abs=0.001)


def test_an_annotated_video_can_have_the_rate_of_its_source(tmp_path):
    file = VideoFileWriter(tmp_path / 'a.avi', 12.5)
    for k in range(4):
        file.write(np.full((48, 64, 3), 60 * k, np.uint8), k * 80_000_000)
    file.close()
    images, rate = read_video(tmp_path / 'a.avi')
    assert rate == 12.5
    assert [round(image.mean() / 60) for image in images] == [0, 1, 2, 3]


def face(track_id, **values):
    """Return a face that was not classified yet, unless the values say so."""
    return FaceEmotion(
        track_id, FaceState.TRACKED, Box(1.0, 2.0, 3.0, 4.0), 0.5, HeadPose(), **values)


def test_the_files_of_rows_are_whole_after_each_call(tmp_path):
    row = dict.fromkeys(COLUMNS)
    with JsonFile(tmp_path / 'a.json') as as_json, CsvFile(tmp_path / 'a.csv') as as_csv:
        for count in (0, 1, 3, 0):
            rows = [{**row, 'file': 'x' * 100, 'image': k} for k in range(count)]
            before = json.loads((tmp_path / 'a.json').read_text())
            as_json.write(rows)
            as_csv.write(rows)
            assert json.loads((tmp_path / 'a.json').read_text()) == before + rows
            assert len((tmp_path / 'a.csv').read_text().splitlines()) == 1 + len(before) + count
    assert len(json.loads((tmp_path / 'a.json').read_text())) == 4


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='there is no /dev/full')
@pytest.mark.parametrize('kind', [CsvFile, JsonFile])
def test_a_full_disk_is_told_in_words(tmp_path, kind):
    path = tmp_path / 'full'
    path.symlink_to('/dev/full')
    with pytest.raises(OutputError, match=r'full cannot be written: No space left on device'):
        kind(path)


def colors_of(path):
    """Return the share of each emotion's colour among the chart's pixels."""
    from fer_ros.media.drawing import COLORS
    image = cv2.imread(str(path))
    return {
        emotion: float((np.abs(image.astype(int) - color).max(axis=2) <= 2).mean())
        for emotion, color in COLORS.items()}


def test_the_chart_has_the_colours_of_the_emotions(tmp_path):
    timeline = Timeline()
    probabilities = np.zeros(7, np.float32)
    probabilities[[Emotion.HAPPY, Emotion.SAD]] = 0.75, 0.25
    for k in range(100):
        timeline.add(k / 10, [face(1, emotion=Emotion.HAPPY, probabilities=probabilities)])
    timeline.save(tmp_path / 'a.png', 'title')
    shares = colors_of(tmp_path / 'a.png')
    # The band of the labels adds to happiness: 0.75 + 0.15 against 0.25.
    assert shares[Emotion.HAPPY] / shares[Emotion.SAD] == pytest.approx(0.9 / 0.25, rel=0.1)
    assert max(shares[emotion] for emotion in (Emotion.ANGRY, Emotion.FEAR)) < 0.01


def test_a_chart_of_many_tracks_shows_the_longest_only(tmp_path):
    timeline = Timeline()
    for k in range(40):
        timeline.add(k / 10, [face(j) for j in range(1, 20) if k < 2 * j])
    timeline.save(tmp_path / 'a.png', 'title')
    height = cv2.imread(str(tmp_path / 'a.png')).shape[0]
    assert height == pytest.approx(120 * (1.3 + MAX_TRACKS * 1.45), abs=1)


def test_a_chart_without_a_face_is_a_chart(tmp_path):
    timeline = Timeline()
    timeline.add(0.0, [])
    timeline.save(tmp_path / 'a.png', 'title')
    assert cv2.imread(str(tmp_path / 'a.png')).shape[1] == 1320
