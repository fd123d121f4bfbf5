/** Hides how stacked bars are drawn: uPlot for scales, axes and the pointer, our own bars; colours are read as they are now. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { heights, labelled, lines, type Series } from './series';

export interface Drawn {
  series: readonly Series[];
  /** Custom properties, one for each series. */
  colours: readonly string[];
  labels: readonly string[];
  /** Every so many slots have their label, where there is room. */
  every: number;
}

export interface Plot {
  set: (drawn: Drawn) => void;
  stop: () => void;
}

const HEIGHT = 236;
/** Pixels for the numbers at the left. */
const NUMBERS = 38;
const GAP = 6;
const RADIUS = 1.5;

export function plot(host: HTMLElement, given: Drawn, told: { over: (at: number | null) => void; pick: (at: number) => void }): Plot {
  let drawn = given;
  const colour = (name: string): string => getComputedStyle(host).getPropertyValue(name).trim();
  // Whole pixels: uPlot scales for dense screens what it finds before "px", and would find but the digits after the point.
  const font = (): string => `12px ${getComputedStyle(host).fontFamily}`;
  const data = (): uPlot.AlignedData => [drawn.labels.map((_, at) => at), heights(drawn.series, drawn.labels.length)];
  const highest = (): [number, number, number] => lines(Math.max(0, ...heights(drawn.series, drawn.labels.length)));

  function bars(self: uPlot): void {
    const ratio = devicePixelRatio;
    const width = Math.max(2 * ratio, self.bbox.width / drawn.labels.length - (drawn.labels.length > 30 ? GAP / 2 : GAP) * ratio);
    drawn.labels.forEach((_, at) => {
      let below = 0;
      drawn.series.forEach((series, index) => {
        const value = series.values[at] ?? 0;
        if (!value) return;
        const bottom = self.valToPos(below, 'y', true) - (below ? ratio : 0);
        const topmost = self.valToPos((below += value), 'y', true);
        self.ctx.fillStyle = colour(drawn.colours[index] ?? '--c8');
        self.ctx.beginPath();
        self.ctx.roundRect(self.valToPos(at, 'x', true) - width / 2, topmost, width, Math.max(ratio, bottom - topmost), RADIUS * ratio);
        self.ctx.fill();
      });
    });
  }

  const axis = { stroke: () => colour('--ink3'), ticks: { show: false }, border: { show: false } };
  const chart = new uPlot(
    {
      width: host.clientWidth || 300,
      height: HEIGHT,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: () => [-0.5, drawn.labels.length - 0.5] }, y: { range: () => [0, highest()[2]] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        { ...axis, font: font(), size: 26, gap: 6, grid: { show: false }, splits: () => labelled(drawn.labels.length, drawn.every, host.clientWidth - NUMBERS), values: (_, at) => at.map((one) => drawn.labels[one] ?? '') },
        { ...axis, font: font(), size: NUMBERS, gap: 6, grid: { stroke: () => colour('--line'), width: 1 }, splits: () => highest(), values: (_, at) => at.map((one) => one.toLocaleString('en-GB')) },
      ],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      hooks: {
        draw: [bars],
        setCursor: [(self) => told.over(self.cursor.left !== undefined && self.cursor.left >= 0 ? (self.cursor.idx ?? null) : null)],
      },
    },
    data(),
    host,
  );
  chart.over.addEventListener('click', () => chart.cursor.idx != null && told.pick(chart.cursor.idx));

  const redraw = (): void => chart.redraw(false, true);
  const resized = new ResizeObserver(() => chart.setSize({ width: host.clientWidth, height: HEIGHT }));
  resized.observe(host);
  const themed = new MutationObserver(redraw);
  themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', redraw);
  return {
    set(next) {
      drawn = next;
      chart.setData(data());
    },
    stop() {
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener('change', redraw);
      chart.destroy();
    },
  };
}
