// A small chart: the seven probabilities of a face over time, stacked, with a band of labels below.

import {COLORS, LABELS} from './emotions.js';

const BAND = 0.14;
const GAP_S = 1.0;

// Draws points {time, values: seven numbers, label} between two times in seconds.
export function drawTimeline(canvas, points, from, to, gap = GAP_S) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, width, height);
  const x = (time) => (time - from) / Math.max(to - from, 1e-6) * width;
  const chart = height * (1 - BAND) - 2 * ratio;
  for (const part of parts(thinned(points, width), gap)) {
    const last = part[part.length - 1];
    const end = Math.max(x(last.time) + 1.5 * ratio, x(part[0].time) + 2 * ratio);
    const below = part.map(() => 0);
    LABELS.forEach((label, k) => {
      const above = part.map((point, i) => below[i] + point.values[k]);
      context.fillStyle = COLORS[label];
      context.beginPath();
      part.forEach((point, i) => context.lineTo(x(point.time), chart * (1 - above[i])));
      context.lineTo(end, chart * (1 - above[above.length - 1]));
      context.lineTo(end, chart * (1 - below[below.length - 1]));
      for (let i = part.length - 1; i >= 0; i--) context.lineTo(x(part[i].time), chart * (1 - below[i]));
      context.fill();
      above.forEach((value, i) => { below[i] = value; });
    });
    part.forEach((point, i) => {
      const left = x(point.time);
      const right = i + 1 < part.length ? x(part[i + 1].time) : end;
      context.fillStyle = COLORS[point.label];
      context.fillRect(left, height * (1 - BAND), right - left + 0.5, height * BAND);
    });
  }
}

// At most two points for each pixel.
function thinned(points, width) {
  const step = Math.ceil(points.length / (2 * width));
  return step > 1 ? points.filter((_, i) => i % step === 0) : points;
}

function parts(points, gap) {
  const found = [];
  points.forEach((point, i) => {
    if (i === 0 || point.time - points[i - 1].time > gap) found.push([]);
    found[found.length - 1].push(point);
  });
  return found;
}

export function pointOf(face, time) {
  return {time, label: face.label, values: LABELS.map((label) => face[label] ?? 0)};
}
