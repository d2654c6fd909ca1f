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

"""A video file delivers the images that were put in."""

from fer_ros.media.sources import open_source, SourceOptions
import numpy as np
import pytest
from video_files import brightness, read_all, write_video


@pytest.mark.parametrize(
    ('name', 'fourcc'), [('a.avi', 'MJPG'), ('a.mkv', 'MJPG'), ('a.mp4', 'mp4v')]
)
def test_a_video_delivers_every_image_in_order_and_again_after_rewind(tmp_path, name, fourcc):
    path = write_video(tmp_path / name, fourcc)
    with open_source(str(path)) as source:
        assert (source.width, source.height, source.rate_hz) == (64, 48, 25.0)
        assert source.frame_count == 20
        assert not source.is_live
        first = read_all(source)
        source.rewind()
        second = read_all(source)
    assert brightness(first) == pytest.approx([10 * n for n in range(20)], abs=4)
    assert brightness(second) == brightness(first)
    assert source.warnings == []
    assert all(
        i.dtype == np.uint8 and i.shape == (48, 64, 3) and i.flags.c_contiguous for i in first
    )


def test_a_moving_gif_is_a_video(tmp_path):
    pillow = pytest.importorskip('PIL.Image')
    frames = [pillow.new('RGB', (32, 24), (80 * n, 0, 0)) for n in range(3)]
    path = tmp_path / 'moving.gif'
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with open_source(str(path)) as source:
        assert [int(image[..., 2].mean()) for image in read_all(source)] == pytest.approx(
            [0, 80, 160], abs=3
        )
        assert source.rate_hz == pytest.approx(10)


def test_a_video_with_an_impossible_rate_is_shown_at_30_with_a_warning(tmp_path):
    path = write_video(tmp_path / 'fast.avi', rate_hz=500)
    with open_source(str(path)) as source:
        assert source.rate_hz == 30
        assert [w for w in source.warnings if 'rate_hz' in w and str(path) in w]
    with open_source(str(path), SourceOptions(rate_hz=12.5)) as source:
        assert source.rate_hz == 12.5
        assert source.warnings == []
