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

"""The page in a real browser, whose camera plays the sample clip."""

import re
import shutil
import subprocess
import sys

from axe_playwright_python.sync_playwright import Axe
import cv2
from fer_ros.apps.analyze.results_file import COLUMNS
from fer_ros.apps.serve.application import PAGE
from fer_ros.core.emotions import Emotion
from fer_ros.media.drawing import COLORS
from fer_ros.media.sample_clip import SampleClip
from playwright.sync_api import expect, sync_playwright
import pytest
from serve_pictures import encoded
from web_service import Server

CHROMIUM = shutil.which('chromium')

needs_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason='no chromium: sudo apt-get install chromium'),
    pytest.mark.timeout(300)]
DEADLINE_MS = 90_000

expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope='module')
def server():
    with Server() as made:
        yield made


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    clip = SampleClip()
    camera = tmp_path_factory.mktemp('camera') / 'sample.mjpeg'
    # The browser repeats the file. It goes forth and back, because faces that jump at its end are
    # new persons.
    forth = [encoded('.jpg', k) for k in range(0, 60, 2)]
    camera.write_bytes(b''.join([*forth, *forth[-2:0:-1]]))
    assert clip.frame(0).shape == (480, 640, 3)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=[
            '--use-fake-device-for-media-stream',
            f'--use-file-for-fake-video-capture={camera}'])
        yield made
        made.close()


