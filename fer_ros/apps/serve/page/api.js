// Requests to the service that this page is from, with the token if there is one.

const TOKEN = 'fer token';

export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? '',
  set: (text) => sessionStorage.setItem(TOKEN, text),
};

export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token.get()) headers.set('Authorization', `Bearer ${token.get()}`);
  let answer;
  try {
    answer = await fetch(path, {...options, headers});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused(0, 'The service does not answer: check that fer serve is running.', 0);
  }
  if (!answer.ok) throw await refusal(answer.status, () => answer.json(), answer.headers.get('Retry-After'));
  return answer;
}

async function refusal(status, json, retryAfter) {
  let detail = `The service answered with ${status}.`;
  try {
    detail = (await json()).detail ?? detail;
  } catch { /* An answer of a proxy: no problem details. */ }
  return new Refused(status, detail, Number(retryAfter ?? 0));
}

// fetch cannot tell the progress of an upload.
export function upload(path, file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    if (token.get()) request.setRequestHeader('Authorization', `Bearer ${token.get()}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(event.total, 1));
    request.onload = async () => {
      if (request.status < 300) resolve(request.response);
      else reject(await refusal(request.status, async () => request.response, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(new Refused(0, 'The upload was interrupted: try again.', 0));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

export function socket(path) {
  const address = new URL(path, location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  const made = new WebSocket(address, token.get() ? ['fer.live', `fer.token.${token.get()}`] : ['fer.live']);
  made.binaryType = 'arraybuffer';
  return made;
}
