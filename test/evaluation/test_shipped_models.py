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

from dataclasses import replace
from functools import cache
from hashlib import sha256

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import PRECISIONS
from fer_ros.core.classification.model_folders import card_paths
from fer_ros.evaluation.classifier_evaluation import evaluate
from fer_ros.evaluation.data_sets import read_data
from fer_ros.evaluation.detected_faces import with_mesh_features
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


def shipped():
    """Return the parameters of all stated figures; neighbours have the same images and model."""
    found = set()
    for path in card_paths():
        figures = load_evaluation(path).figures
        uses_mesh = load_card(path).uses_mesh
        for precision in PRECISIONS:
            for mirrored, by_precision in (False, figures), (True, figures.get('mirrored', {})):
                found |= {
                    (path.parent.name, precision, split, mirrored, labels)
                    for labels, splits in by_precision.get(precision, {}).items()
                    for split in splits
                    # To find the meshes of one split takes a minute.
                    if not uses_mesh or (labels, split) == ('ferplus', 'public')}
    return [
        pytest.param(*each, id='-'.join((*each[:3], 'mirrored' if each[3] else 'plain', each[4])))
        for each in sorted(found)]


class Remembering(LiteRtClassifier):
    """
    A classifier whose network is run once for the same pixels.

    All sets of labels have the same images, and the mirrored answers need the plain outputs.
    """

    def __init__(self, name, precision, mirrored):
        super().__init__(load_card(name), precision=precision, mirrored=mirrored)
        self._known = outputs_of(name, precision)

    def _outputs(self, values):
        keys = [
            sha256(b''.join(part.tobytes() for part in each)).digest()
            for each in zip(*values, strict=True)]
        new = [place for place, key in enumerate(keys) if key not in self._known]
        if new:
            outputs = super()._outputs([each[new] for each in values])
            for place, output in zip(new, outputs, strict=True):
                self._known[keys[place]] = output
        return np.array([self._known[key] for key in keys])


@cache
def outputs_of(name, precision):
    """Return the outputs of a network by the digest of its pixels; classifiers add to them."""
    return {}


classifier_of = cache(Remembering)
rows_of = cache(read_data)


@cache
def public_rows_with_mesh(path):
    """Return the public rows with the labels of FER+ and with the features of their meshes."""
    public = rows_of(path, 'ferplus').public
    return replace(public, faces=with_mesh_features(public.faces))


@pytest.mark.parametrize('mirrored', [False, True], ids=['plain', 'mirrored'])
@pytest.mark.parametrize('precision', PRECISIONS)
@pytest.mark.parametrize('card', card_paths(), ids=lambda path: path.parent.name)
def test_threads_and_faces_in_one_call_change_no_answer(
        card, precision, mirrored, data_directory):
    rows = rows_of(data_directory / 'fer2013' / 'fer2013_ferplus.npz', 'fer2013')
    faces = list(rows.public.faces.images[:16])
    one, two = (
        LiteRtClassifier(load_card(card.parent.name), threads, precision, mirrored)
        for threads in (1, 2))
    expected = np.concatenate([one.classify([face]) for face in faces])
    for classifier in one, two:
        np.testing.assert_allclose(classifier.classify(faces), expected, rtol=0, atol=1e-5)
    for face, answer in zip(faces, expected, strict=True):
        np.testing.assert_allclose(two.classify([face])[0], answer, rtol=0, atol=1e-5)


@pytest.mark.parametrize(('name', 'precision', 'split', 'mirrored', 'labels'), shipped())
def test_shipped_models_are_as_good_as_stated(
        name, precision, split, mirrored, labels, data_directory):
    path = data_directory / 'fer2013' / 'fer2013_ferplus.npz'
    classifier = classifier_of(name, precision, mirrored)
    found = evaluate(
        classifier, public_rows_with_mesh(path) if classifier.card.uses_mesh
        else getattr(rows_of(path, labels), split)).to_mapping()
    figures = load_evaluation(classifier.card.path).figures
    stated = (figures['mirrored'] if mirrored else figures)[precision][labels][split]
    # The mesh comes from a network of float32, whose last digits depend on the processor.
    tolerance = 4e-3 if classifier.card.uses_mesh else 1e-3
    for key in stated if mirrored else ('n', 'accuracy', 'macro_f1', 'ece'):
        assert found[key] == pytest.approx(stated[key], abs=tolerance)
    if not mirrored:
        assert found['without_rows_in_training']['accuracy'] == pytest.approx(
            stated['without_rows_in_training']['accuracy'], abs=tolerance)
