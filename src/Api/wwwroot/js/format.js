/** Short, steady forms of numbers and times. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const number = n => n == null ? '–' : Math.abs(n) >= 100_000 ? compact.format(n) : whole.format(n);

export const rate = n => n == null ? '–' : n > 0 && n < 10 ? n.toFixed(1) : number(n);

export const seconds = n => n == null ? '–' : n < 100 ? `${n.toFixed(1)} s` : n < 7_200 ? `${whole.format(n / 60)} min` : `${whole.format(n / 3_600)} h`;

export const milliseconds = n => n == null ? '–' : n < 1_000 ? `${n < 10 ? n.toFixed(1) : whole.format(n)} ms` : `${(n / 1_000).toFixed(1)} s`;

/** How long ago, by the server's clock: the reader's may be wrong. */
export function ago(then, now) {
  const seconds = Math.max(0, (new Date(now) - new Date(then)) / 1_000);
  return seconds < 2 ? 'now' : seconds < 60 ? `${Math.floor(seconds)} s` : seconds < 3_600 ? `${Math.floor(seconds / 60)} min`
    : seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

export const clock = time => new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** An event's stable name for people: "user-page-viewed" under a user is "page viewed". */
export const eventName = type => type.replace(/^(user|account)-/, '').replaceAll('-', ' ');

/** camelCase for people: "openSessions" is "open sessions". */
export const words = name => name.replace(/([a-z0-9])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

export const place = record => `${record.topic}/${record.partition}@${record.offset}`;
