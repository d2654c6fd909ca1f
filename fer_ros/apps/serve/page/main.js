// The frame of the page: tabs, and the token where the service asks for one.

import {ask, token} from './api.js';
import {byId} from './dom.js';
import {Live} from './live.js';
import {showModels} from './models.js';
import {showRobot} from './robot.js';
import {Uploads} from './upload.js';

const tabs = [...document.querySelectorAll('[role=tab]')];
const opened = new Set();

function select(tab, {focus = false} = {}) {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute('aria-selected', String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    byId(other.getAttribute('aria-controls')).hidden = !isChosen;
  }
  if (focus) tab.focus();
  const name = tab.getAttribute('aria-controls');
  history.replaceState(null, '', `#${name}`);
  if (!opened.has(name)) {
    opened.add(name);
    if (name === 'models') showModels();
    if (name === 'robot') showRobot(byId('robot'), access);
  }
}

tabs.forEach((tab, k) => {
  tab.addEventListener('click', () => select(tab));
  tab.addEventListener('keydown', (event) => {
    const to = {ArrowRight: k + 1, ArrowLeft: k - 1, Home: 0, End: tabs.length - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(tabs[(to + tabs.length) % tabs.length], {focus: true});
  });
});

let access = {has_robot: false};

async function enter() {
  try {
    access = await (await ask('/v1/access')).json();
  } catch (error) {
    if (error.status === 401) {
      byId('access-message').textContent = token.get() ? 'This token is not the right one.' : '';
      if (!byId('access').open) byId('access').showModal();
      return;
    }
    byId('live-message').textContent = error.message;
  }
  if (byId('access').open) byId('access').close();
  select(tabs.find((tab) => `#${tab.getAttribute('aria-controls')}` === location.hash) ?? tabs[0]);
}

byId('access-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token.set(byId('access-token').value.trim());
  enter();
});
// Without a token the page can do nothing.
byId('access').addEventListener('cancel', (event) => event.preventDefault());

new Live();
new Uploads();
enter();
