/** Hides where one day ends and the next begins in a list that goes back in time. Pure. */
import type { Zone } from '../../state/preferences.svelte';

/** The first and the last millisecond but one of the day that `at` is in. */
export function dayOf(at: number, zone: Zone): { from: number; to: number } {
  const date = new Date(at);
  if (zone === 'utc') {
    const from = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
    return { from, to: from + 86_400_000 };
  }
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return { from: new Date(year, month, day).getTime(), to: new Date(year, month, day + 1).getTime() };
}

export interface DayStart {
  /** The index of the first row of that day. */
  row: number;
  /** Its moment. */
  at: number;
  /** How many rows it has here. */
  count: number;
}

/** Where days begin among moments, newest first. */
export function dayStarts(moments: readonly number[], zone: Zone): DayStart[] {
  const starts: DayStart[] = [];
  let range = { from: 0, to: 0 };
  for (const [row, at] of moments.entries()) {
    const current = starts.at(-1);
    if (current && at >= range.from && at < range.to) current.count++;
    else {
      range = dayOf(at, zone);
      starts.push({ row, at, count: 1 });
    }
  }
  return starts;
}

/** The day that a row is in: the last that starts at it or before. */
export function dayAt(starts: readonly DayStart[], row: number): DayStart | undefined {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle]?.row ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return starts[low - 1];
}
