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

"""The forms of the answers, for the documentation in /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal[
    'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral', 'unknown']

PROBABILITY = 'Probability from 0 to 1; null before the first classification.'


class FaceRow(BaseModel):
    """A face of an image, as in the rows of `fer analyze`."""

    model_config = ConfigDict(json_schema_extra={'examples': [{
        'file': 'picture', 'image': 0, 'time_s': 0.0, 'track_id': 1, 'state': 'detected',
        'x': 231.4, 'y': 120.9, 'width': 104.2, 'height': 104.2, 'score': 0.94, 'roll': 0.02,
        'pitch': -0.11, 'yaw': 0.24, 'quality': 0.81, 'anger': 0.01, 'disgust': 0.0,
        'fear': 0.01, 'happiness': 0.93, 'sadness': 0.01, 'surprise': 0.02, 'neutral': 0.02,
        'label': 'happiness', 'confidence': 0.93}]})

    file: str = Field(description='Name of the file; "live" on a live connection.')
    image: int = Field(ge=0, description='Number of the image, from 0.')
    time_s: float = Field(description='Time since the first image, in seconds.')
    track_id: int = Field(ge=1, description='Number of the face, the same in all images.')
    state: Literal['detected', 'tracked'] = Field(
        description='Found in this image, or predicted.')
    x: float = Field(description='Left edge of the box, in pixels.')
    y: float = Field(description='Top edge of the box, in pixels.')
    width: float = Field(description='In pixels.')
    height: float = Field(description='In pixels.')
    score: float | None = Field(description="The detector's confidence, from 0 to 1.")
    roll: float | None = Field(description='In radians; positive: leans clockwise in the image.')
    pitch: float | None = Field(description='In radians; positive: looks down.')
    yaw: float | None = Field(description='In radians; positive: turned to the left of the image.')
    quality: float | None = Field(description='Quality of the view, from 0 to 1.')
    anger: float | None = Field(description=PROBABILITY)
    disgust: float | None = Field(description=PROBABILITY)
    fear: float | None = Field(description=PROBABILITY)
    happiness: float | None = Field(description=PROBABILITY)
    sadness: float | None = Field(description=PROBABILITY)
    surprise: float | None = Field(description=PROBABILITY)
    neutral: float | None = Field(description=PROBABILITY)
    label: Label = Field(description='The emotion; unknown below the least confidence.')
    confidence: float | None = Field(description='Probability of the label.')


class PictureAnswer(BaseModel):
    """The faces of a picture."""

    model: str = Field(description='Name and version of the classifier.')
    width: int
    height: int
    faces: list[FaceRow]


class Access(BaseModel):
    """What a client must know before it begins."""

    model: str
    live_places: int = Field(description='Most live connections at a time.')
    has_robot: bool = Field(description='Whether the service listens to ROS 2 (--ros).')


class State(BaseModel):
    """Whether the service works."""

    status: Literal['ok', 'starting']


class Accuracy(BaseModel):
    """Figures of a model on one set of pictures."""

    labels: str = Field(description='Whose labels count: fer2013 or ferplus.')
    split: str
    accuracy: float
    recall: dict[str, float | None] = Field(
        description='Share of the pictures of each emotion that get it.')


class Model(BaseModel):
    """A model and its card."""

    name: str
    aliases: list[str]
    version: str
    description: str
    is_used: bool
    precision: str
    size_bytes: int
    parameters: int | None
    ms_per_face: float | None = Field(description='One thread, on the machine of the card.')
    machine: str
    accuracy: list[Accuracy]
    limits: str
    data: str
    terms: str


class Video(BaseModel):
    """A video and how far its analysis is."""

    id: str
    name: str
    state: Literal['uploading', 'waiting', 'running', 'done', 'failed']
    progress: float | None = Field(
        description='From 0 to 1; null if the file does not state its length.')
    images: int
    faces: int
    tracks: int = Field(description='Number of different faces.')
    duration_s: float
    faults: list[str] = Field(description='Sentences; the rows before a fault are kept.')
    notes: list[str]
    expires_in_s: int | None = Field(description='Seconds until the results are deleted.')


class NodeState(BaseModel):
    """A node of a running graph."""

    name: str
    state: str = Field(description='Of its lifecycle; absent: it does not run; silent: no answer.')
    level: Literal['ok', 'warning', 'error', 'stale']
    message: str
    values: dict[str, str]


class NodeParameter(BaseModel):
    """A parameter of a node."""

    name: str
    type: Literal['bool', 'int', 'float', 'str']
    value: bool | int | float | str | None
    description: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: list[str]
    is_dynamic: bool = Field(description='Whether it may change while the node is active.')


class NodeValue(BaseModel):
    """A new value of a parameter."""

    value: bool | int | float | str
