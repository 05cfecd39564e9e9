/**
 * The live feed. Reconnects by itself, waiting longer each time up to 5 s, and notices a connection that says nothing any more:
 * a sleeping laptop or a dead proxy closes none.
 */
const silentAfter = 5_000;
const slowest = 5_000;

export function connect({ onHistory, onSnapshot, onState }) {
  let source, watchdog, wait = 500;

  const open = () => {
    source = new EventSource('live');
    source.addEventListener('history', e => { alive(); onHistory(JSON.parse(e.data)); });
    source.addEventListener('snapshot', e => { alive(); onSnapshot(JSON.parse(e.data)); });
    source.onerror = retry;
    watch();
  };

  const alive = () => {
    wait = 500;
    onState('connected');
    watch();
  };

  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(retry, silentAfter);
  };

  const retry = () => {
    source.close();
    clearTimeout(watchdog);
    onState('disconnected');
    watchdog = setTimeout(open, wait);
    wait = Math.min(wait * 2, slowest);
  };

  open();
}
