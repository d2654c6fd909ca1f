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
Decides for which node a section of a ROS parameter file counts, and which look like mistakes.

A section counts as ROS says, with one addition: a plain name such as `face_node:` counts for the
node in every namespace, as `/**/face_node:` does. ROS takes it for `/face_node:`, which a node in
a namespace would ignore without a word. `/face_node:` and `robot/face_node:` are full names.
"""

from __future__ import annotations

from collections.abc import Sequence
import difflib
import re

from fer_ros.parameters.node_options import NODE_OPTIONS

NEAR = 0.8
"""
How similar a name must be to be a mistyped one, as `difflib` counts; 1 is the same name.

One or two letters differ. The usual `camera` of a driver (0.71 from `camera_node`) is none.
"""


def is_plain(section: str) -> bool:
    """Return whether the name of a section is a node's name, without namespace or wildcards."""
    return not set(section) & {'/', '*'}


def counts_for(section: str, node: str, namespace: str | None = None) -> bool:
    """
    Return whether a section counts for a node.

    :param section: name with its namespaces, such as `face_node`, `/robot/face_node`, `/**`.
    :param namespace: of the node, such as '' or '/robot'. None: any, for programs without nodes;
        the last part of the section's name then selects the node.
    """
    if namespace is None or is_plain(section):
        return section.rsplit('/', 1)[-1] in (node, '*', '**')
    # As rclpy: `*` stands for one part of the name, `**` for any number of them.
    pattern = '/' + section.lstrip('/')
    pattern = pattern.replace('/**', r'(/\w+)@').replace('/*', r'(/\w+)').replace('@', '*')
    return re.fullmatch(pattern, f'{namespace.rstrip("/")}/{node}') is not None


def mistakes(
    sections: Sequence[str], namespace: str | None = None,
    nodes: Sequence[str] = tuple(NODE_OPTIONS),
) -> list[str]:
    """
    Return a sentence for each section that probably should have counted for one of the nodes.

    Sections of other nodes are no mistake: a robot can have one file for all its nodes.
    """
    sentences = []
    for section in sections:
        name = section.rsplit('/', 1)[-1]
        near = difflib.get_close_matches(name.lower(), NODE_OPTIONS, 1, NEAR)
        if name in NODE_OPTIONS:
            if name in nodes and not any(counts_for(s, name, namespace) for s in sections):
                sentences.append(
                    f'The section {section} does not count for {namespace or ""}/{name}: write '
                    f'/**/{name} for the node in every namespace.')
        elif near and near[0] in nodes:
            sentences.append(
                f'The section {section} is ignored, because no node of fer_ros is called '
                f'{name!r}; did you mean {near[0]!r}?')
    return sentences


def nothing_counts(sections: Sequence[str], namespace: str | None = None) -> str:
    """Return a sentence if a file has sections, but none for any node of this package, else ''."""
    if not sections or any(
            counts_for(section, node, namespace) for section in sections for node in NODE_OPTIONS):
        return ''
    return (
        f'The file sets nothing for a node of fer_ros in the namespace {namespace or "/"}: it has '
        f'sections for {", ".join(sections)}; the nodes are {", ".join(NODE_OPTIONS)}.')
