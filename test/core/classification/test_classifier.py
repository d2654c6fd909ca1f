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

"""The classifier computes what the model and its card say, for any number of faces."""

import subprocess
import sys

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.classification.classifier import LiteRtClassifier
from fer_ros.core.classification.model_card import ModelError, PRECISIONS
from fer_ros.core.emotions import LABELS
import numpy as np
import pytest
from tiny_models import (
    EDGE,
    INPUT_SCALE,
    linear_model,
    linear_weights,
    OUTPUT_SCALE,
    WEIGHT_SCALE,
    write_model,
)


def crops_of(count, edge=EDGE, seed=1):
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (count, edge, edge), dtype=np.uint8))


def expected_logits(crops):
    weights, bias = linear_weights()
    pixels = np.array([crop.ravel() for crop in crops], float).reshape(len(crops), EDGE * EDGE)
    return (pixels / 127.5 - 1) @ weights.T.astype(float) + bias


def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def classifier_in(folder, *arguments, threads=1, precision='', mirrored=False, **changes):
    card = load_card(write_model(folder, *arguments, **changes))
    return LiteRtClassifier(card, threads, precision, mirrored)


@pytest.mark.parametrize('threads', [1, 2])
def test_float_model_gives_the_softmax_of_its_logits(tmp_path, threads):
    classifier = classifier_in(tmp_path, threads=threads)
    # The number of faces goes up and down, as it does before a camera.
    for count in (1, 4, 0, 20, 2, 2, 0, 1):
        crops = crops_of(count, seed=count)
        probabilities = classifier.classify(crops)
        assert probabilities.shape == (count, 7)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, softmax(expected_logits(crops)), atol=1e-6)


def test_mirrored_is_the_softmax_of_the_mean_of_both_logits(tmp_path):
    classifier = classifier_in(tmp_path, mirrored=True)
    for count in (1, 4, 0, 3):
        crops = crops_of(count, seed=count)
        logits = expected_logits(crops) + expected_logits([crop[:, ::-1] for crop in crops])
        np.testing.assert_allclose(classifier.classify(crops), softmax(logits / 2), atol=1e-6)


def test_mirrored_calls_a_face_and_its_mirror_image_the_same():
    crops = crops_of(4, edge=96)
    for precision in PRECISIONS:
        classifier = LiteRtClassifier(load_card('default'), 2, precision, mirrored=True)
        np.testing.assert_allclose(
            classifier.classify(crops), classifier.classify([crop[:, ::-1] for crop in crops]),
            atol=1e-6)


def test_whole_number_model_agrees_within_its_steps(tmp_path):
    int8 = linear_model(*linear_weights(), whole_numbers=True)
    classifier = classifier_in(tmp_path, int8=int8)
    crops = crops_of(9)
    probabilities = classifier.classify(crops)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    # Half a step for each rounded pixel (weights up to 1) and weight (pixels up to 1), the
    # bias and the output; a probability changes at most a quarter as much as the difference of
    # two logits.
    step = (INPUT_SCALE + WEIGHT_SCALE) * EDGE * EDGE / 2 + OUTPUT_SCALE / 2 + 1e-3
    assert np.abs(probabilities - softmax(expected_logits(crops))).max() < step / 2
    assert (probabilities.argmax(axis=1) == expected_logits(crops).argmax(axis=1)).all()


def with_mesh(folder, random, **options):
    """Return the weights of the features of the mesh, and a classifier that uses them."""
    mesh_weights = random.uniform(-1, 1, (7, 288)).astype(np.float32)
    model = linear_model(*linear_weights(), mesh_weights=mesh_weights)
    return mesh_weights, classifier_in(folder, model, **{'input.mesh_features': 288}, **options)


def test_the_features_of_the_mesh_are_used_where_they_are_known(tmp_path):
    random = np.random.default_rng(5)
    mesh_weights, classifier = with_mesh(tmp_path, random)
    features = random.normal(0, 0.1, (4, 288)).astype(np.float32)
    from_mesh = features @ mesh_weights.T
    for count in (4, 1, 3):
        crops = crops_of(count)
        np.testing.assert_allclose(
            classifier.classify(crops, list(features[:count])),
            softmax(expected_logits(crops) + from_mesh[:count]), atol=1e-5)
    crops = crops_of(3)
    from_mesh[1] = 0
    np.testing.assert_allclose(
        classifier.classify(crops, [features[0], None, features[2]]),
        softmax(expected_logits(crops) + from_mesh[:3]), atol=1e-5)
    np.testing.assert_allclose(
        classifier.classify(crops), softmax(expected_logits(crops)), atol=1e-5)


def test_both_sides_of_a_face_have_its_features(tmp_path):
    random = np.random.default_rng(5)
    mesh_weights, classifier = with_mesh(tmp_path, random, mirrored=True)
    features = random.normal(0, 0.1, (2, 288)).astype(np.float32)
    crops = crops_of(2)
    logits = expected_logits(crops) + expected_logits([crop[:, ::-1] for crop in crops])
    np.testing.assert_allclose(
        classifier.classify(crops, list(features)),
        softmax(logits / 2 + features @ mesh_weights.T), atol=1e-5)


