/** Hides how the events next to one are found in a list that is only read newest first. */
import { ask, type Query } from '../../api/client';
import type { EventView, Page } from '../../api/types';
import { momentOf } from '../../events/summary';

export interface Neighbours {
  /** Newest first, the nearest last. */
  newer: EventView[];
  /** Newest first, the nearest first. */
  older: EventView[];
}

/** Milliseconds after it in which newer ones are looked for, one after the other. */
export const WINDOWS = [60_000, 900_000, 6 * 3_600_000, 3 * 86_400_000, 60 * 86_400_000] as const;
const WANTED = 2;

export async function aroundOf(event: EventView): Promise<Neighbours> {
  const at = momentOf(event);
  const query = { feed: true, test: event.card?.test ?? false, ...(!event.card?.muted && { muted: false }) };
  const [newer, older] = await Promise.all([newerThan(event, at, query), list({ ...query, until: iso(at + 1), limit: WANTED + 6 })]);
  return { newer, older: older.filter((one) => one.id !== event.id && momentOf(one) <= at && !newer.some((other) => other.id === one.id)).slice(0, WANTED) };
}

async function newerThan(event: EventView, at: number, query: Query): Promise<EventView[]> {
  for (const [step, window] of WINDOWS.entries()) {
    const until = at + window;
    const found = (await list({ ...query, since: iso(at), until: iso(until), limit: 200 })).filter((one) => one.id !== event.id && momentOf(one) >= at);
    const after = found.filter((one) => momentOf(one) > at || one.id > event.id);
    if (after.length >= WANTED || until > Date.now() || step === WINDOWS.length - 1) return after.slice(-WANTED);
  }
  return [];
}

const iso = (at: number): string => new Date(at).toISOString();

async function list(query: Query): Promise<EventView[]> {
  const found = await ask<Page<EventView>>('GET', '/api/v1/events', { query });
  return found.ok ? found.value.items : [];
}
