import { byId, h } from './dom.js';
import { clock, eventName, place, words } from './format.js';

/** The sheet at the side: one user, account, event or dead letter, whole. */
const dialog = byId('drawer'), body = byId('drawer-body');
let turn = 0;

byId('drawer-close').addEventListener('click', () => dialog.close());
dialog.addEventListener('click', e => { if (e.target === dialog) dialog.close(); });
dialog.addEventListener('close', () => { turn++; if (location.hash) history.replaceState(null, '', location.pathname); });

export async function open(kind, id) {
  const mine = ++turn;
  byId('drawer-kind').textContent = kind;
  byId('drawer-title').textContent = id;
  body.replaceChildren(h('p', { class: 'note' }, 'Asking…'));
  history.replaceState(null, '', `#${kind.replace(' ', '-')}/${encodeURIComponent(id)}`);
  if (!dialog.open) dialog.showModal();
  const content = await (views[kind] ?? views.event)(id).catch(e => [h('p', { class: 'note bad' }, e.message)]);
  if (mine === turn) body.replaceChildren(...content);
}

const views = {
  user: id => entity('users', id),
  account: id => entity('accounts', id),
  async event(id) {
    const found = await ask(`events/${encodeURIComponent(id)}`);
    return [
      facts({ outcome: words(found.outcome), stream: found.event?.stream }),
      found.event && event(found.event),
      ...found.ledger.map(l => facts({ [l.outcome]: l.reason ?? 'the same event, again', stream: l.stream, record: l.record && place(l.record), recorded: clock(l.recordedAt) })),
      ...found.deadLetters.map(d => facts({ 'dead letter': d.reason, record: place(d.record), status: d.status })),
    ].filter(Boolean);
  },
  async 'dead letter'(id) {
    const d = await ask(`dead-letters/${id}`);
    return [
      facts({ reason: d.reason, kind: words(d.kind), status: d.status, record: place(d.record), consumer: d.consumer, key: d.key, 'event id': d.eventId, 'schema id': d.schemaId, 'on the topic': clock(d.timestamp) }),
      d.status === 'open' && h('div', { class: 'actions' }, act(d.id, 'reprocess', 'Send again'), act(d.id, 'discard', 'Discard')),
      ...(d.decoded ? [h('h3', {}, 'Content'), json(d.decoded)] : [h('h3', {}, 'Payload (base64)'), h('pre', {}, d.payload ?? 'none')]),
      d.exception && h('h3', {}, 'Exception'), d.exception && h('pre', {}, d.exception),
    ].filter(Boolean);
  },
};

async function entity(path, id) {
  const state = await ask(`${path}/${encodeURIComponent(id)}`);
  const { id: _, positions = [], ...rest } = state;
  const events = h('div');
  if (state.version > 0) await more(events, `${path}/${encodeURIComponent(id)}/events`, state.version + 1);
  return [
    facts(Object.fromEntries(Object.entries(rest).map(([name, value]) => [words(name), value]))),
    h('h3', {}, 'Read up to'),
    positions.length ? h('p', { class: 'mono' }, positions.map(place).join('   ')) : h('p', { class: 'note' }, 'No record from Kafka; only commands.'),
    h('h3', {}, 'Events, newest first'), events,
  ];
}

async function more(parent, url, before) {
  const { items } = await ask(`${url}?limit=20&before=${before}`);
  parent.append(...items.map(event));
  const last = items.at(-1)?.version ?? 1;
  if (last === 1) return;
  const next = h('button', { type: 'button', class: 'more', onclick: async () => {
    next.disabled = true;
    await more(parent, url, last).then(() => next.remove(), e => { next.textContent = e.message; next.disabled = false; });
  } }, 'Earlier');
  parent.append(next);
}

function event(e) {
  const { at, ...data } = e.data;
  return h('div', { class: 'event' },
    h('p', {}, h('span', { class: 'num mono' }, `${e.version}`), h('b', {}, eventName(e.type)), h('time', { datetime: at ?? e.storedAt }, clock(at ?? e.storedAt))),
    h('p', { class: 'from mono', title: `event id ${e.id}` }, e.record ? `${place(e.record)}${e.reprocessed ? ' (reprocessed)' : ''}` : `command ${e.command ?? 'unknown'}`),
    Object.keys(data).length > 0 && json(data));
}

function act(id, action, label) {
  const button = h('button', { type: 'button', onclick: async () => {
    if (action === 'discard' && !confirm('Discard this record? It will never be applied.')) return;
    button.disabled = true;
    try {
      await ask(`dead-letters/${id}/${action}`, { method: 'POST', headers: { 'X-Operator': 'live page', 'Content-Type': 'application/json' }, body: '{}' });
      open('dead letter', id);
    } catch (e) {
      button.parentElement.after(h('p', { class: 'note bad' }, e.message));
      button.disabled = false;
    }
  } }, label);
  return button;
}

const facts = values => h('dl', { class: 'facts' }, Object.entries(values).filter(([, v]) => v != null).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, show(value))]));

function show(value) {
  if (typeof value === 'number') return String(value); // an amount's cents and an id's digits matter here
  if (Array.isArray(value)) return value.length ? value.join(', ') : 'none';
  if (typeof value === 'object') return Object.keys(value).length ? Object.entries(value).map(([k, v]) => `${k} ${v}`).join(', ') : 'empty';
  return /^\d{4}-\d\d-\d\dT/.test(value) ? clock(value) : String(value);
}

const json = value => h('pre', {}, JSON.stringify(value, null, 2));

/** Asks the API; an error's own words are what the reader sees. */
async function ask(url, options) {
  const response = await fetch(url, options);
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.detail ?? `The API answered ${response.status}.`);
  return answer;
}
