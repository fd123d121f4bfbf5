/** Hides how many deliveries there are of each state: the server's counts, and what waits now. Unknown is left out. */
import { ask } from '../../api/client';
import type { DeliveryView, Page } from '../../api/types';
import type { Tally } from '../triggers/health';
import { LENGTHS, type Filters, type State } from './filters';

export type Counts = Partial<Record<State, string>>;
const MOST = 200;
const written = (count: number): string => count.toLocaleString('en-GB');

export async function countsOf(filters: Filters, now: number): Promise<Counts> {
  if (filters.event || filters.replay) return {};
  const since = filters.period === 'any' ? undefined : new Date(now - LENGTHS[filters.period]).toISOString();
  const trigger = filters.trigger || undefined;
  const [ended, pending] = await Promise.all([
    ask<{ items: Tally[] }>('GET', '/api/v1/stats', { query: { of: 'deliveries', by: trigger ? 'trigger,result' : 'result', since } }),
    ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { state: 'pending', trigger, since, limit: MOST } }),
  ]);
  const wait = pending.ok ? pending.value.items.length : undefined;
  const waiting = wait === undefined ? undefined : written(wait) + (pending.ok && pending.value.next ? '+' : '');
  if (!ended.ok) return { pending: waiting };
  const mine = ended.value.items.filter((tally) => !trigger || tally.trigger === trigger);
  const sum = (begin: string): number => mine.filter((tally) => tally.result?.startsWith(begin)).reduce((all, tally) => all + tally.count, 0);
  const [delivered, dead, cancelled] = [sum('delivered'), sum('dead'), sum('cancelled')];
  return {
    all: written(delivered + dead + cancelled + (wait ?? 0)),
    pending: waiting,
    delivered: written(delivered),
    dead: written(dead),
    cancelled: written(cancelled),
  };
}
