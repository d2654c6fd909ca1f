// A running ROS graph: emotions, the overlay, and the state and parameters of each node.
// Without ROS it says how to get it.

import {ask, socket} from './api.js';
import {Announcer, element} from './dom.js';
import {FaceCards, sentence} from './faces.js';

const POLL_MS = 1000;
const AGAIN_MS = 2000;

const STATES = {
  unconfigured: 'not configured', inactive: 'configured, not active', active: 'active',
  finalized: 'ended', absent: 'does not run', silent: 'does not answer',
};

const TRANSITIONS = {unconfigured: ['configure'], inactive: ['activate', 'cleanup'], active: ['deactivate']};

export function showRobot(target, access) {
  if (access.has_robot) new RobotView(target);
  else target.replaceChildren(withoutRos());
}

function withoutRos() {
  return element('div', {className: 'prose card'},
    element('h2', {textContent: 'No robot is connected'}),
    element('p', {textContent: 'This tab shows a running ROS 2 graph: emotions, the overlay, and the state of each node. Start the service where ROS 2 and fer_ros are sourced:'}),
    element('pre', {tabIndex: 0, textContent: 'make serve ARGS=--ros        # in a checkout\nfer serve --ros              # in a ROS 2 workspace'}),
    element('p', {textContent: 'It finds the nodes that ros2 launch fer_ros live.launch.py or fer live have started.'}));
}

class RobotView {
  constructor(target) {
    this.target = target;
    this.canvas = element('canvas', {width: 640, height: 480, role: 'img',
      'aria-label': 'The overlay of the robot: its newest image with the faces marked. The text below says the same in words.'});
    const words = element('span', {'aria-live': 'polite', textContent: 'No emotions have arrived yet.'});
    this.words = new Announcer(words);
    this.figures = element('p', {className: 'quiet'});
    const faces = element('div', {className: 'faces', role: 'group', 'aria-label': 'Faces that the robot sees'});
    this.cards = new FaceCards(faces);
    this.nodes = new Map();
    this.list = element('div', {className: 'faces'});
    this.message = element('p', {className: 'message', role: 'alert'});
    target.replaceChildren(element('div', {className: 'robot-grid'},
      element('div', {},
        element('div', {className: 'stage card'}, element('div', {className: 'screen'}, this.canvas),
          element('p', {className: 'words'}, element('strong', {textContent: 'In words: '}), words)),
        this.figures, faces),
      element('div', {}, element('h2', {className: 'side-title', textContent: 'Nodes'}), this.message, this.list)));
    this.connect();
    this.poll();
  }

  connect() {
    const stream = socket('/v1/robot/stream?overlay=true');
    stream.onmessage = (event) => (typeof event.data === 'string' ? this.emotions(JSON.parse(event.data)) : this.overlay(event.data));
    stream.onclose = () => setTimeout(() => this.connect(), AGAIN_MS);
  }

  emotions(answer) {
    const now = performance.now() / 1000;
    this.cards.show(answer.faces, now);
    this.words.say(sentence(answer.faces));
    if (this.shownAt && now - this.shownAt < 0.5) return;
    this.shownAt = now;
    this.figures.textContent = `${answer.model}, ${answer.latency_ms.toFixed(0)} ms from the image to this service`;
  }

  async overlay(data) {
    if (this.isDrawing || this.target.hidden) return;
    this.isDrawing = true;
    try {
      const bitmap = await createImageBitmap(new Blob([data], {type: 'image/jpeg'}));
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
      this.canvas.getContext('2d').drawImage(bitmap, 0, 0);
      this.canvas.dataset.images = Number(this.canvas.dataset.images ?? 0) + 1;
      bitmap.close();
    } finally {
      this.isDrawing = false;
    }
  }

  async poll() {
    if (!this.target.hidden && !document.hidden) {
      try {
        for (const node of await (await ask('/v1/robot/nodes')).json()) this.node(node);
        this.say('');
      } catch (error) {
        this.say(error.message);
      }
    }
    setTimeout(() => this.poll(), POLL_MS);
  }

  node(node) {
    if (!this.nodes.has(node.name)) {
      const card = new NodeCard(node.name, (text) => this.say(text));
      this.nodes.set(node.name, card);
      this.list.append(card.element);
    }
    this.nodes.get(node.name).show(node);
  }

  say(text) {
    if (this.message.textContent !== text) this.message.textContent = text;
  }
}

