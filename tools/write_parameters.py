"""Write config/live.yaml and docs/parameters.md from the parameter table, so that they cannot disagree with it."""

from pathlib import Path
import textwrap

import yaml

from fer_ros.core.configuration import NODE_OPTIONS
from fer_ros.core.options import Option

ROOT = Path(__file__).resolve().parents[1]

HEAD = """\
# Every parameter with its default, written by tools/write_parameters.py from the parameter table.
# Copy the file, keep what you change, and give it as `config:=` to the launch files or as `--config` to `fer live`.
# The sections count in any namespace.
"""


def facts(row: Option) -> str:
    """Return range, unit and whether the parameter can change at run time, in words."""
    unit = f' {row.unit}' if row.unit else ''
    parts = [f'{row.range}{unit}' if row.range else unit.strip()]
    if row.dynamic:
        parts.append('changes at run time')
    return '; '.join(part for part in parts if part)


def config() -> str:
    """Return the text of config/live.yaml."""
    lines = [HEAD]
    for node, options in NODE_OPTIONS.items():
        lines.append(f'/**/{node}:\n  ros__parameters:')
        for row in options.table():
            comment = f'{row.description} [{facts(row)}]' if facts(row) else row.description
            lines += textwrap.wrap(comment, 110, initial_indent='    # ', subsequent_indent='    # ')
            value = yaml.safe_dump(row.default, default_style="'" if isinstance(row.default, str) else None)
            lines.append(f'    {row.name}: {value.splitlines()[0]}')
        lines.append('')
    return '\n'.join(lines)


def document() -> str:
    """Return the text of docs/parameters.md."""
    lines = [
        '# Parameters', '',
        'Written by `tools/write_parameters.py` from the parameter table. Those that change at run time take '
        '`ros2 param set`; the others take effect when the node is configured.', '']
    for node, options in NODE_OPTIONS.items():
        lines += [f'## {node}', '', '| parameter | type | default | range | |', '| --- | --- | --- | --- | --- |']
        for row in options.table():
            default = f'`{row.default!r}`' if isinstance(row.default, str) else f'`{str(row.default).lower()}`'
            unit = f' {row.unit}' if row.unit else ''
            change = ' Changes at run time.' if row.dynamic else ''
            text = row.description.replace('|', '\\|')
            lines.append(
                f'| `{row.name}` | {row.type.__name__} | {default}{unit} | {row.range} | {text}{change} |')
        lines.append('')
    return '\n'.join(lines)


FILES = {ROOT / 'config' / 'live.yaml': config, ROOT / 'docs' / 'parameters.md': document}


def main() -> None:
    """Write the files."""
    for path, text in FILES.items():
        path.write_text(text(), encoding='utf-8')


if __name__ == '__main__':
    main()
