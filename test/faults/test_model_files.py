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

"""A model that is missing, damaged or not what its card states is refused with a plain reason."""

import re

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import ModelError
from fer_ros.core.emotion_stage import EmotionOptions, EmotionStage
from fer_ros.core.emotions import LABELS
import pytest
from tiny_models import EDGE, linear_model, linear_weights, write_model
import yaml


def refused(card, *parts):
    """Load the model and assert that it is refused with a text that holds these parts."""
    with pytest.raises(ModelError) as refusal:
        LiteRtClassifier(load_card(card))
    text = str(refusal.value)
    assert str(card.parent) in text
    for part in parts:
        assert part in text
    assert '\n' not in text


def test_card_missing(tmp_path):
    refused(tmp_path / 'model.yaml', 'No such file', 'shipped models are')


def test_model_file_missing(tmp_path):
    card = write_model(tmp_path)
    (tmp_path / 'model.tflite').unlink()
    refused(card, 'model.tflite', 'No such file', 'install')


def test_model_file_truncated(tmp_path):
    card = write_model(tmp_path)
    whole = (tmp_path / 'model.tflite').read_bytes()
    (tmp_path / 'model.tflite').write_bytes(whole[:-100])
    refused(card, 'truncated', str(len(whole)), str(len(whole) - 100), 'install')


def test_model_file_with_another_checksum(tmp_path):
    card = write_model(tmp_path)
    stated = yaml.safe_load(card.read_text())['files']['float32']['sha256']
    (tmp_path / 'model.tflite').write_bytes(linear_model(*linear_weights(seed=8)))
    with pytest.raises(ModelError) as refusal:
        LiteRtClassifier(load_card(card))
    checksums = re.findall(r'[0-9a-f]{64}', str(refusal.value))
    assert checksums[0] == stated
    assert checksums[1] != stated
    refused(card, 'expected SHA-256', 'found', 'install')


def test_model_file_that_is_no_model(tmp_path):
    refused(write_model(tmp_path, b'not a model' * 50), 'is not a LiteRT model')


def test_card_that_is_not_yaml(tmp_path):
    card = write_model(tmp_path)
    card.write_text('name: [unclosed\nversion: 1')
    refused(card, 'not valid YAML', 'line 2')


def test_card_that_is_not_text(tmp_path):
    card = write_model(tmp_path)
    card.write_bytes(b'\xff\xfe\x00binary')
    refused(card, 'is not a text file')


@pytest.mark.parametrize('content', ['', 'just words', '- a\n- list'])
def test_card_without_fields(tmp_path, content):
    card = write_model(tmp_path)
    card.write_text(content)
    refused(card, 'must hold fields')


@pytest.mark.parametrize('field', [
    'name', 'version', 'description', 'files', 'files.float32.file', 'files.float32.size_bytes',
    'files.float32.sha256', 'input', 'input.width', 'input.height', 'input.channels',
    'preprocessing', 'preprocessing.scale', 'preprocessing.offset', 'preprocessing.framing',
    'output', 'output.kind', 'labels', 'terms',
])
def test_card_without_a_field(tmp_path, field):
    refused(write_model(tmp_path, **{field: None}), f'has no field {field}')


@pytest.mark.parametrize(('field', 'value', 'reason'), [
    ('version', 1.0, 'text'),
    ('name', '', 'text'),
    ('files', 'model.tflite', 'must hold fields'),
    ('files', {}, 'files must hold int8 or float32; it holds nothing'),
    ('files.float32', 'model.tflite', 'must hold fields'),
    ('files.float32.file', '../model.tflite', 'a file name without a folder'),
    ('files.float32.size_bytes', 'many', 'a whole number'),
    ('input', 48, 'must hold fields'),
    ('input.width', 0, 'a whole number, 1 to 1024'),
    ('input.width', 48.0, 'a whole number'),
    ('input.height', True, 'a whole number'),
    ('input.channels', 3, '1 to 1'),
    ('preprocessing.scale', float('nan'), 'a number'),
    ('preprocessing.offset', '0', 'a number'),
    ('preprocessing.least_contrast', 256, '0 to 255'),
    ('preprocessing.framing', 'tight', 'one of fer2013'),
    ('output.kind', 'scores', 'one of logits, probabilities'),
    ('labels', 'anger', 'a list of words'),
    ('labels', [1, 2], 'a list of words'),
    ('terms', ['none'], 'text'),
])
def test_card_with_a_wrong_field(tmp_path, field, value, reason):
    refused(write_model(tmp_path, **{field: value}), field, reason)


def test_card_without_a_file_that_the_pipeline_runs(tmp_path):
    files = {'onnx': {'file': 'model.onnx', 'size_bytes': 9, 'sha256': '0' * 64}}
    refused(
        write_model(tmp_path, files=files), 'files must hold int8 or float32; it holds onnx')


def test_precision_that_the_model_does_not_have(tmp_path):
    card = load_card(write_model(tmp_path))
    with pytest.raises(ModelError, match=r"no file of precision 'int8'; there is float32"):
        LiteRtClassifier(card, precision='int8')


def test_precision_that_the_stage_is_asked_for_and_the_model_does_not_have(tmp_path):
    options = EmotionOptions(model=str(write_model(tmp_path)), precision='int8')
    with pytest.raises(ModelError, match=r"no file of precision 'int8'"):
        EmotionStage(options)


def test_second_file_of_a_model_is_verified_too(tmp_path):
    int8 = linear_model(*linear_weights(), whole_numbers=True)
    card = load_card(write_model(tmp_path, int8=int8))
    (tmp_path / 'model_int8.tflite').write_bytes(int8[:-1] + bytes([int8[-1] ^ 1]))
    LiteRtClassifier(card, precision='float32')
    for precision in ('int8', ''):
        with pytest.raises(ModelError, match=r'model_int8\.tflite has a wrong checksum'):
            LiteRtClassifier(card, precision=precision)


@pytest.mark.parametrize('labels', [
    list(LABELS[:6]), [*LABELS, 'contempt'], [*LABELS[:6], 'anger'], [*LABELS[:6], 'calm'],
], ids=['six', 'eight', 'one twice', 'a foreign one'])
def test_card_with_wrong_labels(tmp_path, labels):
    refused(write_model(tmp_path, labels=labels), 'labels', 'each once', ', '.join(labels))


@pytest.mark.parametrize(('changes', 'stated', 'found'), [
    ({'input.width': 8}, f'(-1, {EDGE}, 8, 1)', f'(-1, {EDGE}, {EDGE}, 1)'),
    ({'input.height': 8}, f'(-1, 8, {EDGE}, 1)', f'(-1, {EDGE}, {EDGE}, 1)'),
])
def test_card_that_disagrees_with_the_model(tmp_path, changes, stated, found):
    refused(write_model(tmp_path, **changes), stated, f'has {found}', 'do not belong together')


def test_model_of_whole_numbers_that_stand_for_nothing(tmp_path):
    model = linear_model(*linear_weights(), plain_integers=True)
    refused(write_model(tmp_path, model), 'integers with a scale', 'has int32')


def test_model_with_another_number_of_outputs(tmp_path):
    model = linear_model(*linear_weights(outputs=8))
    refused(write_model(tmp_path, model), '(-1, 7)', 'has (-1, 8)')


def test_model_for_one_face_at_a_time(tmp_path):
    model = linear_model(*linear_weights(), batch=1)
    refused(
        write_model(tmp_path, model), f'(-1, {EDGE}, {EDGE}, 1)', f'(1, {EDGE}, {EDGE}, 1)')
