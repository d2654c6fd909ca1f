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

"""Texts of YAML values with the values that rcl_yaml_param_parser makes of them."""

import math

VALUES = [
    ('1e-3', 0.001), ('5e-1', 0.5), ('2.E-3', 0.002), ('1e3', 1000.0), ('1E5', 100000.0),
    ('-1e-2', -0.01), ('+1e2', 100.0), ('12e03', 12000.0), ('1.0e10', 1e10), ('1.e+3', 1000.0),
    ('.5', 0.5), ('-.5', -0.5), ('+.5', 0.5), ('1.', 1.0), ('0.5', 0.5), ('09.5', 9.5),
    ('08', 8.0),
    ('.inf', math.inf), ('-.inf', -math.inf), ('inf', math.inf), ('Infinity', math.inf),
    ('0', 0), ('5', 5), ('+5', 5), ('-3', -3), ('0x10', 16), ('017', 15),
    ('yes', True), ('TRUE', True), ('on', True), ('y', True), ('no', False), ('Off', False),
    ('N', False), ('false', False),
    ('1_000', '1_000'), ('0o17', '0o17'), ('0b11', '0b11'), ('1:30', '1:30'), ('1e', '1e'),
    ('e1', 'e1'), ('1.5f', '1.5f'), ('1e400', '1e400'), ('2026-01-13', '2026-01-13'),
    ('2026-13-45', '2026-13-45'), ('.', '.'), ('+', '+'), ('yEs', 'yEs'), ('1.2.3', '1.2.3'),
    ('192.168.0.1', '192.168.0.1'), ('"1e-3"', '1e-3'), ("'5'", '5'), ('"yes"', 'yes'),
]
"""In double or single quotes, every value is a text."""
