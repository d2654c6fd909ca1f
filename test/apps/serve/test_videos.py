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

"""`/v1/videos`: the rows are those of `fer analyze`; nothing remains on the disk."""

import csv
import io
import subprocess
import sys

from click.testing import CliRunner
import cv2
from fer_ros.apps.analyze.command import analyze
from fer_ros.apps.serve.problem import Problem
from fer_ros.apps.serve.temporary_folder import PREFIX, TemporaryFolder
from fer_ros.apps.serve.video_jobs import safe_name
from fer_ros.media.sample_clip import SampleClip
import httpx
import pytest
from web_service import LIMITS, Server, wait_until

FRAMES = 20


def written(path, frames=FRAMES, rate_hz=30, size=(640, 480)):
    """Write the sample as a video; return its content."""
    clip = SampleClip()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), rate_hz, size)
    for k in range(frames):
        writer.write(cv2.resize(clip.frame(k), size))
    writer.release()
    return path.read_bytes()


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp('clip') / 'party.mp4'
    written(path)
    return path


@pytest.fixture(autouse=True)
def only_own_videos(service):
    """Delete the videos of other tests."""
    for job in service.videos.jobs:
        service.videos.delete(job)


def finished(http, job):
    """Return the state when the analysis has ended."""
    def state():
        found = http.get(f'/v1/videos/{job["id"]}').json()
        return found if found['state'] in ('done', 'failed') else None
    return wait_until(state)


def folders(service):
    return list(service.settings.temporary.glob(f'{PREFIX}*/*/'))


