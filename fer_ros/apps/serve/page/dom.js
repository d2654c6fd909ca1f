// Elements, without markup in texts: what comes from files or the service is never parsed.

export const byId = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-') || key === 'role') made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// Says a text to screen readers at most once a second, the newest one.
export class Announcer {
  constructor(target) {
    this.target = target;
    this.text = target.textContent;
    this.timer = 0;
  }

  say(text) {
    this.text = text;
    if (this.timer) return;
    this.show();
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.text !== this.target.textContent) this.say(this.text);
    }, 1000);
  }

  show() {
    if (this.text !== this.target.textContent) this.target.textContent = this.text;
  }
}
