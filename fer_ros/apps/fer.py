"""The `fer` command."""

import click

from fer_ros.apps.live import live


@click.group(context_settings={'help_option_names': ['-h', '--help']})
def main() -> None:
    """Facial emotion recognition that a robot can rely on."""


main.add_command(live)

if __name__ == '__main__':
    main(prog_name='fer')
