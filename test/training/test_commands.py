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

"""`fer evaluate`, `models`, `train` and `export` as a person calls them."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys

from click.testing import CliRunner
from data_files import write_picture
from fer_ros.cli import fer
from fer_ros.core import resources
from fer_ros.evaluation.detected_faces import PipelineFaces
from fer_ros.evaluation.evaluation_file import load_evaluation
import numpy as np
import pytest
from tiny_models import EDGE, file_fields, linear_model, write_model

FOR_HAPPINESS, FOR_ANGER = 3, 0


def ran(*arguments, code=0):
    result = CliRunner().invoke(
        fer, [str(word) for word in arguments], catch_exceptions=False, prog_name='fer')
    assert result.exit_code == code, result.output
    return result


def always(emotion, whole_numbers=False):
    """Return a model that says the same of each face, with a probability of 0.5."""
    logits = np.zeros(7, np.float32)
    logits[emotion] = np.log(6)
    return linear_model(
        np.zeros((7, EDGE * EDGE), np.float32), logits, whole_numbers=whole_numbers)


@pytest.fixture
def model(tmp_path):
    """Return the card of a model whose int8 file is always happy, its float32 file angry."""
    folder = tmp_path / 'tiny'
    folder.mkdir()
    return write_model(
        folder, always(FOR_ANGER), int8=always(FOR_HAPPINESS, whole_numbers=True))


@pytest.fixture
def data(tmp_path):
    """Return FER-2013 with few rows, of which two of PublicTest also stand in Training."""
    random = np.random.default_rng(4)
    images = random.integers(0, 256, (26, 8, 8), dtype=np.uint8)
    usage = np.repeat([0, 1, 2], [6, 10, 10])
    emotion = np.concatenate([np.arange(6), [3, 3, 3, 0, 0, 1, 2, 4, 5, 6], [3] * 10])
    images[6], images[9] = images[0], images[1]
    np.savez(tmp_path / 'data.npz', image=images, emotion=emotion.astype(np.uint8), usage=usage)
    return tmp_path / 'data.npz'


def test_the_figures_are_those_of_the_rows(model, data, tmp_path):
    out = tmp_path / 'new' / 'out.json'
    result = ran('evaluate', '--model', model, '--data', data, '--json', out)
    found = json.loads(out.read_text())
    assert (found['model'], found['precision']) == ('tiny/0.1.0', 'int8')
    assert (found['split'], found['labels'], found['threads']) == ('public', 'fer2013', 1)
    assert (found['n'], found['accuracy']) == (10, 0.3)
    assert found['macro_f1'] == pytest.approx(2 * 3 / (3 + 10) / 7, abs=1e-4)
    assert found['per_class_recall']['happiness'] == 1.0
    assert found['per_class_recall']['anger'] == 0.0
    # Sure by about 0.5 (the output has steps), right in 0.3.
    assert found['ece'] == pytest.approx(0.2, abs=0.02)
    assert np.array(found['confusion']).sum(axis=0).tolist() == [0, 0, 0, 10, 0, 0, 0]
    assert found['ms_per_face'] > 0
    # Left are two of the three that are happy, and six others.
    assert found['without_rows_in_training']['n'] == 8
    assert found['without_rows_in_training']['accuracy'] == 0.25
    assert '30.00%' in result.output
    assert '25.00%' in result.output
    assert str(out) in result.output


@pytest.mark.parametrize(('arguments', 'n', 'accuracy'), [
    (['--split', 'private'], 10, 1.0),
    # Two of the six stand in PublicTest.
    (['--split', 'train'], 4, 0.25),
    (['--precision', 'float32', '--threads', '2'], 10, 0.2),
])
def test_split_and_precision_can_be_chosen(model, data, tmp_path, arguments, n, accuracy):
    out = tmp_path / 'out.json'
    ran('evaluate', '--model', model, '--data', data, '--json', out, *arguments)
    found = json.loads(out.read_text())
    assert (found['n'], found['accuracy']) == (n, accuracy)


def test_it_says_which_split_a_folder_became(model, tmp_path):
    for name in 'train', 'Private_Test':
        write_picture(tmp_path / 'faces' / name / 'happy' / '1.png', len(name))
    result = ran(
        'evaluate', '--model', model, '--data', tmp_path / 'faces', '--split', 'private',
        '--json', tmp_path / 'out.json')
    assert 'faces/, Private_Test/ is private, train/ is training.' in result.output
    assert json.loads((tmp_path / 'out.json').read_text())['n'] == 1


def test_plots_are_drawn(model, data, tmp_path):
    ran('evaluate', '--model', model, '--data', data, '--plots', tmp_path / 'a' / 'plots')
    assert {path.name for path in (tmp_path / 'a' / 'plots').iterdir()} == {
        f'tiny_{kind}_fer2013_public_int8_own.png' for kind in ('confusion', 'reliability')}


def documents_of(card):
    return [path.read_text() for path in sorted(card.parent.glob('*.yaml'))]


HIDDEN, SHOWN = b'\x1b[?25l', b'\x1b[?25h'


def test_ctrl_c_leaves_the_terminal_as_it_was(model, tmp_path):
    rows = 20_000
    np.savez(
        tmp_path / 'many.npz', image=np.zeros((rows, 48, 48), np.uint8),
        emotion=np.zeros(rows, np.uint8), usage=np.ones(rows, np.uint8))
    terminal, end = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros', 'evaluate', '--model', 'default', '--data',
         str(tmp_path / 'many.npz')], stdin=end, stdout=end, stderr=end,
        env={**os.environ, 'TERM': 'xterm'})
    os.close(end)
    said = b''
    try:
        while b'classifying' not in said:
            said += os.read(terminal, 1000)
        program.send_signal(signal.SIGINT)
        while True:
            said += os.read(terminal, 1000)
    except OSError:  # the program has ended
        pass
    finally:
        program.kill()
        os.close(terminal)
    assert program.wait() == 130
    assert said.rindex(SHOWN) > said.rindex(HIDDEN)
    assert b'Traceback' not in said
    assert b'Aborted' not in said


def test_crops_of_the_pipeline_stand_beside_the_own_framing(data, tmp_path, monkeypatch):
    # Dark pictures are angry for it, others happy; all of the pipeline's crops are dark.
    weights = np.zeros((7, EDGE * EDGE), np.float32)
    weights[FOR_HAPPINESS] = 1
    logits = np.full(7, -99, np.float32)
    logits[[FOR_ANGER, FOR_HAPPINESS]] = -8, 0
    card = write_model(tmp_path, linear_model(weights, logits))
    found = np.arange(10) % 2 == 0
    monkeypatch.setattr(
        'fer_ros.evaluation.detected_faces.pipeline_faces',
        lambda images, size: PipelineFaces(
            np.zeros((len(images), size, size), np.uint8), found, np.zeros((10, 288), np.float32)))
    out = tmp_path / 'out.json'
    result = ran(
        'evaluate', '--model', card, '--data', data, '--crops', 'pipeline', '--json', out,
        '--update-card')
    figures = json.loads(out.read_text())
    # Of rows 0, 2, 4, 6 and 8 of PublicTest two are happy and one is angry.
    assert (figures['n'], figures['rows'], figures['accuracy']) == (5, 10, 0.2)
    assert figures['own_framing']['accuracy'] == 0.4
    assert '5 of 10' in result.output
    stated = load_evaluation(card).figures['pipeline_crops']['float32']['fer2013']['public']
    assert (stated['n'], stated['accuracy'], stated['own_framing']['accuracy']) == (5, 0.2, 0.4)
    assert '5 of 10' in (tmp_path / 'README.md').read_text()


def test_mirror_images_have_their_own_place_in_the_card(data, tmp_path):
    # Brightness on the left is happy, on the right angry: with its mirror image each picture is
    # as much the one as the other, and what the biases prefer.
    weights = np.zeros((7, EDGE, EDGE), np.float32)
    weights[FOR_HAPPINESS, :, :EDGE // 2] = 1
    weights[FOR_ANGER, :, EDGE // 2:] = 1
    logits = np.full(7, -99, np.float32)
    logits[[FOR_ANGER, FOR_HAPPINESS]] = 0, 0.01
    card = write_model(tmp_path, linear_model(weights.reshape(7, -1), logits))
    plain, both = tmp_path / 'plain.json', tmp_path / 'both.json'
    ran('evaluate', '--model', card, '--data', data, '--json', plain, '--update-card')
    result = ran(
        'evaluate', '--model', card, '--data', data, '--json', both, '--mirrored',
        '--update-card', '--plots', tmp_path)
    called = [np.array(json.loads(path.read_text())['confusion']).sum(axis=0)
              for path in (plain, both)]
    assert all(called[0][[FOR_ANGER, FOR_HAPPINESS]] > 0)
    assert called[1][FOR_HAPPINESS] == 10
    assert 'each image averaged with its mirror image' in result.output
    assert (tmp_path / 'tiny_confusion_fer2013_public_float32_own_mirrored.png').is_file()
    figures = load_evaluation(card).figures
    assert figures['mirrored']['float32']['fer2013']['public']['accuracy'] == 0.3
    stated = figures['float32']['fer2013']['public']
    assert np.array(stated['confusion']).sum(axis=0).tolist() == called[0].tolist()
    assert '## With mirrored images' in (tmp_path / 'README.md').read_text()


@pytest.mark.parametrize('crops', ['pipeline', 'scenes'])
def test_figures_of_mirrored_images_are_kept_for_own_crops_only(model, data, crops):
    before = documents_of(model)
    result = ran(
        'evaluate', '--model', model, '--data', data, '--crops', crops, '--mirrored',
        '--update-card', code=2)
    assert f'--mirrored needs --crops own, not {crops}' in ' '.join(result.output.split())
    assert documents_of(model) == before


def test_each_scene_has_its_row(data, tmp_path, monkeypatch):
    card = write_model(tmp_path, always(FOR_ANGER))

    def seen_in(images, scene, size, progress):
        found = np.arange(10) % 2 == (scene.face_px == 20)
        return PipelineFaces(
            np.zeros((len(images), size, size), np.uint8), found, np.zeros((10, 288), np.float32))

    monkeypatch.setattr('fer_ros.evaluation.simulated_scenes.scene_faces', seen_in)
    out = tmp_path / 'out.json'
    result = ran(
        'evaluate', '--model', card, '--data', data, '--crops', 'scenes', '--json', out,
        '--update-card')
    scenes = json.loads(out.read_text())['scenes']
    # Of rows 0, 2, 4, 6 and 8 of PublicTest one is angry, and one of the others.
    assert {(row['n'], row['accuracy']) for row in scenes.values()} == {(5, 0.2)}
    assert 'rolled by 60 degrees' in result.output
    stated = load_evaluation(card).figures['scenes']['float32']['fer2013']['public']
    assert stated == {'rows': 10, 'scenes': scenes}
    assert '| 20 px | 50.0% | 20.00% |' in (tmp_path / 'README.md').read_text()


def test_the_card_is_brought_up_to_date(model, data):
    for arguments in (['--precision', 'float32'], [], ['--threads', 2]):
        ran('evaluate', '--model', model, '--data', data, '--update-card', *arguments)
    card = load_evaluation(model)
    assert card.figures['int8']['fer2013']['public']['accuracy'] == 0.3
    assert card.figures['float32']['fer2013']['public']['accuracy'] == 0.2
    assert 'ms_per_face' not in card.figures['int8']['fer2013']['public']
    assert {kind: set(card.ms_per_face[kind]) for kind in ('int8', 'float32')} == {
        'int8': {1, 2}, 'float32': {1}}
    assert '30.00%' in (model.parent / 'README.md').read_text()


def test_times_of_another_machine_do_not_stay(model, data, monkeypatch):
    for name in ('a robot', 'another robot'):
        monkeypatch.setattr('fer_ros.evaluation.evaluate_command.machine', lambda name=name: name)
        threads = 1 if name == 'a robot' else 2
        ran('evaluate', '--model', model, '--data', data, '--update-card', '--threads', threads)
    speeds = load_evaluation(model).ms_per_face
    assert (speeds['machine'], set(speeds['int8'])) == ('another robot', {2})


@pytest.mark.parametrize(('arguments', 'reason'), [
    (['--model', 'nobody'], 'nobody'),
    (['--precision', 'float32', '--model', '{int8_only}'], "no file of precision 'float32'"),
    (['--labels', 'ferplus'], 'ferplus_votes'),
    (['--data', '{text}'], 'words.npz'),
    (['--data', '{no_public}'], 'no public rows'),
    (['--json', '{text}/out.json'], 'words.npz'),
])
def test_what_is_wrong_is_told_in_a_sentence(model, data, tmp_path, arguments, reason):
    (tmp_path / 'words.npz').write_text('words')
    (tmp_path / 'int8').mkdir()
    whole = always(FOR_ANGER, whole_numbers=True)
    int8_only = write_model(
        tmp_path / 'int8', whole, files={'int8': file_fields('model.tflite', whole)})
    np.savez(
        tmp_path / 'training.npz', image=np.zeros((1, 8, 8), np.uint8),
        emotion=np.zeros(1, np.uint8), usage=np.zeros(1, np.uint8))
    places = {'int8_only': int8_only, 'text': tmp_path / 'words.npz',
              'no_public': tmp_path / 'training.npz'}
    result = ran(
        'evaluate', '--model', model, '--data', data,
        *(str(word).format(**places) for word in arguments), code=1)
    assert 'Error: ' in result.output
    assert reason in result.output
    assert 'Traceback' not in result.output


def test_what_fails_later_is_told_in_a_sentence(model, data, monkeypatch):
    def failing(classifier, rows):
        raise RuntimeError('training diverged')

    monkeypatch.setattr('fer_ros.evaluation.evaluate_command.evaluation_of', failing)
    result = ran('evaluate', '--model', model, '--data', data, code=1)
    assert 'Error: training diverged' in result.output


def test_scenes_are_not_plotted(model, data, tmp_path):
    result = ran(
        'evaluate', '--model', model, '--data', data, '--crops', 'scenes', '--plots', tmp_path,
        code=2)
    assert '--plots needs --crops own or pipeline' in result.output


def test_no_figures_of_training_rows_are_kept(model, data):
    before = documents_of(model)
    result = ran(
        'evaluate', '--model', model, '--data', data, '--split', 'train', '--update-card', code=2)
    assert '--update-card needs --split public or private, not train' in result.output
    assert documents_of(model) == before


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make an installation whose folder of models is empty, and return that folder."""
    monkeypatch.setattr(resources, '__file__', str(tmp_path / 'nowhere' / 'resources.py'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    folder = tmp_path / 'share' / 'fer_ros' / 'models'
    folder.mkdir(parents=True)
    return folder


def test_installed_models_are_listed_with_their_figures(installed):
    (installed / 'tiny').mkdir()
    write_model(
        installed / 'tiny', int8=always(FOR_HAPPINESS, whole_numbers=True),
        evaluation={
            'ms_per_face': {'machine': 'a robot', 'int8': {1: 0.52}},
            'figures': {'int8': {'fer2013': {'private': {'accuracy': 0.712}},
                                 'ferplus': {'private': {'accuracy': 0.876}}}}})
    result = ran('models')
    line, = (line.split() for line in result.output.splitlines() if line.startswith(' tiny'))
    assert line == ['tiny', '0.1.0', 'int8', '119', '0.0', '0.52', '71.2%', '87.6%', 'ok']
    found, = json.loads(ran('models', '--json').output)['models']
    assert (found['name'], found['version'], found['parameters']) == ('tiny', '0.1.0', 119)
    assert found['accuracy']['int8'] == {
        'fer2013': {'private': 0.712}, 'ferplus': {'private': 0.876}}
    assert {kind: file['state'] for kind, file in found['files'].items()} == {
        'float32': 'ok', 'int8': 'ok'}
    assert found['faults'] == []


def test_aliases_of_models_are_listed(installed):
    for folder in 'ferplus_light48', 'tiny':
        (installed / folder).mkdir()
        write_model(installed / folder, name=folder)
    text = ' '.join(ran('models').output.split())
    assert 'default is another name of ferplus_light48.' in text
    listed = json.loads(ran('models', '--json').output)['models']
    assert {model['name']: model['aliases'] for model in listed} == {
        'ferplus_light48': ['default'], 'tiny': []}


def test_damaged_and_missing_files_are_told(installed):
    names = ('broken', 'gone', 'sound', 'torn', 'unknown')
    for name in names:
        (installed / name).mkdir()
        write_model(installed / name, name=name)
    source = {'source': file_fields('model.keras', b'layers')}
    # Nothing is wrong in an installation without the network, which only trainings need.
    write_model(installed / 'sound', name='sound', evaluation=source)
    write_model(installed / 'torn', name='torn', evaluation=source)
    (installed / 'torn' / 'training').mkdir()
    (installed / 'torn' / 'training' / 'model.keras').write_bytes(b'Layers')
    (installed / 'unknown' / 'evaluation.yaml').unlink()
    (installed / 'gone' / 'model.tflite').unlink()
    (installed / 'broken' / 'model.yaml').write_text('name: [')
    result = ran('models', code=1)
    ends = {line.split()[0]: ' '.join(line.split()[8:]) for line in result.stdout.splitlines()
            if line.split() and line.split()[0] in names}
    assert ends == {
        'broken': 'card wrong', 'gone': 'float32 missing', 'sound': 'ok', 'torn': 'keras wrong',
        'unknown': 'evaluation wrong'}
    assert len(result.stderr.splitlines()) == 4
    assert 'model.keras has a wrong checksum' in result.stderr
    assert f'{installed / "unknown" / "evaluation.yaml"} cannot be read' in result.stderr
    states = {
        model['name']: {kind: file['state'] for kind, file in model.get('files', {}).items()}
        for model in json.loads(ran('models', '--json', code=1).stdout)['models']}
    assert states == {
        'broken': {}, 'gone': {'float32': 'missing'},
        'sound': {'float32': 'ok', 'keras': 'not installed'},
        'torn': {'float32': 'ok', 'keras': 'wrong'}, 'unknown': {'float32': 'ok'}}


@pytest.mark.parametrize('fields', [
    {'ms_per_face': {'float32': 1.2}}, {'figures': {'float32': None}},
    {'figures': {'float32': {'fer2013': {'private': {'n': 3}}}}}])
def test_wrong_figures_hide_neither_the_model_nor_the_others(installed, data, fields):
    for name, others in ('bad', fields), ('sound', {}):
        (installed / name).mkdir()
        write_model(installed / name, name=name, evaluation=others)
    result = ran('models', code=1)
    assert 'evaluation wrong' in result.stdout
    assert {line.split()[0] for line in result.stdout.splitlines() if 'float32' in line} == {
        'bad', 'sound'}
    assert str(installed / 'bad' / 'evaluation.yaml') in result.stderr
    result = ran('evaluate', '--model', installed / 'bad', '--data', data)
    assert f'warning: the evaluation file {installed / "bad"}' in result.stderr
    assert 'accuracy' in result.stdout
    result = ran(
        'evaluate', '--model', installed / 'bad', '--data', data, '--update-card', code=1)
    assert 'Error: the evaluation file' in result.output


def test_without_the_folder_of_models_the_places_tried_are_told(installed):
    shutil.rmtree(installed)
    result = ran('models', code=1)
    assert os.fspath(installed.parent) in result.output


def test_training_without_tensorflow_says_how_to_get_it(tmp_path, monkeypatch):
    for name in ('keras', 'tensorflow'):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ('train', 'export', 'networks'):
        monkeypatch.delitem(sys.modules, f'fer_ros.training.{name}', raising=False)
    (tmp_path / 'training.yaml').write_text('')
    result = ran('train', '--config', tmp_path / 'training.yaml', code=1)
    assert '`make setup-train`' in result.output
    assert '.venv-train/bin/fer train' in result.output