@pytest.mark.slow
def test_rows_are_those_of_fer_analyze(http, service, clip, tmp_path, monkeypatch):
    answer = http.post('/v1/videos?name=party.mp4&overlay=true', content=clip.read_bytes())
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers['location'] == f'/v1/videos/{job["id"]}'
    done = finished(http, job)
    assert (done['state'], done['progress'], done['images'], done['tracks']) == (
        'done', 1.0, FRAMES, 2)
    assert (done['faults'], done['notes']) == ([], [])
    assert done['duration_s'] == pytest.approx(FRAMES / 30, abs=0.05)
    monkeypatch.chdir(clip.parent)
    result = CliRunner().invoke(analyze, ['party.mp4', '--csv', str(tmp_path / 'rows.csv')])
    assert result.exit_code == 0, result.output
    found = http.get(f'/v1/videos/{job["id"]}/rows?format=csv')
    assert found.text == (tmp_path / 'rows.csv').read_text()
    rows = http.get(f'/v1/videos/{job["id"]}/rows').json()
    texts = list(csv.DictReader(io.StringIO(found.text)))
    assert [str(row['x']) for row in rows] == [row['x'] for row in texts]
    (tmp_path / 'drawn.mp4').write_bytes(http.get(f'/v1/videos/{job["id"]}/overlay').content)
    assert cv2.VideoCapture(str(tmp_path / 'drawn.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    # The video itself is deleted already, the results on request.
    assert not list(service.settings.temporary.rglob('party.mp4'))
    assert http.delete(f'/v1/videos/{job["id"]}').status_code == 204
    assert folders(service) == []
    for path in ('', '/rows', '/overlay'):
        assert http.get(f'/v1/videos/{job["id"]}{path}').status_code == 404


@pytest.mark.parametrize('data', [
    b'', b'no video', b'#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/secret\n#EXT-X-ENDLIST\n',
    b"ffconcat version 1.0\nfile '/etc/passwd'\n", b'\x89PNG\r\n\x1a\n' + bytes(100)],
    ids=['nothing', 'text', 'playlist', 'concat', 'picture'])
def test_what_is_no_video_is_refused(http, service, data):
    answer = http.post('/v1/videos?name=x.mp4', content=data)
    assert (answer.status_code, 'x.mp4 is no video' in answer.json()['detail']) == (415, True)
    assert folders(service) == []


@pytest.mark.slow
@pytest.mark.parametrize(('change', 'words'), [
    (lambda data: data[:len(data) // 3], 'broken.mp4'),
    (lambda data: data[:60] + bytes(5000), '')])
def test_a_damaged_video_fails_in_words(http, clip, change, words):
    job = http.post('/v1/videos?name=broken.mp4', content=change(clip.read_bytes())).json()
    done = finished(http, job)
    assert done['state'] == 'failed'
    assert done['faults']
    assert words in done['faults'][0]
    assert '/tmp' not in str(done)
    answer = http.get(f'/v1/videos/{job["id"]}/rows')
    assert (answer.status_code, 'no result: ' in answer.json()['detail']) == (409, True)
    http.delete(f'/v1/videos/{job["id"]}')


@pytest.mark.slow
def test_limits_of_length_and_pixels(http, service, tmp_path, monkeypatch):
    limits = LIMITS.__class__(video_s=1.0, video_pixels=100_000)
    monkeypatch.setattr(service.videos, '_limits', limits)
    for size, words in (((320, 240), 'is longer than 1 s'), ((640, 480), '640x480 pixels')):
        data = written(tmp_path / 'long.mp4', 45, 30, size)
        done = finished(http, http.post('/v1/videos?name=long.mp4', content=data).json())
        assert (done['state'], words in done['faults'][0]) == ('failed', True), done
        http.delete(f'/v1/videos/{done["id"]}')


@pytest.mark.slow
def test_cancellation_ends_the_process(http, service, tmp_path):
    data = written(tmp_path / 'long.mp4', 600, size=(320, 240))
    job = http.post('/v1/videos', content=data).json()
    kept = service.videos.find(job['id'])
    wait_until(lambda: kept.process is not None and kept.report.images > 0)
    assert 0 < http.get(f'/v1/videos/{job["id"]}').json()['progress'] < 1
    assert http.get(f'/v1/videos/{job["id"]}/rows').status_code == 409
    http.delete(f'/v1/videos/{job["id"]}')
    wait_until(lambda: not kept.process.is_alive())
    wait_until(lambda: not kept.folder.exists())
    assert http.get(f'/v1/videos/{job["id"]}').status_code == 404


@pytest.mark.slow
def test_results_expire(http, service, clip, monkeypatch):
    monkeypatch.setattr(service.videos, '_limits', LIMITS.__class__(keep_s=0.3))
    job = http.post('/v1/videos', content=clip.read_bytes()).json()
    kept = service.videos.find(job['id'])
    wait_until(lambda: kept.expires_s is not None)
    wait_until(lambda: http.get(f'/v1/videos/{job["id"]}').status_code == 404)
    wait_until(lambda: not kept.folder.exists())


def test_too_many_videos_are_turned_away(http, service, monkeypatch):
    monkeypatch.setattr(service.videos, '_limits', LIMITS.__class__(waiting_videos=0))
    answer = http.post('/v1/videos', content=b'x')
    assert (answer.status_code, answer.headers['retry-after']) == (503, '30')


def test_a_full_disk_is_told(http, service, monkeypatch):
    monkeypatch.setattr(service.videos, '_limits', LIMITS.__class__(video_bytes=2**60))
    with pytest.raises(Problem, match='almost full') as full:
        service.videos.check_place()
    assert full.value.status == 507


def test_an_upload_that_is_too_large_leaves_nothing(http, service):
    assert http.post('/v1/videos', content=bytes(LIMITS.video_bytes + 1)).status_code == 413

    def parts():
        for _ in range(20):
            yield bytes(2**19)
    assert http.post('/v1/videos', content=parts()).status_code == 413
    assert folders(service) == []


@pytest.mark.parametrize(('name', 'safe'), [
    ('party.mp4', 'party.mp4'), ('../../etc/passwd', '_.._etc_passwd'),
    ('concat:a|b', 'concat_a_b'), ('img%05d.png', 'img_05d.png'), ('-i', 'i'),
    ('.hidden', 'hidden'), ('', 'video'), ('..', 'video'),
    ('Fête été.mov', 'Fête été.mov'), ('a\0b\n', 'a_b_'), ('x' * 300, 'x' * 80)])
def test_names_have_no_meaning_for_ffmpeg(name, safe):
    assert safe_name(name) == safe


def test_an_unknown_video_is_told(http):
    for method, path in (('GET', ''), ('GET', '/rows'), ('GET', '/overlay'), ('DELETE', '')):
        answer = http.request(method, f'/v1/videos/nothing{path}')
        assert (answer.status_code, 'Upload it again' in answer.json()['detail']) == (404, True)


def test_a_folder_disappears_at_the_end(tmp_path):
    folder = TemporaryFolder(tmp_path)
    (folder.path / 'video').write_bytes(b'x')
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_disappears_also_if_its_process_is_killed(tmp_path):
    code = (
        'import pathlib, sys, os, signal\n'
        'from fer_ros.apps.serve.temporary_folder import TemporaryFolder\n'
        'folder = TemporaryFolder(pathlib.Path(sys.argv[1]))\n'
        '(folder.path / "video").write_bytes(b"x")\n'
        'os.kill(os.getpid(), signal.SIGKILL)')
    subprocess.run([sys.executable, '-c', code, str(tmp_path)], check=False, timeout=60)
    wait_until(lambda: list(tmp_path.iterdir()) == [])


def test_a_folder_without_a_guard_disappears_at_the_next_start(tmp_path):
    left = tmp_path / f'{PREFIX}left'
    left.mkdir()
    (left / 'lock').touch()
    (left / 'video').write_bytes(b'x')
    used = TemporaryFolder(tmp_path)
    other = TemporaryFolder(tmp_path)
    assert not left.exists()
    assert used.path.exists()
    used.close()
    other.close()


@pytest.mark.slow
def test_a_killed_service_leaves_nothing(tmp_path, clip):
    with Server('--temporary', str(tmp_path)) as server:
        data = written(tmp_path / 'long.mp4', 400, size=(320, 240))
        (tmp_path / 'long.mp4').unlink()
        job = httpx.post(f'{server.address}/v1/videos', content=data).json()
        wait_until(lambda: httpx.get(
            f'{server.address}/v1/videos/{job["id"]}').json()['state'] == 'running')
        assert list(tmp_path.iterdir())
        server.process.kill()
        wait_until(lambda: list(tmp_path.iterdir()) == [])
