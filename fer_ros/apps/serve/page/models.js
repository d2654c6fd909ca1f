// The cards of the models, in plain words.

import {ask} from './api.js';
import {byId, element} from './dom.js';
import {COLORS, LABELS, percent} from './emotions.js';

const LABEL_NAMES = {fer2013: "FER-2013's labels", ferplus: 'the majority of ten people (FER+)'};

export async function showModels() {
  const target = byId('model-cards');
  try {
    const models = await (await ask('/v1/models')).json();
    models.sort((a, b) => b.is_used - a.is_used);
    target.replaceChildren(...models.map(card));
  } catch (error) {
    target.replaceChildren(element('p', {className: 'message', textContent: error.message}));
  }
}

function card(model) {
  const best = model.accuracy.find((entry) => entry.split === 'private' && entry.labels === 'ferplus')
    ?? model.accuracy.find((entry) => entry.split === 'private') ?? model.accuracy[0];
  const made = element('article', {className: 'model card', 'aria-label': model.name},
    element('header', {}, element('h2', {textContent: model.name}),
      element('span', {className: 'version', textContent: model.version}),
      ...(model.is_used ? [element('span', {className: 'badge', textContent: 'in use'})] : [])),
    element('p', {textContent: model.description}),
    facts(model, best));
  if (best) made.append(recalls(best));
  made.append(details('What it cannot do', model.limits), details('What it was trained on', model.data),
    details('Terms', model.terms));
  return made;
}

function facts(model, best) {
  const rows = [
    ['right answers', best ? percent(best.accuracy) : '–'],
    ['size', `${(model.size_bytes / 1e6).toFixed(1)} MB`],
    ['weights', model.parameters ? `${(model.parameters / 1e6).toFixed(1)} million` : '–'],
    ['time for a face', model.ms_per_face ? `${model.ms_per_face.toFixed(1)} ms` : '–'],
    ['arithmetic', model.precision]];
  return element('dl', {className: 'facts'}, ...rows.map(([name, value]) =>
    element('div', {}, element('dt', {textContent: name}), element('dd', {textContent: value}))));
}

function recalls(figures) {
  const bars = element('div', {className: 'bars'});
  for (const label of LABELS.filter((name) => figures.recall[name] != null)) {
    const fill = element('span', {className: 'fill'});
    fill.style.background = COLORS[label];
    fill.style.transform = `scaleX(${figures.recall[label]})`;
    bars.append(element('span', {textContent: label}), element('span', {className: 'track'}, fill),
      element('span', {className: 'share', textContent: Math.round(figures.recall[label] * 100)}));
  }
  return element('div', {},
    element('h3', {textContent: 'Of 100 faces with this emotion, it finds'}), bars,
    element('p', {className: 'quiet', textContent:
      `On pictures that it was not trained on, by ${LABEL_NAMES[figures.labels] ?? figures.labels}.`}));
}

function details(title, text) {
  return element('details', {}, element('summary', {textContent: title}), element('p', {textContent: text || 'Nothing is stated.'}));
}
