// Cards of faces: the emotion, seven bars, and the last minute.

import {element} from './dom.js';
import {COLORS, LABELS, inWords} from './emotions.js';
import {drawTimeline, pointOf} from './timeline.js';

const MINUTE_S = 60;
const FORGET_S = 5;

class Card {
  constructor(id) {
    this.points = [];
    this.seen = 0;
    this.label = element('span', {className: 'label'});
    this.who = element('span', {className: 'who', textContent: `face ${id}`});
    this.timeline = element('canvas', {
      className: 'timeline', role: 'img',
      'aria-label': `The emotions of face ${id} over the last minute. The text in words says the newest.`});
    this.rows = new Map(LABELS.map((label) => {
      const fill = element('span', {className: 'fill'});
      fill.style.background = COLORS[label];
      fill.style.transform = 'scaleX(0)';
      return [label, {fill, share: element('span', {className: 'share'})}];
    }));
    const bars = element('div', {className: 'bars'});
    for (const [label, {fill, share}] of this.rows) {
      bars.append(element('span', {textContent: label}), element('span', {className: 'track'}, fill), share);
    }
    this.element = element('article', {className: 'face card', 'aria-label': `Face ${id}`},
      element('header', {}, this.label, this.who), bars, this.timeline,
      element('div', {className: 'caption', 'aria-hidden': 'true'},
        element('span', {textContent: '1 minute ago'}), element('span', {textContent: 'now'})));
  }

  show(face, time) {
    this.seen = time;
    this.points.push(pointOf(face, time));
    while (this.points[0].time < time - MINUTE_S) this.points.shift();
    this.label.textContent = inWords(face);
    this.element.style.setProperty('--emotion', COLORS[face.label]);
    for (const [label, {fill, share}] of this.rows) {
      fill.style.transform = `scaleX(${face[label] ?? 0})`;
      share.textContent = face[label] === null ? '–' : Math.round(face[label] * 100);
    }
  }

  draw(time) {
    this.element.classList.toggle('gone', time - this.seen > 0.5);
    drawTimeline(this.timeline, this.points, time - MINUTE_S, time);
  }
}

export class FaceCards {
  constructor(container) {
    this.container = container;
    this.empty = container.querySelector('.empty');
    this.cards = new Map();
  }

  show(faces, time) {
    for (const face of faces) {
      if (!this.cards.has(face.track_id)) {
        const card = new Card(face.track_id);
        this.cards.set(face.track_id, card);
        this.container.append(card.element);
      }
      this.cards.get(face.track_id).show(face, time);
    }
    for (const [id, card] of this.cards) {
      if (time - card.seen > FORGET_S) {
        card.element.remove();
        this.cards.delete(id);
      } else {
        card.draw(time);
      }
    }
    if (this.empty) this.empty.hidden = this.cards.size > 0;
  }

  clear() {
    for (const card of this.cards.values()) card.element.remove();
    this.cards.clear();
    if (this.empty) this.empty.hidden = false;
  }
}

// What the boxes and cards show, as a sentence.
export function sentence(faces) {
  if (!faces.length) return 'No face is visible.';
  return `${faces.map((face) => `Face ${face.track_id}: ${inWords(face)}`).join('. ')}.`;
}

