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

"""Installs fer_ros as an ament_python package; `colcon build` calls this."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = 'fer_ros'


def shared_files():
    """
    List what is installed to share/fer_ros.

    Files that only trainings need (models/*/training) stay in the checkout.

    :return: pairs of a folder and its files, for every folder below launch, config and models.
    """
    by_folder = {}
    for top in ('launch', 'config', 'models'):
        for path in sorted(Path(top).rglob('*')):
            hidden = any(part.startswith(('.', '__')) for part in path.parts)
            is_for_training = top == 'models' and 'training' in path.parts
            if path.is_file() and not hidden and not is_for_training:
                folder = f'share/{NAME}/{path.parent.as_posix()}'
                by_folder.setdefault(folder, []).append(str(path))
    return list(by_folder.items())


setup(
    name=NAME,
    version='0.1.0',
    description='Facial emotion recognition for robots, on ROS 2 and without it',
    license='Apache-2.0',
    maintainer='fer_ros maintainers',
    maintainer_email='fer_ros@users.noreply.github.com',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    # The page of `fer serve`.
    package_data={f'{NAME}.apps.serve': ['page/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        # `fer models --fetch` reads it.
        (f'share/{NAME}/requirements', ['requirements/mediapipe.txt']),
        *shared_files(),
    ],
    python_requires='>=3.10',
    # The first tells `colcon test` to run pytest.
    extras_require={
        'test': ['pytest', 'pytest-timeout'],
        # requirements/desktop.txt pins them.
        'desktop': ['ttkbootstrap>=2.2', 'platformdirs', 'tkinterdnd2'],
        # requirements/serve.txt pins them.
        'serve': ['fastapi', 'uvicorn', 'websockets', 'prometheus-client', 'cryptography'],
    },
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'camera_node = fer_ros.nodes.main:camera_node',
            'face_node = fer_ros.nodes.main:face_node',
            'emotion_node = fer_ros.nodes.main:emotion_node',
            'overlay_node = fer_ros.nodes.main:overlay_node',
            'pipeline = fer_ros.nodes.main:pipeline',
            'fer = fer_ros.__main__:main',
        ],
    },
)
