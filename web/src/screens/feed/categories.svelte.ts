/** Hides where the counts beside the feed come from: the server's tallies of 24 hours, and what came since. */
import { ask } from '../../api/client';
import type { EventView } from '../../api/types';

export interface Category {
  name: string;
  /** In the last 24 hours; undefined is not known. */
  count?: number;
}

interface Counted {
  items: { category?: string | null; count: number; other?: boolean }[];
}

const DAY = 86_400_000;
const AGAIN = 60_000;

export class Categories {
  /** By name, "" for none, muted events left out; null while they are not known. */
  counts = $state.raw<ReadonlyMap<string, number> | null>(null);
  /** How many muted events there were in the same time. */
  muted = $state<number>();
  #test = false;

  /** Reads them now and each minute, of test events or of those in earnest, until the returned function is called. */
  start(test: boolean): () => void {
    if (test !== this.#test) this.counts = null;
    this.#test = test;
    void this.#read(test);
    const timer = setInterval(() => document.hidden || void this.#read(test), AGAIN);
    return () => clearInterval(timer);
  }

  /** All of them together; undefined while they are not known. */
  get all(): number | undefined {
    return this.counts ? [...this.counts.values()].reduce((sum, count) => sum + count, 0) : undefined;
  }

  /** One more came. */
  came(event: EventView): void {
    const { card } = event;
    if ((card?.test ?? false) !== this.#test || !this.counts) return;
    if (card?.muted) this.muted = (this.muted ?? 0) + 1;
    else this.counts = new Map(this.counts).set(card?.category ?? '', (this.counts.get(card?.category ?? '') ?? 0) + 1);
  }

  async #read(test: boolean): Promise<void> {
    const query = { of: 'events', since: new Date(Date.now() - DAY).toISOString(), test };
    const [loud, muted] = await Promise.all([
      ask<Counted>('GET', '/api/v1/stats', { query: { ...query, by: 'category', muted: false } }),
      ask<Counted>('GET', '/api/v1/stats', { query: { ...query, muted: true } }),
    ]);
    if (test !== this.#test) return;
    if (loud.ok) this.counts = new Map(loud.value.items.map(({ category, count }) => [category ?? '', count]));
    if (muted.ok) this.muted = muted.value.items[0]?.count ?? 0;
  }
}

/** The categories to show: the tallies where they hold, else those of the events that are here. */
export function categoriesOf(counts: ReadonlyMap<string, number> | null, events: readonly EventView[]): Category[] {
  if (counts) return sorted([...counts].flatMap(([name, count]) => (name ? [{ name, count }] : [])));
  return sorted([...new Set(events.flatMap(({ card }) => card?.category ?? []))].map((name) => ({ name })));
}

const sorted = (all: Category[]): Category[] => all.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true })).slice(0, 200);
