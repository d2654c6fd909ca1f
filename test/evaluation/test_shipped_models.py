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

"""The shipped models are as good as stated, and their documents belong together."""

from functools import cache

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import PRECISIONS
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.evaluation.classifier_evaluation import evaluate
from fer_ros.evaluation.data_sets import read_data
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.evaluation.model_readme import readme
import numpy as np
import pytest


@pytest.mark.parametrize('card', card_paths(), ids=lambda path: path.parent.name)
def test_the_readme_is_up_to_date(card):
    text = readme(load_card(card), load_evaluation(card))
    assert (card.parent / 'README.md').read_text(encoding='utf-8') == text


@pytest.mark.parametrize('card', card_paths(), ids=lambda path: path.parent.name)
def test_the_keras_network_is_unchanged(card):
    source = load_evaluation(card).source
    assert source.read() == (card.parent / 'training' / 'model.keras').read_bytes()


SHIPPED = [
    pytest.param(path.parent.name, precision, labels, split,
                 id=f'{path.parent.name}-{precision}-{labels}-{split}')
    for path in card_paths() for precision in PRECISIONS
    for labels, splits in load_evaluation(path).figures.get(precision, {}).items()
    for split in splits]

SHIPPED_MIRRORED = [
    pytest.param(path.parent.name, precision, labels, split,
                 id=f'{path.parent.name}-{precision}-{labels}-{split}')
    for path in card_paths()
    for precision, by_labels in load_evaluation(path).figures.get('mirrored', {}).items()
    for labels, splits in by_labels.items() for split in splits]


class Remembering:
    """A classifier that is asked once for each image: both sets of labels have the same images."""

    def __init__(self, classifier):
        self._classifier = classifier
        self._answers = {}

    @property
    def card(self):
        return self._classifier.card

    def classify(self, crops):
        keys = [crop.tobytes() for crop in crops]
        if not self._answers.keys() >= set(keys):
            answers = self._classifier.classify(crops)
            self._answers.update(zip(keys, answers, strict=True))
        return np.array([self._answers[key] for key in keys])


@cache
def shipped(name, precision):
    return Remembering(LiteRtClassifier(load_card(name), threads=2, precision=precision))


rows_of = cache(read_data)


@pytest.mark.parametrize(('name', 'precision', 'labels', 'split'), SHIPPED)
def test_shipped_models_are_as_good_as_stated(
        name, precision, labels, split, data_directory):
    faces = rows_of(data_directory / 'fer2013' / 'fer2013_ferplus.npz', labels)
    classifier = shipped(name, precision)
    found = evaluate(classifier, getattr(faces, split)).to_mapping()
    stated = load_evaluation(classifier.card.path).figures[precision][labels][split]
    assert found['n'] == stated['n']
    for key in ('accuracy', 'macro_f1', 'ece'):
        assert found[key] == pytest.approx(stated[key], abs=1e-3)
    assert found['without_rows_in_training']['accuracy'] == pytest.approx(
        stated['without_rows_in_training']['accuracy'], abs=1e-3)


@pytest.mark.parametrize(('name', 'precision', 'labels', 'split'), SHIPPED_MIRRORED)
def test_mirrored_images_give_the_stated_figures(name, precision, labels, split, data_directory):
    faces = rows_of(data_directory / 'fer2013' / 'fer2013_ferplus.npz', labels)
    card = load_card(name)
    classifier = LiteRtClassifier(card, 2, precision, mirrored=True)
    found = evaluate(classifier, getattr(faces, split)).to_mapping()
    stated = load_evaluation(card.path).figures['mirrored'][precision][labels][split]
    assert {key: found[key] for key in stated} == pytest.approx(stated, abs=1e-3)
