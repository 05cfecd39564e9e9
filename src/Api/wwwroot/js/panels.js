import { byId, h, list, text } from './dom.js';
import { ago, eventName, milliseconds, number, rate, seconds } from './format.js';
import { drawWindows } from './windows.js';

/** The page's parts, each drawn from a snapshot. `open(kind, id)` shows one thing in the drawer. */
export function draw(snapshot, open) {
  numbers(snapshot);
  cluster(snapshot);
  partitions(snapshot.topics ?? []);
  entities(byId('users'), snapshot.users ?? [], snapshot.at, id => open('user', id), 'No user has an event yet.');
  entities(byId('accounts'), snapshot.accounts ?? [], snapshot.at, id => open('account', id), 'No account has an event yet.');
  projections(snapshot.projections ?? []);
  jobs(snapshot.jobs ?? []);
  if (snapshot.windows) drawWindows(snapshot.windows, snapshot.at);
  deadLetters(snapshot.deadLetters?.newest ?? [], snapshot.at, id => open('dead letter', id));
}

function numbers(s) {
  text(byId('n-stored'), rate(s.stored));
  text(byId('n-produced'), rate(s.produced));
  text(byId('n-lag'), number(s.lag));
  text(byId('n-p99'), milliseconds(s.latencyP99));
  text(byId('n-p50'), s.latencyP50 == null ? 'to the store' : `half under ${milliseconds(s.latencyP50)}`);
  text(byId('n-dead'), number(s.deadLetters?.open));
  state(byId('n-lag').closest('.card'), s.lag >= 5_000 ? 'bad' : s.lag >= 1_000 ? 'warn' : '');
  state(byId('n-dead').closest('.card'), s.deadLetters?.open > 0 ? 'warn' : '');
}

function cluster(s) {
  const chip = byId('cluster');
  state(chip, s.silos > 0 ? 'good' : 'bad');
  text(chip.lastElementChild, s.silos > 0 ? `${s.silos} silo${s.silos === 1 ? '' : 's'}` : 'no silo answers');
}

function partitions(topics) {
  const most = Math.max(100, ...topics.flatMap(t => t.partitions.map(p => p.lag ?? 0)));
  list(byId('partitions'), topics, t => t.name, () => {
    const title = h('p', {}, h('span'), h('span', { class: 'num' }));
    const rows = h('div');
    return Object.assign(h('div', { class: 'topic' }, title, rows), {
      update(t) {
        text(title.firstChild, t.name);
        text(title.lastChild, number(t.lag));
        list(rows, t.partitions, p => p.partition, partition, null);
        for (const row of rows.children) row.scale(most);
      },
    });
  }, 'No topic is read yet.');
}

function partition() {
  const name = h('span', { class: 'num' }), fill = h('i'), bar = h('span', { class: 'bar' }, fill), figures = h('span', { class: 'num mono' });
  const row = h('div', { class: 'part' }, name, bar, figures);
  let lag = 0;
  return Object.assign(row, {
    update(p) {
      lag = p.lag ?? 0;
      text(name, String(p.partition));
      text(figures, `${number(p.lag)} · ${p.position ?? '–'}`);
      row.title = `offsets ${p.low} to ${p.high}, next ${p.position ?? 'unknown'}${p.consumer ? ` (${p.consumer})` : ''}`;
      state(bar, p.gap ? 'bad' : lag >= 1_000 ? 'warn' : '');
    },
    scale(most) { fill.style.width = lag === 0 ? '0' : `${Math.max(2, 100 * lag / most)}%`; },
  });
}

function entities(parent, items, now, open, empty) {
  list(parent, items, e => e.id, e => {
    const id = h('span', { class: 'id' }, e.id), what = h('span', { class: 'tag' }), when = h('time');
    return Object.assign(h('li', {}, h('button', { type: 'button', onclick: () => open(e.id) }, id, what, when)), {
      update(item) {
        text(what, eventName(item.type));
        state(what, /rejected|returned/.test(item.type) ? 'warn' : '');
        text(when, ago(item.at, now));
      },
    });
  }, empty);
}

const states = { live: 'good', running: 'good', catchingUp: 'warn', rebuilding: 'warn', failed: 'bad', stalled: 'bad', stopped: 'bad' };

function projections(items) {
  list(byId('projections').tBodies[0], items, p => `${p.name} ${p.version}`, p => {
    const tag = h('span', { class: 'tag' }), error = h('span', { class: 'error' }), lag = h('td', { class: 'num' });
    const name = h('td', {}, h('span', { class: 'mono' }, p.name), ' ', h('small', {}, `v${p.version}`), error);
    return Object.assign(h('tr', {}, name, h('td', {}, tag), lag), {
      update(item) {
        text(tag, item.state.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`));
        state(tag, states[item.state] ?? '');
        text(lag, number(item.lag));
        text(error, item.error ?? '');
      },
    });
  }, 'No projection has run yet.');
}

const jobStates = { unfit: 'bad', running: 'good', starting: 'warn', paused: 'warn', draining: 'warn' };

function jobs(items) {
  list(byId('jobs').tBodies[0], items, j => j.name, j => {
    const tag = h('span', { class: 'tag' }), delay = h('td', { class: 'num' }), records = h('td', { class: 'num' }), late = h('td', { class: 'num' });
    return Object.assign(h('tr', { title: j.window }, h('td', { class: 'mono' }, h('a', { href: `jobs/${j.name}/results` }, j.name)), h('td', {}, tag), delay, records, late), {
      update(item) {
        text(tag, item.state);
        state(tag, jobStates[item.state] ?? '');
        text(delay, seconds(item.watermarkDelay));
        text(records, number(item.records));
        text(late, number(item.late));
      },
    });
  }, 'No job is declared.');
}

function deadLetters(items, now, open) {
  list(byId('dead'), items, d => d.id, d => {
    const when = h('time');
    return Object.assign(h('li', {}, h('button', { type: 'button', onclick: () => open(d.id) },
      h('span', { class: 'id' }, d.record), h('span', { class: 'tag', 'data-state': 'warn' }, eventName(d.kind.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase())), when,
      h('span', { class: 'why' }, d.reason))), { update(item) { text(when, ago(item.at, now)); } });
  }, 'None. Every record could be applied.');
}

function state(element, value) {
  if (element.dataset.state !== value) element.dataset.state = value;
}
