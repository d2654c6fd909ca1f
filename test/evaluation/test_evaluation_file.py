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

"""The evaluation file is read and checked; the pipeline starts whatever it holds."""

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import ModelError
from fer_ros.evaluation.evaluation_file import load_evaluation
import numpy as np
import pytest
from tiny_models import EDGE, write_model


def test_every_field_is_read(tmp_path):
    figures = {
        'int8': {'fer2013': {'public': {'accuracy': 0.5}}},
        'temperature': {'folded_into_logits': 0.8, 'chosen_on': 'the public rows'}}
    stage = {'name': 'first', 'note': 'short', 'options': {'epochs': 3}}
    found = load_evaluation(write_model(tmp_path, evaluation={
        'source': {'file': 'model.keras', 'size_bytes': 9, 'sha256': 'ABC'}, 'parameters': 120,
        'macs': 112, 'data': 'rows', 'limits': 'Seven rows.', 'training': 'fer train',
        'stages': [stage], 'figures': figures,
        'ms_per_face': {'machine': 'a robot', 'int8': {1: 0.5}}}))
    assert found.path == tmp_path / 'evaluation.yaml'
    assert found.source.path == tmp_path / 'training' / 'model.keras'
    assert (found.source.size_bytes, found.source.sha256) == (9, 'abc')
    assert (found.parameters, found.macs, found.data) == (120, 112, 'rows')
    assert (found.limits, found.training, found.stages) == ('Seven rows.', 'fer train', [stage])
    assert (found.figures, found.temperature) == (figures, 0.8)
    assert found.ms_per_face['int8'][1] == 0.5


def test_optional_fields_are_empty(tmp_path):
    found = load_evaluation(write_model(tmp_path))
    assert (found.source, found.macs, found.limits, found.temperature) == (None, None, '', None)
    assert (len(found.stages), len(found.ms_per_face)) == (0, 0)


@pytest.mark.parametrize('field', ['parameters', 'data', 'training', 'figures'])
def test_a_missing_field_is_named(tmp_path, field):
    card = write_model(tmp_path, evaluation={field: None})
    with pytest.raises(ModelError, match=f'has no field {field}'):
        load_evaluation(card)


MEASURED = {'n': 3, 'accuracy': 0.5, 'macro_f1': 0.4}


@pytest.mark.parametrize(('field', 'value', 'reason'), [
    ('ms_per_face', {'float32': 1.2}, 'ms_per_face.float32 must hold fields'),
    ('ms_per_face', {'float32': {'one': 1.2}}, 'ms_per_face.float32 must be numbers by whole'),
    ('ms_per_face', {'machine': 2}, 'ms_per_face.machine must be text'),
    ('figures', {'float32': None}, 'figures.float32 must hold fields'),
    ('figures', {'int8': {'fer2013': 0.7}}, 'figures.int8.fer2013 must hold fields'),
    ('figures', {'int8': {'fer2013': {'public': {'n': 3}}}},
     'no field figures.int8.fer2013.public.accuracy'),
    ('figures', {'int8': {'a': {'public': {**MEASURED, 'ece': 'low'}}}}, 'ece must be a number'),
    ('figures', {'int8': {'a': {'public': {**MEASURED, 'confusion': [[1]]}}}}, 'a table of 7x7'),
    ('figures', {'int8': {'a': {'public': {**MEASURED, 'per_class_recall': {'fear': 'low'}}}}},
     'per_class_recall.fear must be a number'),
    ('figures', {'temperature': {'chosen_on': 'x'}}, 'no field figures.temperature.folded'),
    ('figures', {'seeds': {'measured_on': 'x', 'accuracy': {}}}, 'seeds.accuracy must be numbers'),
    ('figures', {'seeds': {'measured_on': 'x', 'trained': 2, 'accuracy': {1: 0.7}}},
     'seeds.trained must be text'),
    ('figures', {'mirrored': {'int8': {'a': {'public': {**MEASURED, 'n': 4, 'ece': None}}}}},
     'figures.mirrored.int8.a.public.ece'),
    ('figures', {'pipeline_crops': {'int8': {'a': {'public': {**MEASURED, 'rows': 4}}}}},
     'no field figures.pipeline_crops.int8.a.public.own_framing'),
    ('figures', {'scenes': {'int8': {'a': {'public': {'rows': 4, 'scenes': {'dim': {}}}}}}},
     'no field figures.scenes.int8.a.public.scenes.dim.n'),
    ('figures', {'tried': [{'what': 'mixup'}]}, 'no field figures.tried.0.gave'),
    ('figures', {'tried': [{'what': 'mixup', 'gave': '1', 'stages': [{'name': 'a'}]}]},
     'no field figures.tried.0.stages.0.options'),
    ('figures', [0.5], 'figures must hold fields'),
    ('stages', {'name': 'a'}, 'stages must be a list'),
    ('stages', [{'name': 'a', 'options': 3}], 'stages.0.options must hold fields'),
    ('source', 'model.keras', 'source must hold fields'),
    ('source', {'file': '../a.keras', 'size_bytes': 1, 'sha256': 'x'}, 'a file name without'),
    ('macs', 0, 'macs must be a whole number, 1 or more'),
    ('ms_per_face', 0.5, 'ms_per_face must hold fields'),
    ('limits', ['dim light'], 'limits must be text'),
    ('parameters', 0.5, 'parameters must be a whole number'),
])
def test_wrong_values_are_named(tmp_path, field, value, reason):
    card = write_model(tmp_path, evaluation={field: value})
    with pytest.raises(ModelError, match=reason) as fault:
        load_evaluation(card)
    assert str(tmp_path / 'evaluation.yaml') in str(fault.value)


@pytest.mark.parametrize(('content', 'fault'), [
    (None, 'cannot be read .No such file'), ('figures: [', 'not valid YAML'),
    ('just words', 'must hold fields'), ('figures: {tried: 3}', 'has no field')],
    ids=['absent', 'no YAML', 'text', 'odd'])
def test_a_robot_classifies_whatever_the_evaluation_file_holds(tmp_path, content, fault):
    card = write_model(tmp_path)
    crops = [np.full((EDGE, EDGE), 100, np.uint8)]
    expected = LiteRtClassifier(load_card(card)).classify(crops)
    file = tmp_path / 'evaluation.yaml'
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(ModelError, match=fault):
        load_evaluation(card)
    np.testing.assert_array_equal(LiteRtClassifier(load_card(card)).classify(crops), expected)
