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

"""The documents of a model are written as they are read, or not at all."""

import hashlib

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.model_card import ModelError
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.evaluation.model_readme import readme
from fer_ros.evaluation.model_writer import file_facts, update_evaluation, write_model_documents
import pytest
from tiny_models import card_fields, evaluation_fields, linear_model, linear_weights, write_model
import yaml

FIGURES = {'n': 3589, 'accuracy': 0.71234, 'macro_f1': 0.6789, 'ece': 0.0123}


def test_documents_are_read_as_they_were_written(tmp_path):
    model = linear_model(*linear_weights())
    (tmp_path / 'model.tflite').write_bytes(model)
    facts = file_facts(tmp_path / 'model.tflite')
    assert facts == {
        'file': 'model.tflite', 'size_bytes': len(model),
        'sha256': hashlib.sha256(model).hexdigest()}
    card = card_fields({'float32': facts})
    evaluation = evaluation_fields(training='first\nthen', data='für alle')
    path = write_model_documents(tmp_path, card, evaluation)
    assert yaml.safe_load(path.read_text(encoding='utf-8')) == card
    text = (tmp_path / 'evaluation.yaml').read_text(encoding='utf-8')
    assert yaml.safe_load(text) == evaluation
    assert 'training: |-\n  first\n  then\n' in text
    assert (tmp_path / 'README.md').read_text(encoding='utf-8') == readme(
        load_card(path), load_evaluation(path))


@pytest.mark.parametrize(('card', 'evaluation'), [
    ({'version': None}, {}), ({}, {'macs': 'many'})])
def test_faulty_documents_are_not_written(tmp_path, card, evaluation):
    (tmp_path / 'model.tflite').write_bytes(b'model')
    files = {'float32': file_facts(tmp_path / 'model.tflite')}
    with pytest.raises(ModelError, match='has no field version|macs must be a whole number'):
        write_model_documents(
            tmp_path, card_fields(files, **card), evaluation_fields(**evaluation))
    assert [path.name for path in tmp_path.iterdir()] == ['model.tflite']


def test_a_faulty_update_is_not_written(tmp_path):
    card = write_model(tmp_path)
    before = card.with_name('evaluation.yaml').read_text()
    with pytest.raises(ModelError, match='macs must be a whole number'):
        update_evaluation(card, {('macs',): 'many'})
    assert card.with_name('evaluation.yaml').read_text() == before


def test_an_update_leaves_the_other_fields_alone(tmp_path):
    card = write_model(tmp_path, evaluation={
        'figures': {'int8': {'fer2013': {'public': {'accuracy': 0.5}}}}})
    path = card.rename(tmp_path / 'other.yaml')
    before = yaml.safe_load((tmp_path / 'evaluation.yaml').read_text())
    card_before = path.read_text()
    update_evaluation(path, {
        ('figures', 'float32', 'ferplus', 'private'): FIGURES,
        ('ms_per_face', 'float32', 2): 0.5})
    after = yaml.safe_load((tmp_path / 'evaluation.yaml').read_text())
    assert after.pop('ms_per_face') == {'float32': {2: 0.5}}
    assert after['figures'].pop('float32') == {'ferplus': {'private': FIGURES}}
    assert after == before
    assert path.read_text() == card_before
    assert '71.23%' in (tmp_path / 'README.md').read_text()
