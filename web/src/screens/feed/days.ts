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

/** Where days begin in a list, newest first; what was added to its end since the last time is all that is looked at. */
export class Days<T> {
  #moment: (item: T) => number;
  #items: readonly T[] = [];
  #zone: Zone | undefined;
  #starts: DayStart[] = [];

  constructor(moment: (item: T) => number) {
    this.#moment = moment;
  }

  of(items: readonly T[], zone: Zone): readonly DayStart[] {
    const known = this.#items.length;
    const longer = zone === this.#zone && known > 0 && items.length >= known && items[0] === this.#items[0] && items[known - 1] === this.#items[known - 1];
    this.#starts = longer ? [...this.#starts] : [];
    this.#items = items;
    this.#zone = zone;
    this.#add(longer ? known : 0, zone);
    return this.#starts;
  }

  #add(from: number, zone: Zone): void {
    let current = this.#starts.at(-1);
    let range = current ? dayOf(current.at, zone) : { from: 0, to: 0 };
    for (let row = from; row < this.#items.length; row++) {
      const at = this.#moment(this.#items[row] as T);
      if (current && at >= range.from && at < range.to) current = { ...current, count: current.count + 1 };
      else {
        range = dayOf(at, zone);
        current = { row, at, count: 1 };
        this.#starts.push(current);
      }
      this.#starts[this.#starts.length - 1] = current;
    }
  }
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
