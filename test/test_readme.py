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

"""The README and the documents: their examples work, and what they name exists."""

import functools
import importlib.util
import math
from pathlib import Path
import re
import shlex
import signal
import subprocess
import sys
import time

from checkout import ROOT
import click
from fer_ros.cli import fer
from fer_ros.core.values import NS_PER_S
from fer_ros.nodes.face_conversion import to_stamp
from graph import wait_until
import pytest

DOCUMENTS = sorted([
    ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *(ROOT / 'docs').rglob('*.md')])
README = (ROOT / 'README.md').read_text(encoding='utf-8')
README_LINES = 130
LINE_LENGTH = 100

by_name = pytest.mark.parametrize(
    'document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def blocks(document: Path, language: str) -> list[str]:
    """Return the code of a document that is in a language."""
    return re.findall(
        rf'^ *```{language}\n(.*?)^ *```', document.read_text(encoding='utf-8'),
        re.DOTALL | re.MULTILINE)


def block(document: Path, word: str) -> str:
    """Return the one Python example of a document that has a word in it."""
    (found,) = (text for text in blocks(document, 'python') if word in text)
    return found


@pytest.mark.parametrize('document', [
    ROOT / 'README.md', ROOT / 'docs' / 'tutorials' / 'without_ros.md'], ids=lambda p: p.stem)
def test_the_example_without_ros_finds_both_faces(
        capsys: pytest.CaptureFixture[str], document: Path) -> None:
    exec(compile(block(document, 'Pipeline'), document.name, 'exec'), {})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert sorted(row[0] for row in rows) == ['1', '2']
    assert {row[1] for row in rows} <= {
        'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral', 'unknown'}


def work_of_main_thread(process_id: int) -> tuple[str, int]:
    """Return its state, and the time that it has worked for, in the kernel's ticks."""
    stat = Path(f'/proc/{process_id}/task/{process_id}/stat').read_text(encoding='ascii')
    state, *fields = stat.rpartition(')')[2].split()
    return state, int(fields[10]) + int(fields[11])


def wait_while_at_work(process_id: int) -> None:
    """Wait until a node's main thread waits for messages: it did nothing for 0.3 s."""
    last, since_s = ('', 0), time.monotonic()

    def is_idle() -> bool:
        nonlocal last, since_s
        now = work_of_main_thread(process_id)
        if now != last or now[0] != 'S':
            last, since_s = now, time.monotonic()
        return time.monotonic() - since_s > 0.3
    wait_until(is_idle)


def test_the_robot_greets_a_smiling_person_once_and_ends_with_ctrl_c(graph, tmp_path) -> None:
    from fer_msgs.msg import Emotion, EmotionArray
    example = tmp_path / 'greeter.py'
    example.write_text(block(ROOT / 'README.md', 'Greeter'), encoding='utf-8')
    speaker = graph.speaker(EmotionArray, 'emotions')
    with subprocess.Popen(
            [sys.executable, str(example)], stderr=subprocess.PIPE, text=True) as robot:
        try:
            wait_until(lambda: speaker.get_subscription_count() == 1)
            for track_id in (3, 3, 3, 4):
                speaker.publish(EmotionArray(emotions=[
                    Emotion(track_id=track_id, emotion=Emotion.HAPPY, confidence=0.9)]))
            said = [robot.stderr.readline(), robot.stderr.readline()]
            # rclpy's spin fails with an RCLError where an interrupt meets it on the way from one
            # wait to the next.
            wait_while_at_work(robot.pid)
            robot.send_signal(signal.SIGINT)
            said += robot.stderr.readlines()
            assert robot.wait(20) == 0, said
        finally:
            robot.kill()
    assert ['Hello, person 3!' in said[0], 'Hello, person 4!' in said[1], len(said)] == [
        True, True, 2], said


def test_the_patient_robot_greets_who_smiles_for_a_second(graph, tmp_path) -> None:
    from fer_msgs.msg import Emotion, EmotionArray, HeadPose
    document = ROOT / 'docs' / 'tutorials' / 'behaviour.md'
    example = tmp_path / 'patient_greeter.py'
    example.write_text(block(document, 'PatientGreeter'), encoding='utf-8')
    speaker = graph.speaker(EmotionArray, 'emotions')
    frontal = HeadPose(roll=0.0, pitch=0.0, yaw=0.0)
    unknown = HeadPose(roll=math.nan, pitch=math.nan, yaw=math.nan)
    with subprocess.Popen(
            [sys.executable, str(example)], stderr=subprocess.PIPE, text=True) as robot:
        try:
            wait_until(lambda: speaker.get_subscription_count() == 1)
            for quarter in range(8):
                # 1 smiles all the time, 2 stops in between, 3 smiles with an unknown pose.
                faces = [(1, frontal), (3, unknown)]
                if quarter != 3:
                    faces.append((2, frontal))
                message = EmotionArray(emotions=[
                    Emotion(track_id=track_id, emotion=Emotion.HAPPY, confidence=0.9,
                            quality=0.9, head_pose=pose) for track_id, pose in faces])
                message.header.stamp = to_stamp(NS_PER_S + quarter * NS_PER_S // 4)
                speaker.publish(message)
            said = [robot.stderr.readline()]
            wait_while_at_work(robot.pid)
            robot.send_signal(signal.SIGINT)
            said += robot.stderr.readlines()
            assert robot.wait(20) == 0, said
        finally:
            robot.kill()
    assert ['Hello, person 1!' in said[0], len(said)] == [True, 1], said


@by_name
def test_every_python_example_can_be_compiled(document: Path) -> None:
    for text in blocks(document, 'python'):
        compile(text, document.name, 'exec')


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a document."""
    text = re.sub(r'```.*?```', '', document.read_text(encoding='utf-8'), flags=re.DOTALL)
    titles = re.findall(r'^#+ (.*)$', text, re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-') for title in titles}


@by_name
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    text = document.read_text(encoding='utf-8')
    wrong = []
    for target in re.findall(r'\]\(([^)]+)\)', text):
        if re.match(r'https?:', target):
            continue
        name, _, anchor = target.partition('#')
        path = (document.parent / name).resolve() if name else document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            wrong.append(target)
    assert wrong == []


@by_name
def test_every_file_that_is_named_exists(document: Path) -> None:
    text = document.read_text(encoding='utf-8')
    named = set(re.findall(
        r'`((?:fer_ros|test|tools|launch|config|models|docs|requirements)/[\w./]+'
        r'|fer_msgs/msg/\w+\.msg)`', text))
    # Files that a reader is asked to write.
    new = {
        name for name in named
        if 'NAME' in name or re.search(rf'`{re.escape(name)}` \(new\)', text)}
    assert sorted(name for name in named - new if not (ROOT / name).exists()) == []


@functools.cache
def parameter_names() -> set[str]:
    """Return the names of all parameters, and of all options of a training."""
    spec = importlib.util.spec_from_file_location(
        'write_parameters', ROOT / 'tools' / 'write_parameters.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    names = {row.name for options in tool.NODE_OPTIONS.values() for row in options.table()}
    return names | {row.name for row in tool.TrainingOptions.table()}


@by_name
def test_every_parameter_that_is_named_exists(document: Path) -> None:
    groups = {name.split('.')[0] for name in parameter_names() if '.' in name}
    text = document.read_text(encoding='utf-8')
    named = set(re.findall(rf'`((?:{"|".join(sorted(groups))})\.[a-z_.]+)(?::[^`]*)?`', text))
    named |= set(re.findall(r'--set \w+_node\.([\w.]+)=', text))
    named = {name for name in named if not name.endswith('.py')}
    # The tutorial adds this one.
    assert named - {'detector.profile.min_neighbors'} - parameter_names() == set()


def fer_commands(document: Path) -> list[list[str]]:
    """Return the words of each call of `fer` in code of a document."""
    text = document.read_text(encoding='utf-8')
    lines = '\n'.join(blocks(document, 'sh')).replace('\\\n', ' ').splitlines()
    calls = [line for line in lines if re.match(r'(\S+=\S+ )*(\S+/)?fer ', line)]
    calls += re.findall(r'`(fer [a-z][^`]*)`', re.sub(r'\s+', ' ', text))
    return [
        shlex.split(call.split(' fer ')[-1].partition('fer ')[2] or call, comments=True)
        for call in calls]


@by_name
def test_every_fer_command_and_option_exists(document: Path) -> None:
    for words in fer_commands(document):
        name, *rest = (word for word in words if word != '&')
        command = fer.get_command(click.Context(fer), name)
        assert command is not None, words
        if isinstance(command, click.Group) and rest and not rest[0].startswith('-'):
            command = command.get_command(click.Context(command), rest[0])
            assert command is not None, words
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith('--')} - {'--help'} <= options, words


def test_every_option_of_fer_live_in_the_readme_exists() -> None:
    from fer_ros.apps.live.command import live
    options = {name for parameter in live.params for name in parameter.opts} | {'--help'}
    used = {
        word for line in README.splitlines() if line.startswith('make live') and 'ARGS' in line
        for word in re.findall(r'--[a-z]+', line.split('#')[0])}
    assert used
    assert used <= options


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= README_LINES


@by_name
def test_lines_are_wrapped(document: Path) -> None:
    # Tables and diagrams cannot be wrapped, links in headings neither.
    text = re.sub(
        r'```mermaid.*?```', '', document.read_text(encoding='utf-8'), flags=re.DOTALL)
    assert [
        line for line in text.splitlines()
        if len(line) > LINE_LENGTH and not line.startswith(('|', '#', '- ['))] == []


def test_every_measurement_has_its_command() -> None:
    text = (ROOT / 'docs' / 'benchmarks.md').read_text(encoding='utf-8')
    parts = text.partition('## Why does a constant')[0].split('\n## ')[1:]
    assert 'make bench' in parts[0]
    assert 'AMD EPYC' in parts[1]
    assert re.search(r'\d{4}-\d\d-\d\d', parts[1])
    measured = [part for part in parts[2:] if not part.startswith('How many images are lost')]
    assert len(measured) > 5
    for part in measured:
        title = part.splitlines()[0]
        assert re.search(r'\d', part), title
        commands = [shlex.split(text) for text in re.findall(r'`(fer [^`]+)`', part)]
        assert commands, title
        for words in commands:
            assert words[1] in fer.list_commands(click.Context(fer)), title


def test_every_explained_constant_exists() -> None:
    text = (ROOT / 'docs' / 'benchmarks.md').read_text(encoding='utf-8')
    explained = re.findall(r'^#### (.*?) \(`([\w/]+\.py)`\)', text, re.MULTILINE)
    assert len(explained) > 20
    for title, path in explained:
        code = (ROOT / 'fer_ros' / path).read_text(encoding='utf-8')
        for name in re.findall(r'\b[A-Z]+(?:_[A-Z]+)*\b(?![a-z])', title):
            assert re.search(rf'^{name}\b', code, re.MULTILINE), f'{name} in {path}'
