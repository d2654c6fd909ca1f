"""Where the files are that belong to the package: models, configuration, launch files."""

import os
from pathlib import Path
import sys

PACKAGE = 'fer_ros'


def share_directory() -> Path:
    """
    Return the folder that holds `models/`, in a source checkout as well as in an installation.

    :raises FileNotFoundError: where there is none; the text names the places that were tried.
    """
    for parent in Path(__file__).resolve().parents:
        if (parent / 'package.xml').is_file() and (parent / 'models').is_dir():
            return parent
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) + [sys.prefix]
    candidates = [Path(prefix) / 'share' / PACKAGE for prefix in prefixes if prefix]
    for candidate in candidates:
        if (candidate / 'models').is_dir():
            return candidate
    tried = ', '.join(map(str, candidates))
    raise FileNotFoundError(
        f'the files of {PACKAGE} (models, configuration) were not found; tried {tried}. '
        "Source the workspace's setup file (`. install/setup.bash`) or run from a checkout")


def models_directory() -> Path:
    """
    Return the folder of the shipped models.

    :raises FileNotFoundError: as `share_directory`.
    """
    return share_directory() / 'models'
