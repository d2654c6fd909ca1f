// Draws the faces on the image in which they were found.

import {COLORS, percent} from './emotions.js';

export function drawFaces(context, faces, scale) {
  const size = Math.max(14 * scale, 12);
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  for (const face of faces) drawBox(context, face, scale);
  // Last, so that nothing covers them.
  for (const face of faces) drawLabel(context, face, scale, size);
}

function drawBox(context, face, scale) {
  const {x, y, width, height} = face;
  for (const [color, line] of [['#000a', 5 * scale], [COLORS[face.label], 3 * scale]]) {
    context.strokeStyle = color;
    context.lineWidth = line;
    // A predicted box is dashed.
    context.setLineDash(face.state === 'detected' ? [] : [8 * scale, 6 * scale]);
    context.beginPath();
    context.roundRect(x, y, width, height, 8 * scale);
    context.stroke();
  }
  context.setLineDash([]);
}

function drawLabel(context, face, scale, size) {
  const text = `${face.track_id} ${face.label}${face.label === 'unknown' ? '' : ` ${percent(face.confidence)}`}`;
  const pad = 6 * scale;
  const width = context.measureText(text).width + 3 * pad;
  const height = size + 2 * pad;
  const {width: right, height: bottom} = context.canvas;
  const x = Math.min(Math.max(face.x, 0), Math.max(right - width, 0));
  const above = face.y - height - 3 * scale;
  const y = above >= 0 ? above : Math.min(Math.max(face.y, 0), bottom - height);
  context.fillStyle = '#101617d9';
  context.beginPath();
  context.roundRect(x, y, width, height, 6 * scale);
  context.fill();
  context.fillStyle = COLORS[face.label];
  context.fillRect(x, y + 3 * scale, 4 * scale, height - 6 * scale);
  context.fillStyle = '#f4f8f8';
  context.fillText(text, x + 1.8 * pad, y + pad);
}
