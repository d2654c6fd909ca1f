// The camera of this device: one image is on its way at a time, and each answer is drawn on the
// image that was analysed.

import {ask, socket} from './api.js';
import {Announcer, byId} from './dom.js';
import {FaceCards, sentence} from './faces.js';
import {drawFaces} from './overlay.js';

const LONGEST_EDGE = 960;
const QUALITY = 0.85;
const WINDOW = 30;

class Means {
  constructor() { this.values = []; }

  add(value) {
    this.values.push(value);
    if (this.values.length > WINDOW) this.values.shift();
  }

  get mean() { return this.values.reduce((a, b) => a + b, 0) / this.values.length; }
}

export class Live {
  constructor() {
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    this.image = document.createElement('canvas');
    this.canvas = byId('live-canvas');
    this.context = this.canvas.getContext('2d');
    this.cards = new FaceCards(byId('live-faces'));
    this.words = new Announcer(byId('live-words'));
    this.stream = null;
    this.socket = null;
    byId('live-start').addEventListener('click', () => this.start());
    byId('live-stop').addEventListener('click', () => this.stop());
    byId('live-camera').addEventListener('change', () => this.start());
    // A hidden tab would hold a place for nothing.
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.capture(); });
  }

  async start() {
    this.stop();
    this.say('');
    byId('live-start').disabled = true;
    try {
      if (!navigator.mediaDevices) {
        throw new Error('Browsers open cameras only for pages from localhost or with HTTPS: start the service with --tls-self-signed.');
      }
      const chosen = byId('live-camera').value;
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: {width: {ideal: 1280}, ...(chosen && chosen !== 'default' ? {deviceId: {exact: chosen}} : {facingMode: 'user'})},
        audio: false});
      this.stream.getVideoTracks()[0].addEventListener('ended', () => this.end('The camera was disconnected.'));
      this.video.srcObject = this.stream;
      await this.video.play();
      await this.listCameras();
      this.connect();
    } catch (error) {
      this.end(cameraFault(error));
    }
    byId('live-start').disabled = false;
  }

  connect() {
    this.sent = 0;
    this.isWaiting = false;
    this.rate = new Means();
    this.latency = new Means();
    this.analysis = new Means();
    this.answeredAt = 0;
    const connection = this.socket = socket('/v1/live');
    connection.onopen = () => {
      byId('live-consent').hidden = true;
      byId('live-stop').disabled = false;
      byId('live-stop').focus();
      this.words.say('The camera is on.');
      this.capture();
    };
    connection.onmessage = (event) => this.answer(JSON.parse(event.data));
    connection.onclose = (event) => {
      if (this.socket === connection) this.refused(event);
    };
  }

  // A browser does not tell a page why a connection was refused, so the page asks.
  async refused(event) {
    let text = event.reason || 'The connection to the service ended. Start again.';
    if (!this.sent) {
      try {
        const {live_places: places} = await (await ask('/v1/access')).json();
        text = `All ${places} live places are taken, or the service is busy: try again in some seconds.`;
      } catch (error) {
        text = error.message;
      }
    }
    this.end(text);
  }

  capture() {
    const connection = this.socket;
    if (!connection || connection.readyState !== WebSocket.OPEN || this.isWaiting || document.hidden) return;
    const {videoWidth: width, videoHeight: height} = this.video;
    const scale = Math.min(1, LONGEST_EDGE / Math.max(width, height, 1));
    this.image.width = Math.round(width * scale);
    this.image.height = Math.round(height * scale);
    this.isWaiting = true;
    this.image.getContext('2d').drawImage(this.video, 0, 0, this.image.width, this.image.height);
    this.capturedAt = performance.now();
    this.image.toBlob((blob) => {
      if (this.socket !== connection || !blob) {
        this.isWaiting = false;
        return;
      }
      connection.send(blob);
      this.sent += 1;
    }, 'image/jpeg', QUALITY);
  }

  answer(answer) {
    const now = performance.now();
    this.isWaiting = false;
    if (answer.detail) {
      this.say(answer.detail);
    } else {
      this.say('');
      // `image` still holds the image that was sent, because one is on its way at a time.
      this.canvas.width = this.image.width;
      this.canvas.height = this.image.height;
      this.context.drawImage(this.image, 0, 0);
      drawFaces(this.context, answer.faces, Math.max(Math.min(this.canvas.width, this.canvas.height) / 480, 0.6));
      this.canvas.dataset.frame = answer.frame;
      this.cards.show(answer.faces, now / 1000);
      this.words.say(sentence(answer.faces));
      this.figures(now, answer);
    }
    // After the next frame of the camera; the same image would be a still one.
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(() => this.capture());
    else requestAnimationFrame(() => this.capture());
  }

  figures(now, answer) {
    this.latency.add(now - this.capturedAt);
    this.analysis.add(answer.processing_ms);
    if (this.answeredAt) this.rate.add(now - this.answeredAt);
    this.answeredAt = now;
    if (this.shownAt && now - this.shownAt < 500) return;
    this.shownAt = now;
    byId('live-rate').textContent = this.rate.values.length ? (1000 / this.rate.mean).toFixed(1) : '–';
    byId('live-latency').textContent = `${this.latency.mean.toFixed(0)} ms`;
    byId('live-analysis').textContent = `${this.analysis.mean.toFixed(0)} ms`;
    byId('live-count').textContent = answer.faces.length;
  }

  async listCameras() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'videoinput');
    const used = this.stream.getVideoTracks()[0].getSettings().deviceId;
    byId('live-camera').replaceChildren(...cameras.map((camera, k) =>
      new Option(camera.label || `camera ${k + 1}`, camera.deviceId, false, camera.deviceId === used)));
    byId('live-camera').parentElement.hidden = cameras.length < 2;
  }

  say(text) {
    if (byId('live-message').textContent !== text) byId('live-message').textContent = text;
  }

  stop() {
    const connection = this.socket;
    this.socket = null;
    connection?.close();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.cards.clear();
    for (const id of ['rate', 'latency', 'analysis', 'count']) byId(`live-${id}`).textContent = '–';
    byId('live-consent').hidden = false;
    byId('live-stop').disabled = true;
    this.words.say('The camera is off.');
  }

  end(text) {
    this.stop();
    this.say(text);
  }
}

function cameraFault(error) {
  const texts = {
    NotAllowedError: 'The browser did not permit the camera: permit it beside the address of this page, and start again.',
    NotFoundError: 'No camera was found: connect one, or use the tab Upload.',
    NotReadableError: 'The camera is used by another program: close that program, and start again.',
    OverconstrainedError: 'This camera is not there any more: choose another one.',
  };
  return texts[error.name] ?? error.message;
}
