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

"""Requests that are made from the documentation of the service, valid and wrong ones."""

from fer_ros.apps.serve.application import create_app
from hypothesis import HealthCheck, settings
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks


@pytest.fixture(scope='package')
def documented(service):
    return schemathesis.openapi.from_asgi(
        '/openapi.json', create_app(service), headers={'Host': 'localhost'})


schema = schemathesis.pytest.from_fixture('documented')

CHECKS = [
    openapi_checks.status_code_conformance, openapi_checks.content_type_conformance,
    checks.response_schema_conformance, openapi_checks.unsupported_method,
    checks.not_a_server_error]


@pytest.mark.slow
@pytest.mark.timeout(400)
@schema.parametrize()
@settings(
    max_examples=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case):
    # Names of headers and cookies are not part of the documentation.
    case.call_and_validate(headers={'Host': 'localhost'}, checks=CHECKS)
