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

"""Selects a folder for the log files of ROS when the usual folder cannot be written."""

from __future__ import annotations

import os
from pathlib import Path
import sys
import tempfile

LOG_VARIABLE = 'ROS_LOG_DIR'


def usual_log_folder() -> Path | None:
    """
    Return the folder that rcl_logging uses; None if no environment variable leads to one.

    These are the rules of rcl_logging_interface: `ROS_LOG_DIR`, else `ROS_HOME/log`, else
    `HOME/.ros/log`. An empty variable counts as not set, and a leading `~` stands for `HOME`.
    """
    home = os.environ.get('HOME', '')
    for name, below in ((LOG_VARIABLE, ''), ('ROS_HOME', 'log'), ('HOME', '.ros/log')):
        if folder := os.environ.get(name, ''):
            if folder.startswith('~'):
                if not home:
                    return None
                folder = home + folder[1:]
            return Path(folder, below)
    return None


def ensure_log_folder() -> None:
    """
    Set `ROS_LOG_DIR` to a new temporary folder if the usual log folder cannot be written.

    Call it before `rclpy.init`, which would fail otherwise: for example in a systemd unit without
    HOME, or on a robot whose disk is read-only. A sentence on the standard error names the folder.
    Processes that are started later inherit the folder.

    :raises SystemExit: if there is no temporary folder either; the text says what to do.
    """
    usual = usual_log_folder()
    reason = 'HOME is not set' if usual is None else _fault(usual)
    if not reason:
        return
    try:
        folder = tempfile.mkdtemp(prefix='fer_ros_log_')
    except OSError as error:
        raise SystemExit(
            f'There is no folder for log files ({reason}), and no temporary folder: set '
            f'{LOG_VARIABLE} to a folder that can be written.') from error
    os.environ[LOG_VARIABLE] = folder
    print(
        f'{reason}, so the log files of ROS are in {folder}; set {LOG_VARIABLE} to choose another '
        'folder.', file=sys.stderr, flush=True)


def _fault(folder: Path) -> str:
    """Return why no file can be made in the folder, which is created; '' if one can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permissions alone do not say it: root passes them, and the disk may be read-only.
        with tempfile.NamedTemporaryFile(dir=folder):
            return ''
    except OSError as error:
        return f'The log folder {folder} cannot be written ({error.strerror})'
