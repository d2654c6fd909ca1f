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

"""What the service says about itself."""

from fer_ros.core.classification.model_folders import card_paths
import pytest


def test_the_models_are_those_that_are_installed(http):
    found = http.get('/v1/models').json()
    assert [model['name'] for model in found] == [path.parent.name for path in card_paths()]
    (used,) = [model for model in found if model['is_used']]
    assert 'default' in used['aliases']
    assert 0.5 < used['accuracy'][0]['accuracy'] < 1
    assert 'not what the person felt' in used['limits']


def test_no_path_of_the_machine_is_told(http):
    text = http.get('/v1/models').text + http.get('/openapi.json').text
    assert str(card_paths()[0].parent.parent) not in text


@pytest.mark.parametrize('path', ['/healthz', '/readyz'])
def test_monitors_get_an_answer(http, path):
    assert http.get(path).json() == {'status': 'ok'}


def test_the_metrics_count(http):
    def value(name):
        lines = [line for line in http.get('/metrics').text.splitlines() if line.startswith(name)]
        return float(lines[0].rsplit(' ', 1)[1]) if lines else 0.0
    from serve_pictures import encoded
    names = (
        'fer_images_total{kind="picture"}', 'fer_faces_total{kind="picture"}',
        'fer_requests_total{method="POST",route="/v1/pictures",status="200"}',
        'fer_requests_total{method="GET",route="other",status="404"}')
    before = [value(name) for name in names]
    http.post('/v1/pictures', content=encoded())
    http.get('/v1/nothing/at/all')
    assert [value(name) - old for name, old in zip(names, before, strict=True)] == [1, 2, 1, 1]


def test_the_page_is_told_what_there_is(http):
    found = http.get('/v1/access').json()
    assert (found['live_places'], found['has_robot']) == (3, False)


def test_the_documentation_describes_every_operation(http):
    schema = http.get('/openapi.json').json()
    for path, operations in schema['paths'].items():
        for method, operation in operations.items():
            assert operation['summary'], (method, path)
            assert any(status.startswith('2') for status in operation['responses'])
    example = schema['components']['schemas']['FaceRow']['examples'][0]
    assert set(example) == set(schema['components']['schemas']['FaceRow']['properties'])
