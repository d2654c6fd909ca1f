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
"""`fer evaluate` on a folder of photographs: runs the pipelines and prints their figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_ros.core.emotions import Emotion
from fer_ros.core.values import Frame, Image
from fer_ros.evaluation.fer_package import FerPackage
from fer_ros.evaluation.figure_tables import confusion_table, intervals_table
from fer_ros.evaluation.photograph_evaluation import (
    AnsweredFace,
    Answers,
    answers_of,
    FindFaces,
    Rows,
    with_intervals,
)
from fer_ros.evaluation.photographs import read_photographs
from fer_ros.parameters.node_options import EmotionNodeOptions, FaceNodeOptions
from fer_ros.parameters.parameter_files import load_options
from fer_ros.pipeline import Pipeline
from rich.console import Console

CONFIG = 'still'
"""The preset for pictures that have nothing to do with each other."""

FER_ROS, PEER = 'fer_ros', 'fer'


def measured_on_photographs(
    folder: Path, model: str, precision: str, threads: int, with_peer: bool, terminal: Console,
) -> dict[str, Any]:
    """
    Measure the preset `still` with a model on photographs, and print the figures.

    :param with_peer: measure the `fer` package, too. If it is not installed, a line says so.
    :return: the figures for JSON: `fer_ros`, and with the peer `fer` and `difference`,
        the figures of fer_ros minus those of the peer on the same photographs.
    :raises ValueError: if a label or a photograph is faulty.
    """
    faces = read_photographs(folder)
    options = replace(
        load_options(CONFIG, 'emotion_node', EmotionNodeOptions),
        model=model, precision=precision, threads=threads)
    with terminal.status(f'searching {len(faces):,} faces in the photographs'):
        with Pipeline(load_options(CONFIG, 'face_node', FaceNodeOptions), options) as pipeline:
            ours = answers_of(faces, _found_by(pipeline))
            title = pipeline.model
        peer = None
        if with_peer:
            try:
                package = FerPackage()
            except ImportError as error:
                terminal.print(
                    f'The fer package is left out: {error}. docs/accuracy.md says how to install '
                    'it.', markup=False, highlight=False, soft_wrap=True)
            else:
                peer = answers_of(faces, package.find_faces)
    measured = {FER_ROS: ours.to_mapping()}
    columns = {FER_ROS: measured[FER_ROS]['figures']}
    difference = {}
    if peer is not None:
        measured[PEER] = peer.to_mapping()
        difference = {'difference': _difference(ours, peer)}
        columns.update({PEER: measured[PEER]['figures'], **difference})
    terminal.print(
        f'[bold]{title}[/], preset {CONFIG}: {len(faces):,} labelled faces in '
        f'{measured[FER_ROS]["photographs"]:,} photographs', soft_wrap=True)
    terminal.print(intervals_table(columns))
    terminal.print(
        'In brackets: 95 % intervals. Named: found, and the emotion is not unknown.',
        style='dim', soft_wrap=True)
    for name, figures in measured.items():
        terminal.print(f'\nanswers of {name}')
        terminal.print(confusion_table(figures))
    return {'model': title, 'config': CONFIG, **measured, **difference}


def _found_by(pipeline: Pipeline) -> FindFaces:
    def find_faces(image: Image) -> list[AnsweredFace]:
        return [
            AnsweredFace(
                face.box, None if face.emotion is Emotion.UNKNOWN else face.probabilities)
            for face in pipeline.process(Frame(image, 0))]

    return find_faces


def _difference(ours: Answers, peer: Answers) -> dict[str, dict[str, float | None]]:
    """Return our figures minus those of the peer, for the same draws of photographs."""
    def difference(rows: Rows) -> dict[str, float]:
        both = [answers.figures(rows) for answers in (ours, peer)]
        return {name: both[0][name] - both[1][name] for name in both[0]}

    return with_intervals(difference, ours.photographs)
