// Sends what the forms of the page hold and shows what comes back, as text and never as HTML.

/** The path under which a proxy serves the server, or ''. */
const BASE_PATH = document.querySelector('meta[name="base-path"]').content;
const MOST_CHARACTERS = 100_000;
/** What each form asked for last. */
const asked = new WeakMap();

for (const form of document.querySelectorAll('form.try')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form);
  });
}
document.querySelector('#token').addEventListener('submit', (event) => event.preventDefault());

async function send(form) {
  const answer = form.querySelector('.answer');
  const stop = form.querySelector('.stop');
  const leaving = new AbortController();
  // What is sent again takes the place of what it sent before, which may be a stream without an end.
  asked.get(form)?.abort();
  asked.set(form, leaving);
  stop.onclick = () => leaving.abort();
  stop.hidden = false;
  const head = document.createElement('p');
  const text = document.createElement('pre');
  text.tabIndex = 0;
  head.textContent = 'Waiting …';
  answer.replaceChildren(head, text);
  try {
    const started = performance.now();
    const response = await fetch(addressOf(form), { ...requestOf(form), signal: leaving.signal });
    const milliseconds = Math.round(performance.now() - started);
    const type = response.headers.get('Content-Type') ?? '';
    head.textContent = `${response.status} ${response.statusText}, ${type}, ${milliseconds} ms`;
    await show(response, type, text);
  } catch (error) {
    if (error.name === 'AbortError') head.textContent += ' (stopped)';
    else head.textContent = `No answer: ${error.message}`;
  } finally {
    if (asked.get(form) === leaving) stop.hidden = true;
  }
}

/** Streams are shown as they come. */
async function show(response, type, text) {
  if (!response.body) return;
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let received = '';
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    received += piece.value;
    if (received.length > MOST_CHARACTERS) {
      text.textContent = `${received.slice(0, MOST_CHARACTERS)}\n… cut here`;
      await pieces.cancel();
      return;
    }
    text.textContent = received;
  }
  if (type.startsWith('application/json')) text.textContent = JSON.stringify(JSON.parse(received), null, 2);
}

function addressOf(form) {
  let path = BASE_PATH + form.dataset.path;
  const query = new URLSearchParams();
  for (const field of filledFields(form)) {
    if (field.dataset.in === 'path') path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.dataset.in === 'query') query.set(field.name, field.value);
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function requestOf(form) {
  const headers = { 'X-Requested-With': 'logplane' };
  const token = document.querySelector('#token-text').value;
  if (token !== '') headers.Authorization = `Bearer ${token}`;
  for (const field of filledFields(form)) {
    if (field.dataset.in === 'header') headers[field.name] = field.value;
  }
  const body = form.querySelector('.body')?.value;
  if (body) headers['Content-Type'] = form.querySelector('.type').value;
  return { method: form.dataset.method, headers, ...(body && { body }) };
}

function filledFields(form) {
  return [...form.querySelectorAll('[data-in]')].filter((field) => field.value !== '');
}