class NodeCard {
  constructor(name, say) {
    this.name = name;
    this.state = element('span', {className: 'chip'});
    this.report = element('p', {className: 'quiet'});
    this.fault = element('p', {className: 'fault', role: 'alert'});
    this.buttons = Object.fromEntries(['configure', 'activate', 'deactivate', 'cleanup'].map((transition) => {
      const button = element('button', {textContent: transition === 'cleanup' ? 'clean up' : transition,
        'aria-label': `${transition} ${name}`});
      button.addEventListener('click', () => this.change(transition));
      return [transition, button];
    }));
    this.parameters = element('div', {});
    this.details = element('details', {}, element('summary', {textContent: 'Parameters'}), this.parameters);
    this.details.addEventListener('toggle', () => { if (this.details.open) this.load(); });
    this.element = element('article', {className: 'node card', 'aria-label': name},
      element('header', {}, element('h3', {textContent: name}), this.state), this.report, this.fault,
      element('div', {className: 'actions'}, ...Object.values(this.buttons)), this.details);
    this.say = say;
  }

  show(node) {
    const text = STATES[node.state] ?? node.state;
    if (this.state.textContent !== text) this.state.textContent = text;
    const report = node.message && `${node.level === 'ok' ? '' : `${node.level}: `}${node.message}`;
    this.report.textContent = report;
    this.report.classList.toggle('fault', ['warning', 'error'].includes(node.level));
    for (const [transition, button] of Object.entries(this.buttons)) {
      button.disabled = this.isChanging || !(TRANSITIONS[node.state] ?? []).includes(transition);
    }
    this.details.hidden = ['absent', 'silent'].includes(node.state);
  }

  async change(transition) {
    this.isChanging = true;
    await this.tell(ask(`/v1/robot/nodes/${this.name}/transitions/${transition}`, {method: 'POST'}));
    this.isChanging = false;
  }

  async tell(request) {
    this.fault.textContent = '';
    try {
      return await request;
    } catch (error) {
      this.fault.textContent = error.message;
      return null;
    }
  }

  async load() {
    const answer = await this.tell(ask(`/v1/robot/nodes/${this.name}/parameters`));
    if (!answer) return;
    const rows = await answer.json();
    const changeable = rows.filter((row) => row.is_dynamic);
    this.parameters.replaceChildren(...changeable.map((row) => this.parameter(row)),
      element('p', {textContent: `${rows.length - changeable.length} more take effect only when the node is configured: docs/nodes.md lists them.`}));
  }

  parameter(row) {
    const id = `${this.name}-${row.name}`;
    const unit = row.unit ? ` ${row.unit}` : '';
    const shown = element('output', {textContent: typeof row.value === 'boolean' ? '' : `${row.value}${unit}`});
    const control = input(row);
    control.id = id;
    control.setAttribute('aria-describedby', `${id}-text`);
    const value = () => (row.type === 'bool' ? control.checked : row.type === 'str' ? control.value : Number(control.value));
    if (control.type === 'range') control.addEventListener('input', () => { shown.textContent = `${value()}${unit}`; });
    control.addEventListener('change', async () => {
      const answer = await this.tell(ask(`/v1/robot/nodes/${this.name}/parameters/${row.name}`, {
        method: 'PUT', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({value: value()})}));
      // The node may have refused: what it has counts.
      if (!answer) this.load();
      else if (row.type !== 'bool') shown.textContent = `${value()}${unit}`;
    });
    return element('div', {className: 'parameter'},
      element('label', {htmlFor: id, textContent: row.name}), element('span', {className: 'setting'}, control, shown),
      element('small', {id: `${id}-text`, textContent: row.description}));
  }
}

function input(row) {
  if (row.type === 'bool') return element('input', {type: 'checkbox', checked: row.value});
  if (row.choices.length) {
    return element('select', {}, ...row.choices.map((choice) => new Option(choice || '(none)', choice, false, choice === row.value)));
  }
  if (row.type === 'str') return element('input', {type: 'text', value: row.value});
  const isBounded = row.minimum !== null && row.maximum !== null;
  const step = row.type === 'int' ? 1 : 'any';
  const made = element('input', {type: isBounded ? 'range' : 'number'});
  if (row.minimum !== null) made.min = row.minimum;
  if (row.maximum !== null) made.max = row.maximum;
  made.step = row.type === 'float' && isBounded ? (row.maximum - row.minimum) / 200 : step;
  made.value = row.value;
  return made;
}
