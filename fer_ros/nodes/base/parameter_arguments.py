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

"""
Lets a plain section of a parameter file count in every namespace, as `fer live` does.

ROS reads the files that `--params-file` names, and takes `face_node:` for `/face_node:`, which a
node in a namespace ignores. Which sections count is in `fer_ros.parameters.sections`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fer_ros.core.yaml_values import dump_yaml
from fer_ros.parameters.parameter_files import ConfigError, parameter_sections
from fer_ros.parameters.sections import is_plain, mistakes, nothing_counts
from rclpy.node import Node

OPTION = '--params-file'


def parameter_files(args: Sequence[str]) -> list[Path]:
    """Return the parameter files that the arguments of ROS name, in order."""
    return [Path(args[k]) for k in range(1, len(args)) if args[k - 1] == OPTION]


@contextmanager
def plain_sections_for_all(args: Sequence[str]) -> Iterator[list[str]]:
    """
    Return the arguments of ROS for `rclpy.init`, in which plain sections count everywhere.

    A file with a plain section is replaced by temporary files, one for each of its sections: a
    later file wins over an earlier one, as a later section does.
    """
    with ExitStack() as stack:
        folder = ''
        changed: list[str] = list(args[:1])
        for before, word in zip(args, args[1:], strict=False):
            sections = _sections(Path(word)) if before == OPTION else []
            if not any(is_plain(name) for name, _ in sections):
                changed.append(word)
                continue
            folder = folder or stack.enter_context(TemporaryDirectory(prefix='fer_ros_'))
            for number, (name, values) in enumerate(sections):
                file = Path(folder, f'{len(changed)}_{number}.yaml')
                full = f'/**/{name}' if is_plain(name) else name
                file.write_text(
                    dump_yaml({full: {'ros__parameters': dict(values)}}), encoding='utf-8')
                changed += [OPTION, str(file)] if number else [str(file)]
        yield changed


def log_mistakes(nodes: Sequence[Node], args: Sequence[str]) -> None:
    """Log which sections of the parameter files probably should have counted for the nodes."""
    namespace = nodes[0].get_namespace().rstrip('/')
    names = [node.get_name() for node in nodes]
    for file in parameter_files(args):
        sections = [name for name, _ in _sections(file)]
        for sentence in mistakes(sections, namespace, names):
            nodes[0].get_logger().warning(f'{file}: {sentence}')
        if sentence := nothing_counts(sections, namespace):
            nodes[0].get_logger().info(f'{file}: {sentence}')


def _sections(path: Path) -> list[tuple[str, Any]]:
    try:
        return [*parameter_sections(path)]
    except ConfigError:
        return []  # ROS says what is wrong with it
