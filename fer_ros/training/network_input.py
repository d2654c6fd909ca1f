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

"""The normalisation of the input with which all networks are trained. Cards repeat it."""

from typing import TypedDict


class Normalisation(TypedDict):
    """The fields of `Preprocessing` that are the same for all networks."""

    scale: float
    offset: float
    least_contrast: int


NORMALISATION = Normalisation(scale=1 / 127.5, offset=-1.0, least_contrast=100)
"""A minimum contrast of 100 gives the best accuracy in poor light (docs/benchmarks.md)."""
