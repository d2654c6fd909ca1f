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

"""The documents of a model are written as they are read, and the README holds all of them."""

import re

from fer_ros.core.classification.card_file import load_card
from fer_ros.core.emotions import LABELS
from fer_ros.evaluation.evaluation_file import load_evaluation
from fer_ros.evaluation.model_readme import readme
from tiny_models import linear_model, linear_weights, write_model

FIGURES = {
    'n': 3589, 'accuracy': 0.71234, 'macro_f1': 0.6789, 'ece': 0.0123,
    'ece_before_temperature': 0.0456,
    'per_class_recall': {**dict.fromkeys(LABELS, 0.5), 'disgust': None, 'fear': 0.321},
    'confusion': [[1000 + 10 * row + column for column in range(7)] for row in range(7)],
    'without_rows_in_training': {'n': 3301, 'accuracy': 0.7001, 'macro_f1': 0.6543},
}


def rows_of(text, *words):
    """Return the cells of each table's line that has these words."""
    return [
        [cell.strip() for cell in line.strip('|').split('|')] for line in text.splitlines()
        if line.startswith('|') and all(word in line for word in words)]


def documents(path):
    return load_card(path), load_evaluation(path)


def full_model(folder):
    int8 = linear_model(*linear_weights(), whole_numbers=True)
    measured = {'fer2013': {'public': FIGURES, 'private': {**FIGURES, 'accuracy': 0.7222}},
                'ferplus': {'private': {**FIGURES, 'accuracy': 0.8765}}}
    return write_model(folder, int8=int8, evaluation={
        'macs': 12_345_678, 'limits': 'Few old people.',
        'source': {'file': 'model.keras', 'size_bytes': 7_654_321, 'sha256': 'c0ffee'},
        'training': 'fer train --config a.yaml\nfer train --config b.yaml',
        'stages': [{'name': 'small', 'note': 'not shipped', 'options': {'edge': 48}},
                   {'name': 'large', 'options': {'edge': 96, 'start_from': 'small'}}],
        'ms_per_face': {'machine': 'a robot, 2 cores', 'int8': {1: 0.52, 2: 0.31},
                        'float32': {1: 1.25}},
        'figures': {
            'temperature': {
                'folded_into_logits': 1.25, 'balance': 0.3, 'chosen_on': 'PublicTest'},
            'int8': measured, 'float32': measured,
            'mirrored': {'int8': {'ferplus': {'public': {
                'n': 3186, 'accuracy': 0.8123, 'macro_f1': 0.6123, 'ece': 0.0345}}}},
            'pipeline_crops': {'int8': {'ferplus': {'public': {
                'rows': 3186, 'n': 3000, 'accuracy': 0.81, 'macro_f1': 0.61,
                'own_framing': {'accuracy': 0.83, 'macro_f1': 0.63}}}}},
            'scenes': {'int8': {'ferplus': {'public': {'rows': 3186, 'scenes': {
                'dim': {'n': 1593, 'accuracy': 0.7654, 'macro_f1': 0.5432}}}}}},
            'seeds': {'measured_on': 'PublicTest', 'accuracy': {1: 0.70, 2: 0.71, 3: 0.72}},
            'tried': [
                {'what': 'mixup', 'gave': '+0.4 points',
                 'stages': [{'name': 'mixed', 'options': {'mixup': 0.2}}]},
                {'what': 'no dropout', 'gave': '-0.1 points'}]}})


def test_the_readme_says_all_that_a_card_states(tmp_path):
    card, evaluation = documents(full_model(tmp_path))
    text = readme(card, evaluation)
    assert text.startswith('# tiny/0.1.0\n')
    assert rows_of(text, 'multiply-accumulates') == [
        ['multiply-accumulates', '12,345,678 per face']]
    for kind, times in (('int8', ['0.52', '0.31']), ('float32', ['1.25', ''])):
        file = card.files[kind]
        assert rows_of(text, file.sha256) == [
            [kind, f'`{file.path.name}`', '0.00', f'`{file.sha256}`', *times]]
    assert rows_of(text, 'c0ffee') == [
        ['keras', '`training/model.keras`', '7.65', '`c0ffee`', '', '']]
    assert 'a robot, 2 cores' in text
    assert '```\nfer train --config a.yaml\nfer train --config b.yaml\n```' in text
    assert (
        '```yaml\nsmall:  # not shipped\n  edge: 48\nlarge:\n  edge: 96\n  start_from: small\n```'
        in text)
    assert 'of the same training with other random seeds: seed 1 70.00%' in text
    assert '70.00%, seed 2 71.00%, seed 3 72.00%; mean 71.00%, standard deviation 1.00' in text
    assert 'temperature 1.25, chosen on PublicTest' in text
    assert '0.3 times the logarithm of' in text
    assert rows_of(text, 'int8', '72.22%') == [[
        'int8', "FER-2013's own labels, PrivateTest", '3,589', '72.22% (14.0 to 14.6)',
        '0.679 (0.140 to 0.146)', '0.046',
        '0.012', '3,301', '70.01%', '0.654']]
    assert rows_of(text, 'float32', '87.65%')[0][1] == 'FER+ majority, 7 classes, PrivateTest'
    # Recall of both files; disgust has no rows.
    recalls = rows_of(text, ' 32% (')
    assert len(recalls) == 6
    assert [cell.partition(' ')[0] for cell in recalls[0][2:]] == [
        '50%', '', '32%', '50%', '50%', '50%', '50%']
    assert re.fullmatch(r'50% \(1[34] to 1[45]\)', recalls[0][2])
    # Confusion matrices are shown only for the file that runs.
    assert len(re.findall('^### Confusion matrix: .*, int8$', text, re.MULTILINE)) == 3
    assert 'Test, float32\n' not in text
    assert rows_of(text, 'surprise |', '1050')[0] == [
        'surprise', *map(str, range(1050, 1057))]
    assert rows_of(text, '81.23%') == [[
        'int8', 'FER+ majority, 7 classes, PublicTest', '3,186', '81.23%', '0.612', '0.035']]
    assert rows_of(text, '3,000 of 3,186')[0][3:] == ['83.00%', '81.00%', '0.630', '0.610']
    assert rows_of(text, 'dim |') == [['dim', '50.0%', '76.54%', '0.543']]
    assert '## Limits\nFew old people.' in text
    assert rows_of(text, 'points |') == [
        ['mixup', '+0.4 points'], ['no dropout', '-0.1 points']]
    assert 'Options of "mixup":\n```yaml\nmixed:\n  mixup: 0.2\n```' in text


def test_trainings_that_are_not_the_models_own_are_named(tmp_path):
    text = readme(*documents(write_model(tmp_path, evaluation={'figures': {'seeds': {
        'measured_on': 'PublicTest', 'trained': 'b.yaml', 'accuracy': {1: 0.70}}}})))
    assert 'PublicTest of b.yaml with other random seeds: seed 1 70.00%; mean 70.00%.' in text


def test_what_is_not_stated_is_left_out(tmp_path):
    text = readme(*documents(write_model(tmp_path)))
    for word in ('Limits', 'Experiments', 'Seeds', 'Figures', 'multiply', 'ms per face', 'keras',
                 'crops of the pipeline', 'yaml\n'):
        assert word not in text
    assert '\n\n\n' not in text


def test_figures_on_other_data_are_told_under_their_name(tmp_path):
    card, evaluation = documents(write_model(tmp_path, evaluation={
        'figures': {'float32': {'the folder faces/': {'private': FIGURES}}}}))
    assert rows_of(readme(card, evaluation), 'the folder faces/, private', '71.23%')
