/** Hides where the counts of categories come from: the server's tallies of 24 hours, and what came since. */
import { ask } from '../../api/client';
import type { EventView } from '../../api/types';

export interface Category {
  name: string;
  /** In the last 24 hours; undefined is not known. */
  count?: number;
}

const DAY = 86_400_000;
const AGAIN = 60_000;

export class Categories {
  /** Null where the server keeps no tallies. */
  counts = $state.raw<ReadonlyMap<string, number> | null>(null);
  #timer: ReturnType<typeof setInterval> | undefined;

  start(): () => void {
    void this.#read();
    this.#timer = setInterval(() => document.hidden || void this.#read(), AGAIN);
    return () => clearInterval(this.#timer);
  }

  /** One more came. */
  came(event: EventView): void {
    const name = event.card?.category;
    if (!name || event.card?.test || !this.counts) return;
    this.counts = new Map(this.counts).set(name, (this.counts.get(name) ?? 0) + 1);
  }

  async #read(): Promise<void> {
    const since = new Date(Date.now() - DAY).toISOString();
    const found = await ask<{ items: { category?: string | null; count: number }[] }>('GET', '/api/v1/stats', { query: { of: 'events', since, by: 'category' } });
    if (found.ok) this.counts = new Map(found.value.items.flatMap(({ category, count }) => (category ? [[category, count]] : [])));
    else if (found.error.status === 404) clearInterval(this.#timer);
  }
}

/** The categories to show: the tallies where they hold, else those of the events that are here. */
export function categoriesOf(counts: ReadonlyMap<string, number> | null, events: readonly EventView[], complete: boolean): Category[] {
  if (counts) return sorted([...counts].map(([name, count]) => ({ name, count })));
  const seen = new Map<string, number>();
  for (const { card } of events) if (card?.category) seen.set(card.category, (seen.get(card.category) ?? 0) + 1);
  return sorted([...seen].map(([name, count]) => (complete ? { name, count } : { name })));
}

const sorted = (all: Category[]): Category[] => all.sort((one, other) => one.name.localeCompare(other.name)).slice(0, 60);
