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

"""What the commands for models share: types of options, the console, and plain errors."""

from __future__ import annotations

from pathlib import Path
import signal
from typing import Any

import click
from rich.console import Console

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
DATA = click.Path(exists=True, path_type=Path)

_PIPE_COLUMNS = 120


def console() -> Console:
    """Return the console for tables: as wide as the terminal, wider for a file or a pipe."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_PIPE_COLUMNS)


class PlainErrors(click.Command):
    """A command that reports errors as a sentence, without a traceback, and ends on Ctrl-C."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        # Python's own handler unwinds the stack: the cursor is shown again, and no file stays half
        # written.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except (ValueError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            text = f'{error.filename}: {error.strerror}' if error.filename else str(error)
            raise click.ClickException(text) from error
