// Pictures and videos: each gets a card with its faces; all rows can be saved as CSV.

import {ask, upload} from './api.js';
import {csv, save} from './csv.js';
import {Announcer, byId, element} from './dom.js';
import {COLORS, inWords} from './emotions.js';
import {drawFaces} from './overlay.js';
import {drawTimeline, pointOf} from './timeline.js';

const PARALLEL = 2;
const LONGEST_EDGE = 1280;
const POLL_MS = 500;
const MAX_PERSONS = 8;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Uploads {
  constructor() {
    this.waiting = [];
    this.running = 0;
    this.rows = [];
    this.items = new Set();
    this.words = new Announcer(byId('upload-words'));
    const drop = byId('drop');
    byId('files').addEventListener('change', (event) => {
      this.add(event.target.files);
      event.target.value = '';
    });
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      this.add(event.dataTransfer.files);
    });
    byId('download').addEventListener('click', () => save(csv(this.rows), 'faces.csv'));
    byId('clear').addEventListener('click', () => this.clear());
    new ResizeObserver(() => { for (const item of this.items) item.draw?.(); }).observe(byId('gallery'));
  }

  add(files) {
    for (const file of files) {
      const item = new Item(file, (rows) => this.done(rows));
      this.items.add(item);
      byId('gallery').append(item.element);
      this.waiting.push(item);
    }
    byId('clear').disabled = false;
    this.next();
  }

  async next() {
    if (this.running >= PARALLEL || !this.waiting.length) return;
    this.running += 1;
    const item = this.waiting.shift();
    this.next();
    await item.run();
    this.running -= 1;
    this.words.say(`${item.file.name}: ${item.summary.textContent}`);
    this.next();
  }

  done(rows) {
    this.rows.push(...rows);
    byId('download').disabled = this.rows.length === 0;
  }

  clear() {
    for (const item of this.items) item.cancel();
    this.items.clear();
    this.waiting = [];
    this.rows = [];
    byId('gallery').replaceChildren();
    byId('download').disabled = true;
    byId('clear').disabled = true;
    byId('files').focus();
  }
}

class Item {
  constructor(file, onRows) {
    this.file = file;
    this.onRows = onRows;
    this.abort = new AbortController();
    this.isVideo = !file.type.startsWith('image/') || file.type === 'image/gif';
    this.progress = element('progress', {max: 1, value: 0, 'aria-label': `Progress of ${file.name}`});
    this.summary = element('p', {textContent: 'waiting'});
    this.chips = element('ul', {className: 'chips'});
    this.button = element('button', {textContent: 'Cancel'});
    this.button.addEventListener('click', () => this.cancel());
    this.actions = element('div', {className: 'actions'}, this.button);
    this.text = element('div', {className: 'text'}, element('h3', {textContent: file.name}),
      this.summary, this.progress, this.chips, this.actions);
    this.element = element('article', {className: `item card${this.isVideo ? ' video' : ''}`, 'aria-label': file.name}, this.text);
  }

  async run() {
    if (this.abort.signal.aborted) return;
    this.summary.textContent = 'uploading';
    try {
      await (this.isVideo ? this.video() : this.picture());
    } catch (error) {
      this.summary.textContent = error.name === 'AbortError' ? 'cancelled' : error.message;
      this.summary.className = error.name === 'AbortError' ? '' : 'fault';
    }
    this.progress.hidden = true;
    this.button.hidden = true;
  }

  // Sends the file; while the service is busy, it says when to try again.
  async send(path) {
    for (;;) {
      try {
        return await upload(path, this.file, (share) => { this.progress.value = share * (this.isVideo ? 0.2 : 0.9); }, this.abort.signal);
      } catch (error) {
        if (!error.retryAfter || ![429, 503].includes(error.status)) throw error;
        this.summary.textContent = 'waiting for the service';
        await pause(1000 * error.retryAfter);
        this.abort.signal.throwIfAborted();
      }
    }
  }