@pytest.fixture
def open_page(browser, server):
    """Return a function that opens the page; at the end, nothing may have gone wrong in it."""
    contexts, faults, addresses = [], [], set()

    def opened(address=None, camera=True, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(DEADLINE_MS)
        if camera:
            context.grant_permissions(['camera'], origin=address or server.address)
        page = context.new_page()
        page.on('console', lambda message: message.type in ('error', 'warning')
                and faults.append(message.text))
        page.on('pageerror', lambda error: faults.append(str(error)))
        page.on('request', lambda request: addresses.add(request.url.split('/')[2])
                if request.url.startswith('http') else None)
        page.goto(address or server.address)
        return page
    opened.faults = faults
    yield opened
    for context in contexts:
        context.close()
    assert faults == []
    assert len(addresses) == 1, f'the page asked others: {addresses}'


pytestmark = needs_browser


def test_the_page_says_who_shows_what(open_page):
    page = open_page()
    expect(page.locator('#live-words')).to_have_text('The camera is off.')
    assert page.locator('#live-canvas').get_attribute('data-frame') is None
    page.get_by_role('button', name='Agree and start the camera').click()
    expect(page.locator('#live-words')).to_have_text(re.compile(
        r'Face \d+: (happiness|neutral), \d+ %\. Face \d+: (happiness|neutral), \d+ %\.'))
    expect(page.locator('.face:not(.gone)')).to_have_count(2)
    expect(page.locator('#live-count')).to_have_text('2')
    expect(page.locator('#live-rate')).to_have_text(re.compile(r'\d'))
    expect(page.locator('#live-canvas')).to_have_attribute('data-frame', re.compile(r'\d\d'))
    page.get_by_role('button', name='Stop the camera').click()
    expect(page.locator('#live-words')).to_have_text('The camera is off.')
    expect(page.locator('.face')).to_have_count(0)
    expect(page.get_by_role('button', name='Agree and start the camera')).to_be_visible()


def test_the_boxes_are_on_the_image_that_was_analysed(open_page):
    page = open_page()
    # What the page sends is compared with what it shows: the images of the clip all differ.
    page.evaluate("""() => {
        window.seen = [];
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (blob) {
            createImageBitmap(blob).then((bitmap) => {
                const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
                canvas.getContext('2d').drawImage(bitmap, 0, 0);
                window.seen.push(canvas.getContext('2d').getImageData(
                    0, 0, bitmap.width, bitmap.height).data);
                send.call(this, blob);
            });
        };
    }""")
    page.get_by_role('button', name='Agree and start the camera').click()
    expect(page.locator('#live-canvas')).to_have_attribute('data-frame', re.compile(r'^\d\d$'))
    differences = page.evaluate("""() => {
        const canvas = document.getElementById('live-canvas');
        const shown = canvas.getContext('2d').getImageData(
            0, 0, canvas.width, canvas.height).data;
        const frame = Number(canvas.dataset.frame);
        return [frame, frame - 1, frame - 2].map((k) => {
            let sum = 0;
            window.seen[k].forEach((value, i) => { sum += Math.abs(value - shown[i]); });
            return sum / shown.length;
        });
    }""")
    # The boxes and JPEG change the image too, but equally for all.
    assert differences[0] < 0.7 * min(differences[1:])


def test_without_a_permission_the_page_says_what_to_do(open_page):
    page = open_page(camera=False)
    page.get_by_role('button', name='Agree and start the camera').click()
    expect(page.locator('#live-message')).to_contain_text('did not permit the camera')


def test_pictures_and_videos_are_shown_and_saved(open_page, tmp_path):
    for k in (0, 20):
        (tmp_path / f'party{k}.png').write_bytes(encoded('.png', k))
    writer = cv2.VideoWriter(
        str(tmp_path / 'party.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 30, (640, 480))
    for k in range(12):
        writer.write(SampleClip().frame(k))
    writer.release()
    page = open_page()
    page.get_by_role('tab', name='Upload').click()
    page.locator('#files').set_input_files([tmp_path / name for name in (
        'party0.png', 'party20.png', 'party.mp4')])
    for name in ('party0.png', 'party20.png'):
        expect(page.get_by_role('article', name=name)).to_contain_text('2 faces')
        expect(page.get_by_role('article', name=name)).to_contain_text('happiness')
    video = page.get_by_role('article', name='party.mp4')
    expect(video).to_contain_text('12 images, 0.4 s, 2 persons')
    expect(video.locator('canvas')).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role('button', name='Download all rows').click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == ','.join(COLUMNS)
    assert len(lines) == 1 + 2 + 2 + 2 * 11
    page.get_by_role('button', name='Clear').click()
    expect(page.locator('.item')).to_have_count(0)


def test_a_file_that_is_none_is_told(open_page, tmp_path):
    (tmp_path / 'notes.png').write_bytes(b'just text')
    page = open_page()
    page.get_by_role('tab', name='Upload').click()
    page.locator('#files').set_input_files(tmp_path / 'notes.png')
    expect(page.locator('.item .fault')).to_contain_text('send JPEG, PNG or WebP')
    # The browser itself reports the status 415.
    assert [fault for fault in open_page.faults if '415' not in fault] == []
    open_page.faults.clear()


def test_the_models_are_described(open_page):
    page = open_page()
    page.get_by_role('tab', name='Models').click()
    expect(page.locator('.model')).not_to_have_count(0)
    expect(page.locator('.model .badge')).to_have_count(1)
    card = page.locator('.model').first
    card.get_by_text('What it cannot do').click()
    expect(card).to_contain_text('not what the person felt')


def test_the_keyboard_is_enough(open_page):
    page = open_page()
    page.keyboard.press('Tab')
    expect(page.locator('.skip')).to_be_focused()
    page.keyboard.press('Tab')
    expect(page.get_by_role('tab', name='Live')).to_be_focused()
    for key, name in (('ArrowRight', 'Upload'), ('End', 'Robot'), ('ArrowRight', 'Live'),
                      ('ArrowLeft', 'Robot'), ('Home', 'Live')):
        page.keyboard.press(key)
        expect(page.get_by_role('tab', name=name)).to_be_focused()
        expect(page.get_by_role('tabpanel', name=name)).to_be_visible()
    page.keyboard.press('Tab')
    page.keyboard.press('Tab')
    expect(page.get_by_role('button', name='Agree and start the camera')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.get_by_role('button', name='Stop the camera')).to_be_focused()


@pytest.mark.parametrize(('scheme', 'width'), [('light', 1280), ('dark', 1280), ('light', 320)])
def test_everybody_can_use_it(open_page, scheme, width, tmp_path):
    (tmp_path / 'party.jpg').write_bytes(encoded())
    page = open_page(color_scheme=scheme, viewport={'width': width, 'height': 800})
    page.get_by_role('button', name='Agree and start the camera').click()
    expect(page.locator('.face')).not_to_have_count(0)
    for name in ('Live', 'Upload', 'Models', 'Robot'):
        page.get_by_role('tab', name=name).click()
        if name == 'Upload':
            page.locator('#files').set_input_files(tmp_path / 'party.jpg')
            expect(page.locator('.chip')).to_have_count(2)
        if name == 'Models':
            expect(page.locator('.model')).not_to_have_count(0)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate('document.documentElement.scrollWidth') <= width


def test_without_ros_the_tab_says_how_to_get_it(open_page):
    page = open_page()
    page.get_by_role('tab', name='Robot').click()
    expect(page.get_by_role('tabpanel', name='Robot')).to_contain_text('make serve ARGS=--ros')


def test_a_running_robot_is_shown_and_changed(open_page):
    pytest.importorskip('rclpy')
    live = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros', 'live', '--source', 'sample', '--loop'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with Server('--ros') as server:
            page = open_page(f'{server.address}/#robot')
            panel = page.get_by_role('tabpanel', name='Robot')
            expect(panel.locator('.chip', has_text=re.compile('^active$'))).to_have_count(4)
            expect(panel.locator('.words')).to_contain_text(re.compile(
                r'Face \d+: (happiness|neutral), \d+ %\.'))
            expect(panel.locator('canvas').first).to_have_attribute(
                'data-images', re.compile(r'\d'))
            node = page.get_by_role('article', name='emotion_node')
            node.get_by_text('Parameters').click()
            minimum = node.get_by_label('min_confidence', exact=True)
            minimum.fill('1')
            minimum.dispatch_event('change')
            expect(panel.locator('.words')).to_contain_text(
                re.compile(r'Face \d+: unknown\. Face \d+: unknown\.'))
            assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
            page.get_by_role('button', name='deactivate overlay_node').click()
            overlay = page.get_by_role('article', name='overlay_node')
            expect(overlay.locator('.chip')).to_have_text('configured, not active')
            page.close()
    finally:
        live.terminate()
        live.wait()


def test_a_token_is_asked_for(open_page, tmp_path):
    token = tmp_path / 'token'
    token.write_text('0123456789abcdef')
    with Server('--token-file', str(token)) as guarded:
        page = open_page(guarded.address)
        page.get_by_label('Token', exact=True).fill('wrong')
        page.get_by_role('button', name='Continue').click()
        expect(page.locator('#access-message')).to_contain_text('not the right one')
        page.get_by_label('Token', exact=True).fill('0123456789abcdef')
        page.get_by_role('button', name='Continue').click()
        expect(page.locator('#access')).to_be_hidden()
        page.get_by_role('button', name='Agree and start the camera').click()
        expect(page.locator('.face')).not_to_have_count(0)
        page.close()
    # The browser itself reports the status 401.
    assert [fault for fault in open_page.faults if '401' not in fault] == []
    open_page.faults.clear()


def test_the_columns_and_colors_are_those_of_fer_analyze():
    text = (PAGE / 'emotions.js').read_text()
    colors = dict(re.findall(r"(\w+): '(#[0-9a-f]{6})'", text))
    assert colors == {
        emotion.label: f'#{red:02x}{green:02x}{blue:02x}'
        for emotion, (blue, green, red) in COLORS.items()}
    labels = re.findall(r"'(\w+)'", re.search(r'LABELS = \[(.*?)\]', text, re.DOTALL)[1])
    assert labels == [Emotion(k).label for k in range(7)]
    columns = re.search(r'COLUMNS = \[(.*?)\]', text, re.DOTALL)[1].replace(
        '...LABELS', ', '.join(f"'{label}'" for label in labels))
    assert tuple(re.findall(r"'(\w+)'", columns)) == COLUMNS
