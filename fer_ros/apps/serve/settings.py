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

"""What `fer serve` is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fer_ros.apps.serve.limits import Limits
from fer_ros.parameters.overrides import Parameters


@dataclass(frozen=True)
class Settings:
    """
    Parameters of the pipelines, number of processes, limits and access.

    `live`, `video` and `picture` are parameters of all nodes for cameras, for videos and for
    pictures. `token` is empty where the service is open to everybody on this machine. `max_live`
    is 0 where the number of live connections follows from the measured speed. `temporary` is the
    folder in which uploaded videos are kept; None: the system's. `namespace` is that of the nodes
    to which a service `with_ros` listens.
    """

    live: Parameters
    video: Parameters
    picture: Parameters
    workers: int
    limits: Limits = field(default_factory=Limits)
    token: str = ''
    max_live: int = 0
    temporary: Path | None = None
    with_ros: bool = False
    namespace: str = ''
