/** Hides how many deliveries there are of each state: the server's tallies, and where a time is asked for, rows counted. Unknown is left out. */
import { ask } from '../../api/client';
import type { DeliveryView, Page } from '../../api/types';
import { count } from '../../times';
import type { Tally } from '../triggers/health';
import { isRange, toQuery, type Filters, type State } from './filters';

export type Counts = Partial<Record<State, string>>;
const MOST = 200;
const ENDED = ['delivered', 'dead', 'cancelled'] as const;

interface Some {
  count: number;
  /** There are more. */
  more: boolean;
}
const written = ({ count: many, more }: Some): string => count(many) + (more ? '+' : '');

/** Nothing is counted where words are looked for: each count would be a search. */
export async function countsOf(filters: Filters, now: number): Promise<Counts> {
  if (filters.event || filters.replay || filters.words.trim()) return {};
  const timed = filters.period !== 'any' || isRange(filters);
  const [pending, ended] = await Promise.all([rows({ ...filters, state: 'pending' }, now), timed ? each(filters, now) : tallied(filters.trigger)]);
  if (!pending || !ended) return pending ? { pending: written(pending) } : {};
  const all = [pending, ...Object.values(ended)];
  return {
    all: written({ count: all.reduce((sum, one) => sum + one.count, 0), more: all.some((one) => one.more) }),
    pending: written(pending),
    ...Object.fromEntries(Object.entries(ended).map(([state, some]) => [state, written(some)])),
  };
}

type Ended = Record<(typeof ENDED)[number], Some>;

/** Tallies know when deliveries ended, the list when they were made: they agree over all time only. */
async function tallied(trigger: string): Promise<Ended | null> {
  const found = await ask<{ items: Tally[] }>('GET', '/api/v1/stats', { query: { of: 'deliveries', by: trigger ? 'trigger,result' : 'result' } });
  if (!found.ok) return null;
  const mine = found.value.items.filter((tally) => !trigger || tally.trigger === trigger);
  const sum = (begin: string): Some => ({ count: mine.filter((tally) => tally.result?.startsWith(begin)).reduce((all, tally) => all + tally.count, 0), more: false });
  return { delivered: sum('delivered'), dead: sum('dead'), cancelled: sum('cancelled') };
}

async function each(filters: Filters, now: number): Promise<Ended | null> {
  const [delivered, dead, cancelled] = await Promise.all(ENDED.map((state) => rows({ ...filters, state }, now)));
  return delivered && dead && cancelled ? { delivered, dead, cancelled } : null;
}

async function rows(filters: Filters, now: number): Promise<Some | null> {
  const found = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { ...toQuery(filters, now), limit: MOST } });
  return found.ok ? { count: found.value.items.length, more: found.value.next !== null } : null;
}

/** How many arrived since then, as the server's tallies by the hour tell; null where they do not. */
export async function arrivedSince(since: string): Promise<string | null> {
  const found = await ask<{ items: Tally[] }>('GET', '/api/v1/stats', { query: { of: 'deliveries', by: 'result', since } });
  if (!found.ok) return null;
  return count(found.value.items.filter((tally) => tally.result?.startsWith('delivered')).reduce((all, tally) => all + tally.count, 0));
}
