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

"""What the README shows works."""

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
from graph import wait_until
import pytest

README = (ROOT / 'README.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```python\n(.*?)```', README, re.DOTALL)


def block(word: str) -> str:
    """Return the one example that holds a word."""
    found = [text for text in BLOCKS if word in text]
    assert len(found) == 1
    return found[0]


def test_the_example_without_ros_finds_both_faces(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block('Pipeline'), 'README.md', 'exec'), {})
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
    example.write_text(block('Greeter'), encoding='utf-8')
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


@pytest.mark.parametrize('target', sorted(set(re.findall(r'\]\(([^)#]+)\)', README))))
def test_every_link_of_the_readme_leads_to_a_file(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_option_of_fer_live_in_the_readme_exists() -> None:
    from fer_ros.apps.live.command import live
    options = {name for parameter in live.params for name in parameter.opts}
    used = {
        word for line in README.splitlines() if line.startswith('make live') and 'ARGS' in line
        for word in re.findall(r'--[a-z]+', line.split('#')[0])}
    assert used
    assert used <= options


def test_every_figure_of_the_readme_has_its_command() -> None:
    _, _, section = README.partition('## Measured')
    parts = section.partition('\n## ')[0].split('\n### ')
    assert 'make bench' in parts[0]
    assert len(parts) > 4
    for part in parts[1:]:
        title, *rows = (line for line in part.splitlines() if line.strip())
        tables = [row for row in rows if row.startswith('|')]
        assert len(tables) > 5, title
        assert all(re.search(r'\d', row) for row in tables[2:]), title
        commands = [shlex.split(text) for text in re.findall(r'`(fer [^`]+)`', part)]
        assert commands, title
        for words in commands:
            assert words[1] in fer.list_commands(click.Context(fer)), title
