import { throughput } from './charts.js';
import { byId, h, text } from './dom.js';
import { open } from './drawer.js';
import { connect } from './live.js';
import { draw } from './panels.js';

const chart = throughput(byId('rate'));
const chip = byId('connection'), problems = byId('problems');
let said = '';

connect({
  onHistory: points => chart.fill(points),
  onSnapshot(snapshot) {
    chart.add(snapshot.at, snapshot.stored, snapshot.produced);
    draw(snapshot, open);
    say(snapshot.problems ?? []);
  },
  onState(state) {
    const connected = state === 'connected';
    chip.dataset.state = connected ? 'good' : 'bad';
    text(chip.lastElementChild, connected ? 'live' : 'disconnected, trying again');
    document.body.classList.toggle('stale', !connected);
  },
});

/** What is wrong, said once and kept while it lasts. */
function say(lines) {
  const now = lines.join('\n');
  if (now === said) return;
  said = now;
  problems.hidden = lines.length === 0;
  problems.replaceChildren(...lines.map(line => h('p', {}, line)));
}

byId('find').addEventListener('submit', async e => {
  e.preventDefault();
  const id = new FormData(e.target).get('q').trim();
  if (!id) return;
  for (const [kind, path] of [['event', 'events'], ['user', 'users'], ['account', 'accounts']]) {
    const response = await fetch(`${path}/${encodeURIComponent(id)}`).catch(() => null);
    if (response?.ok) return open(kind, id);
  }
  open('event', id);
});

const linked = location.hash.match(/^#(user|account|event|dead-letter)\/(.+)$/);
if (linked) open(linked[1].replace('-', ' '), decodeURIComponent(linked[2]));
