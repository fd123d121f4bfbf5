/** Hides how counts by the hour become stacked bars: slots of an hour, of three or of a day, four series and the rest. Pure; times in ms. */

export const HOUR = 3_600_000;
export const RANGES = ['24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];
const STEPS: Record<Range, { hours: number; slots: number }> = { '24h': { hours: 1, slots: 24 }, '7d': { hours: 3, slots: 56 }, '30d': { hours: 24, slots: 30 } };

/** Pixels that a label and the room beside it take. */
const LABEL = 48;

export interface Slots {
  /** Beginning of the first one. */
  from: number;
  /** Length of each. */
  step: number;
  count: number;
}

export interface Tally {
  count: number;
  hour?: string;
  type?: string;
  category?: string;
  trigger?: string;
  result?: string;
  other?: boolean;
}

export interface Series {
  /** Empty for the rest, and for what has no name. */
  name: string;
  total: number;
  values: number[];
}

/** The slots of a range; the last one holds now. They begin where days do, `ahead` of UTC, in whole hours as counts are. */
export function slotsOf(range: Range, now: number, ahead = 0): Slots {
  const { hours, slots: count } = STEPS[range];
  const step = hours * HOUR;
  const shift = Math.round(ahead / HOUR) * HOUR;
  return { from: (Math.floor((now + shift) / step) - count + 1) * step - shift, step, count };
}

/** Tallies by hour, stacked by what `name` says: the `most` largest series, then the rest under an empty name. */
export function stacked(tallies: readonly Tally[], slots: Slots, name: (tally: Tally) => string, most = 4): Series[] {
  const all = new Map<string, Series>();
  for (const tally of tallies) {
    const at = Math.floor((Date.parse(tally.hour ?? '') - slots.from) / slots.step);
    if (!(at >= 0 && at < slots.count)) continue;
    const series = seriesOf(all, tally.other ? '' : name(tally), slots.count);
    series.values[at] = (series.values[at] ?? 0) + tally.count;
    series.total += tally.count;
  }
  const named = [...all.values()].filter((one) => one.name).sort((one, other) => other.total - one.total || one.name.localeCompare(other.name));
  const rest = [...named.slice(most), ...[all.get('')].filter((one) => one !== undefined)];
  return rest.length ? [...named.slice(0, most), rest.reduce(sum, empty('', slots.count))] : named;
}

/** Which slots have their label in so many pixels: each so many, or as many times that as it takes for them not to touch. */
export function labelled(count: number, every: number, width: number): number[] {
  const step = every * Math.max(1, Math.ceil((LABEL * count) / (every * width)));
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);
}

const empty = (name: string, count: number): Series => ({ name, total: 0, values: Array.from({ length: count }, () => 0) });

function seriesOf(all: Map<string, Series>, name: string, count: number): Series {
  const found = all.get(name) ?? empty(name, count);
  all.set(name, found);
  return found;
}

const sum = (one: Series, other: Series): Series => ({
  name: one.name,
  total: one.total + other.total,
  values: one.values.map((value, at) => value + (other.values[at] ?? 0)),
});

const RESULTS = ['delivered', 'delivered_after_retries', 'dead'] as const;

/** Deliveries that ended, always in the same order; cancelled ones are not shown. */
export function byResult(tallies: readonly Tally[], slots: Slots): Series[] {
  const found = stacked(tallies, slots, (tally) => tally.result ?? '', RESULTS.length + 1);
  return RESULTS.map((name) => found.find((one) => one.name === name) ?? empty(name, slots.count));
}

/** What stands over each slot, all series together. */
export function heights(series: readonly Series[], count: number): number[] {
  return Array.from({ length: count }, (_, at) => series.reduce((total, one) => total + (one.values[at] ?? 0), 0));
}

/** The slot with the most, or null where there is nothing. */
export function peak(values: readonly number[]): { at: number; value: number } | null {
  const value = Math.max(0, ...values);
  return value ? { at: values.indexOf(value), value } : null;
}

/** Where the hairlines go: at nothing, half-way, and a round number that nothing exceeds. */
export function lines(highest: number): [number, number, number] {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  const top = [1, 2, 3, 4, 5, 6, 8, 10].map((times) => times * size).find((round) => round >= highest) ?? 10 * size;
  const even = Math.max(2, top);
  return [0, even / 2, even];
}

/** The change against before, in whole percent: null where there was nothing before. */
export const change = (now: number, before: number): number | null => (before ? Math.round(((now - before) / before) * 100) : null);

/** Totals by one dimension, largest first; the rest is left out, and so is what Ensue itself says. */
export function top(tallies: readonly Tally[], name: (tally: Tally) => string | undefined, most = 6): { name: string; count: number }[] {
  return tallies
    .flatMap((tally) => (tally.other || !name(tally) || name(tally)?.startsWith('ensue.') ? [] : [{ name: name(tally) ?? '', count: tally.count }]))
    .sort((one, other) => other.count - one.count)
    .slice(0, most);
}