  async picture() {
    const answer = await this.send(`/v1/pictures?name=${encodeURIComponent(this.file.name.slice(0, 255))}`);
    const bitmap = await createImageBitmap(this.file, {imageOrientation: 'from-image'});
    const scale = Math.min(1, LONGEST_EDGE / Math.max(answer.width, answer.height));
    const canvas = element('canvas', {className: 'picture', role: 'img',
      width: Math.round(answer.width * scale), height: Math.round(answer.height * scale),
      'aria-label': `${this.file.name} with its faces marked`});
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const faces = answer.faces.map((face) => ({...face,
      x: face.x * scale, y: face.y * scale, width: face.width * scale, height: face.height * scale}));
    drawFaces(context, faces, Math.max(Math.min(canvas.width, canvas.height) / 480, 0.6));
    this.element.prepend(canvas);
    this.summary.textContent = faces.length === 1 ? '1 face' : `${faces.length || 'no'} faces`;
    this.chips.replaceChildren(...answer.faces.map((face) => chip(`${face.track_id} ${inWords(face)}`, face.label)));
    this.onRows(answer.faces);
  }

  async video() {
    let job = await this.send(`/v1/videos?name=${encodeURIComponent(this.file.name.slice(0, 255))}`);
    const address = `/v1/videos/${job.id}`;
    const forget = () => ask(address, {method: 'DELETE'}).catch(() => {});
    this.abort.signal.addEventListener('abort', forget);
    this.summary.setAttribute('aria-busy', 'true');
    while (['waiting', 'running'].includes(job.state)) {
      await pause(POLL_MS);
      this.abort.signal.throwIfAborted();
      job = await (await ask(address)).json();
      this.progress.value = 0.2 + 0.8 * (job.progress ?? 0);
      this.summary.textContent = job.state === 'waiting' ? 'waiting for its turn'
        : `${job.images} images analysed${job.progress === null ? '' : `, ${Math.round(job.progress * 100)} %`}`;
    }
    this.summary.removeAttribute('aria-busy');
    if (job.state === 'failed') throw new Error(job.faults.join(' '));
    const rows = await (await ask(`${address}/rows`)).json();
    this.abort.signal.removeEventListener('abort', forget);
    forget();
    this.summary.textContent = [
      `${job.images} images, ${job.duration_s.toFixed(1)} s, ${job.tracks} ${job.tracks === 1 ? 'person' : 'persons'}`,
      ...job.faults, ...job.notes].join('. ');
    this.show(rows, job.duration_s);
    const button = element('button', {textContent: 'Download rows as CSV'});
    button.addEventListener('click', () => save(csv(rows), `${this.file.name}.csv`));
    this.actions.append(button);
    this.onRows(rows);
  }

  // A timeline for each of the faces that are longest in the video.
  show(rows, duration) {
    const tracks = new Map();
    for (const row of rows) {
      if (!tracks.has(row.track_id)) tracks.set(row.track_id, []);
      tracks.get(row.track_id).push(row);
    }
    const longest = [...tracks].sort((a, b) => b[1].length - a[1].length).slice(0, MAX_PERSONS).sort((a, b) => a[0] - b[0]);
    const charts = longest.map(([id, own]) => {
      const words = shares(own);
      const canvas = element('canvas', {className: 'timeline', role: 'img', 'aria-label': `Face ${id} over time: ${words}`});
      this.text.insertBefore(element('figure', {},
        element('figcaption', {className: 'caption'}, element('span', {textContent: `face ${id}: ${words}`}),
          element('span', {textContent: `${duration.toFixed(0)} s`})), canvas), this.actions);
      return [canvas, own.map((row) => pointOf(row, row.time_s))];
    });
    this.draw = () => { for (const [canvas, points] of charts) drawTimeline(canvas, points, 0, duration); };
    requestAnimationFrame(this.draw);
  }

  cancel() {
    this.abort.abort();
    if (this.summary.textContent === 'waiting') {
      this.summary.textContent = 'cancelled';
      this.button.hidden = true;
      this.progress.hidden = true;
    }
  }
}

function chip(text, label) {
  const dot = element('span', {className: 'dot'});
  dot.style.setProperty('--emotion', COLORS[label]);
  return element('li', {className: 'chip'}, dot, text);
}

function shares(rows) {
  const counts = new Map();
  for (const row of rows) counts.set(row.label, (counts.get(row.label) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3)
    .map(([label, count]) => `${label} ${Math.round(100 * count / rows.length)} %`).join(', ');
}