def test_a_model_without_the_mesh_ignores_its_features(tmp_path):
    crops = crops_of(2)
    np.testing.assert_allclose(
        classifier_in(tmp_path).classify(crops, [np.ones(288, np.float32)] * 2),
        softmax(expected_logits(crops)), atol=1e-6)


def test_the_card_must_say_whether_the_model_takes_the_mesh(tmp_path):
    mesh_weights = np.zeros((7, 288), np.float32)
    model = linear_model(*linear_weights(), mesh_weights=mesh_weights)
    with pytest.raises(ModelError, match='requires one input and one output, but .* has 2 and 1'):
        classifier_in(tmp_path, model)
    with pytest.raises(ModelError, match='requires two inputs and one output, but .* has 1 and 1'):
        classifier_in(tmp_path, **{'input.mesh_features': 288})
    with pytest.raises(ModelError, match='mesh_features'):
        classifier_in(tmp_path, model, **{'input.mesh_features': 100})


@pytest.mark.parametrize(('precision', 'answer'), [('', 1), ('int8', 1), ('float32', 0)])
def test_the_precision_chooses_the_file(tmp_path, precision, answer):
    # The two files are different networks, so that the answers tell them apart.
    weights = np.zeros((7, EDGE * EDGE), np.float32)
    model = linear_model(weights, np.eye(7, dtype=np.float32)[0])
    int8 = linear_model(weights, np.eye(7, dtype=np.float32)[1], whole_numbers=True)
    classifier = classifier_in(tmp_path, model, int8=int8, precision=precision)
    assert classifier.classify(crops_of(1)).argmax() == answer


def test_outputs_are_brought_into_the_order_of_the_labels(tmp_path):
    crops = crops_of(3)
    own_order = list(reversed(LABELS))
    probabilities = classifier_in(tmp_path, labels=own_order).classify(crops)
    np.testing.assert_allclose(
        probabilities, softmax(expected_logits(crops))[:, ::-1], atol=1e-6)


def test_probabilities_of_a_model_are_taken_as_they_are(tmp_path):
    bias = np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02], np.float32)
    model = linear_model(np.zeros((7, EDGE * EDGE), np.float32), bias)
    classifier = classifier_in(tmp_path, model, **{'output.kind': 'probabilities'})
    np.testing.assert_allclose(classifier.classify(crops_of(2)), [bias, bias], atol=1e-5)


def test_great_logits_do_not_overflow(tmp_path):
    bias = np.array([500, -500, 0, 0, 0, 0, 0], np.float32)
    model = linear_model(np.zeros((7, EDGE * EDGE), np.float32), bias)
    probabilities = classifier_in(tmp_path, model).classify(crops_of(1))
    np.testing.assert_allclose(probabilities, [[1, 0, 0, 0, 0, 0, 0]], atol=1e-6)


def test_a_refused_crop_leaves_the_classifier_usable(tmp_path):
    classifier = classifier_in(tmp_path)
    with pytest.raises(ValueError, match='square grey image'):
        classifier.classify([*crops_of(2), np.zeros((3, 4), np.uint8)])
    crops = crops_of(2)
    np.testing.assert_allclose(
        classifier.classify(crops), softmax(expected_logits(crops)), atol=1e-6)


@pytest.mark.parametrize('after', [1, 2, 3])
def test_a_failed_change_of_the_number_of_faces_is_overcome(tmp_path, monkeypatch, after):
    classifier = classifier_in(tmp_path)
    classifier.classify(crops_of(2))

    def failing(interpreter):
        raise RuntimeError('no memory')

    with monkeypatch.context() as patch:
        patch.setattr('ai_edge_litert.interpreter.Interpreter.allocate_tensors', failing)
        with pytest.raises(RuntimeError, match='no memory'):
            classifier.classify(crops_of(3))
    crops = crops_of(after)
    np.testing.assert_allclose(
        classifier.classify(crops), softmax(expected_logits(crops)), atol=1e-6)


def test_nothing_is_written_to_the_terminal():
    code = (
        'import numpy as np\n'
        'from fer_ros.core.classification.card_file import load_card\n'
        'from fer_ros.core.classification.classifier import LiteRtClassifier\n'
        "classifier = LiteRtClassifier(load_card('fer2013_cnn48'))\n"
        'for count in (1, 3):\n'
        '    classifier.classify([np.zeros((48, 48), np.uint8)] * count)\n')
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_classifying_needs_neither_mediapipe_nor_tensorflow():
    code = (
        'import sys\n'
        'import fer_ros.core.classification.classifier\n'
        "print([name for name in ('mediapipe', 'tensorflow', 'rclpy') if name in sys.modules])\n")
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == '[]', done.stderr
