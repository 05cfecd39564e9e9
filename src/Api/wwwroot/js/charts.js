/** The throughput chart: the last five minutes. */
const seconds = 300;

export function throughput(element) {
  const data = [[], [], []];
  let plot;

  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const make = () => {
    plot?.destroy();
    const axis = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    const series = (name, width) => ({ stroke: color(name), width, fill: color(name) + '1c', points: { show: false }, spanGaps: false });
    plot = new uPlot({
      ...size(),
      padding: [8, 4, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(10, (max ?? 0) * 1.1)] } },
      axes: [{ ...axis, size: 28, space: 70, values: (_, ticks) => ticks.map(t => new Date(t * 1_000).toLocaleTimeString('en-GB').replace(/:00$/, '')) },
        { ...axis, size: 46, values: (_, ticks) => ticks.map(t => t >= 1_000 ? `${+(t / 1_000).toFixed(1)}k` : t) }],
      series: [{}, series('--blue', 2), series('--teal', 1.5)],
      plugins: [tooltip()],
    }, data, element);
  };
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });

  new ResizeObserver(() => plot?.setSize(size())).observe(element);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
  make();

  return {
    /** Replaces everything: the server remembers more than this page has seen. */
    fill(points) {
      data[0] = points.map(p => p.t / 1_000);
      data[1] = points.map(p => p.stored ?? null);
      data[2] = points.map(p => p.produced ?? null);
      plot.setData(data);
    },
    /** Adds a point, at most one a second. */
    add(at, stored, produced) {
      const t = new Date(at) / 1_000;
      if (t - (data[0].at(-1) ?? 0) < 0.95) return;
      data[0].push(t); data[1].push(stored ?? null); data[2].push(produced ?? null);
      while (t - data[0][0] > seconds) data.forEach(d => d.shift());
      plot.setData(data);
    },
  };
}

function tooltip() {
  const box = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  return { hooks: {
    init: u => u.over.append(box),
    setCursor: u => {
      const i = u.cursor.idx;
      box.hidden = i == null || u.cursor.left < 0;
      if (box.hidden) return;
      const show = v => v == null ? '–' : Math.round(v).toLocaleString('en');
      box.textContent = `${new Date(u.data[0][i] * 1_000).toLocaleTimeString('en-GB')}   stored ${show(u.data[1][i])}/s   arriving ${show(u.data[2][i])}/s`;
      box.style.left = `${Math.min(Math.max(u.cursor.left, box.offsetWidth / 2), u.over.clientWidth - box.offsetWidth / 2)}px`;
    },
  } };
}
