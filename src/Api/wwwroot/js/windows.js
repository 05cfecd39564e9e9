import { byId, h, list, text } from './dom.js';
import { number } from './format.js';

/** The windows of the jobs: what falls into them now is drawn as it comes, and what they came to before. */
export function drawWindows(windows, now) {
  const of = job => windows[job] ?? [];
  bars('w-types', of('event-counts'), now, r => r.key.toLowerCase().replaceAll('_', ' '), r => r.value.c);
  bars('w-pages', of('top-pages').slice(0, 8), now, r => r.key, r => r.value.c);
  bars('w-funnel', funnel(of('conversion-funnel')[0]), now, r => r.key, r => r.value.c);
  columns(byId('w-revenue'), of('revenue'));
}

/** A funnel's steps as rows. */
function funnel(row) {
  if (!row) return [];
  const steps = { 'page views': row.value.page_views, carts: row.value.carts, purchases: row.value.purchases, users: row.value.unique_users };
  return Object.entries(steps).map(([key, c]) => ({ ...row, key, value: { c } }));
}

function bars(id, rows, now, label, value) {
  span(byId(`${id}-span`), rows[0], now);
  const most = Math.max(1, ...rows.map(value));
  list(byId(id), rows, r => r.key, r => {
    const fill = h('i'), figure = h('span', { class: 'num mono' });
    return Object.assign(h('li', {}, h('span', { class: 'what' }, label(r)), h('span', { class: 'bar' }, fill), figure), {
      update(row) {
        fill.style.width = `${100 * value(row) / most}%`;
        text(figure, number(value(row)));
      },
    });
  }, 'No window is open.');
}

/** A column a window, the one that is still open hatched. */
function columns(parent, rows) {
  const most = Math.max(1, ...rows.map(r => Number(r.value.total)));
  list(parent, rows, r => r.start, () => {
    const figure = h('span', { class: 'num' }), fill = h('i'), at = h('time');
    return Object.assign(h('li', {}, figure, h('span', { class: 'column' }, fill), at), {
      update(row) {
        text(figure, number(Number(row.value.total)));
        fill.style.height = `${Math.max(1, 100 * Number(row.value.total) / most)}%`;
        text(at, hour(row.start));
        this.dataset.open = row.open;
        this.title = `${hour(row.start)} to ${hour(row.end)}: ${row.value.total} in ${row.value.orders} orders${row.open ? ', still open' : ''}`;
      },
    });
  }, 'Nothing was sold yet.');
}

function span(element, row, now) {
  text(element, row ? `${hour(row.start)} to ${hour(row.end)}${new Date(now) < new Date(row.end) ? ', open' : ', about to close'}` : '');
}

const hour = time => new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
