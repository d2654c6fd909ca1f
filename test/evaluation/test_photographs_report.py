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
"""`fer evaluate` on a folder of photographs, from the command line to the figures."""

import json
import sys
from types import ModuleType

from click.testing import CliRunner
import cv2
from fer_ros.cli import fer
from fer_ros.core.emotions import Emotion
from fer_ros.evaluation.fer_package import FerPackage
from fer_ros.media.sample_clip import SampleClip
import numpy as np
from photographs import astronaut
import pytest


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two photographs, three labelled faces, and one without any face."""
    clip = SampleClip()
    cv2.imwrite(str(tmp_path / 'two.png'), clip.frame(0))
    cv2.imwrite(str(tmp_path / 'astronaut.png'), astronaut())
    cv2.imwrite(str(tmp_path / 'wall.png'), np.full((240, 320, 3), 128, np.uint8))
    # What the sample shows is stated in the documentation of `Pipeline`.
    left, right = sorted((face.box for face in clip.truth(0)), key=lambda box: box.x)
    lines = ['file,emotion,x,y,width,height', 'astronaut.png,happy,,,,', 'wall.png,sad,,,,']
    lines += [
        f'two.png,{emotion},{box.x},{box.y},{box.width},{box.height}'
        for emotion, box in (('happiness', left), ('neutral', right))]
    (tmp_path / 'labels.csv').write_text('\n'.join(lines))
    return tmp_path


def ran(*arguments, code=0):
    result = CliRunner().invoke(
        fer, ['evaluate', '--model', 'default', *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def test_faces_are_found_and_named_end_to_end(folder, tmp_path):
    out = tmp_path / 'new' / 'out.json'
    result = ran('--data', folder, '--json', out)
    measured = json.loads(out.read_text())
    assert measured['config'] == 'still'
    ours = measured['fer_ros']
    assert (ours['faces'], ours['photographs']) == (4, 3)
    values = {name: one['value'] for name, one in ours['figures'].items()}
    # Nothing is found on the wall; each face in the photographs is.
    assert (values['found'], values['named']) == (0.75, 0.75)
    confusion = np.array(ours['confusion'])
    assert confusion[Emotion.SAD, 7] == 1
    assert confusion[Emotion.HAPPY, Emotion.HAPPY] >= 1
    assert values['accuracy_of_found'] == pytest.approx(np.trace(confusion[:, :7]) / 3, abs=1e-4)
    assert 'ECE of named' in result.output
    assert '4 labelled faces in 3 photographs' in result.output
    assert not [
        line for line in result.output.splitlines() if len(line) > 80 and 'wrote' not in line]


def test_faulty_lines_are_refused(folder):
    (folder / 'labels.csv').write_text('file,emotion\nlost.png,sad\nwall.png,bored\n')
    result = ran('--data', folder, code=1)
    assert 'lost.png does not exist' in result.output
    assert "'bored' is none of" in result.output


@pytest.mark.parametrize('option', [
    ('--split', 'private'), ('--labels', 'ferplus'), ('--crops', 'own'), ('--mirrored',),
    ('--plots', 'plots'), ('--update-card',)])
def test_options_of_data_sets_are_refused(folder, option):
    result = ran('--data', folder, *option, code=2)
    assert f'{option[0]} is not for photographs' in ' '.join(result.output.split())


def test_the_peer_is_for_photographs_only(tmp_path):
    (tmp_path / 'val' / 'happy').mkdir(parents=True)
    assert '--peer needs a folder of photographs' in ' '.join(
        ran('--data', tmp_path, '--peer', code=2).output.split())


def test_a_peer_that_is_not_installed_is_left_out(folder, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'fer', None)
    result = ran('--data', folder, '--peer', '--json', tmp_path / 'out.json')
    assert 'The fer package is left out' in result.output
    assert 'fer' not in json.loads((tmp_path / 'out.json').read_text())


@pytest.fixture
def stand_in(monkeypatch):
    """Put a module in the place of the fer package, with its interface of version 22.5.1."""
    class FER:
        def detect_emotions(self, image):
            emotions = {'angry': 0.0, 'disgust': 0.0, 'fear': 0.0, 'happy': 0.77, 'sad': 0.04,
                        'surprise': 0.0, 'neutral': 0.19}
            height, width = image.shape[:2]
            return [{'box': np.array([0, 0, width, height]), 'emotions': emotions}]

    for name in 'fer', 'fer.fer':
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules['fer.fer'].FER = FER


def test_the_peer_stands_beside(stand_in, folder, tmp_path):
    result = ran('--data', folder, '--peer', '--json', tmp_path / 'out.json')
    measured = json.loads((tmp_path / 'out.json').read_text())
    # It says happy of everything, in a box that no labelled box of two.png overlaps enough.
    found = measured['fer']['figures']
    assert (found['found']['value'], found['accuracy']['value']) == (0.5, 0.25)
    for name, one in measured['difference'].items():
        ours, theirs = (measured[key]['figures'][name]['value'] for key in ('fer_ros', 'fer'))
        assert one['value'] == pytest.approx(ours - theirs, abs=1e-4)
        assert one['low'] <= one['value'] <= one['high']
    assert 'difference' in result.output
    assert not [
        line for line in result.output.splitlines() if len(line) > 80 and 'wrote' not in line]


def test_the_emotions_of_the_peer_get_our_order(stand_in):
    face, = FerPackage().find_faces(np.zeros((20, 30, 3), np.uint8))
    assert face.probabilities.tolist() == pytest.approx([0, 0, 0, 0.77, 0.04, 0, 0.19])
    assert (face.box.width, face.box.height) == (30, 20)
