/** Hides where triggers and their health come from: lists, counts where the server keeps them, and how often they are asked for. */
import { ask, type Failure } from '../../api/client';
import type { DeliveryView, Page, TriggerView } from '../../api/types';
import { allTriggers } from '../../triggers';
import { firstHour, fromDeliveries, healthOf, sorted, withTallies, type Known, type Row, type Tally } from './health';
import { waiting, withFailures, withQuiet } from './lookups';

const EVERY = 15_000;
const PAGE = 200;

const list = async <T>(path: string, query: Record<string, string | number | boolean>): Promise<Page<T>> => {
  const found = await ask<Page<T>>('GET', path, { query });
  return found.ok ? found.value : { items: [], next: null };
};

async function known(triggers: readonly TriggerView[], now: number): Promise<{ known: Map<string, Known>; waits: Map<string, string> }> {
  const since = new Date(firstHour(now)).toISOString();
  const [recent, pending, totals, hourly, ever] = await Promise.all([
    list<DeliveryView>('/api/v1/deliveries', { details: true, limit: PAGE }),
    list<DeliveryView>('/api/v1/deliveries', { state: 'pending', limit: PAGE }),
    list<Tally>('/api/v1/stats', { of: 'deliveries', by: 'trigger,result', since }),
    list<Tally>('/api/v1/stats', { of: 'deliveries', by: 'hour,trigger,result', since }),
    list<Tally>('/api/v1/stats', { of: 'deliveries', by: 'trigger,result' }),
  ]);
  const lately = await withQuiet(fromDeliveries(recent.items, now), triggers, ever.items, now);
  const [told, waits] = await Promise.all([withFailures(lately, ever.items, now), waiting(pending, triggers, now)]);
  return { known: totals.items.length ? withTallies(told, totals.items, hourly.items, now) : told, waits };
}

/** The list of triggers with their health; make it in a component, and `stop` it in an effect's end. */
export class House {
  rows = $state.raw<Row[] | undefined>(undefined);
  waits = $state.raw<ReadonlyMap<string, string>>(new Map());
  error = $state.raw<Failure | undefined>(undefined);
  #timer: ReturnType<typeof setInterval>;

  constructor() {
    void this.load();
    this.#timer = setInterval(() => void (document.hidden || this.load()), EVERY);
  }

  async load(): Promise<void> {
    const now = Date.now();
    const triggers = await allTriggers();
    this.error = triggers.ok ? undefined : triggers.error;
    if (!triggers.ok) return;
    const health = await known(triggers.value, now);
    this.waits = health.waits;
    this.rows = sorted(triggers.value.map((trigger) => ({ trigger, known: health.known.get(trigger.id), health: healthOf(trigger, health.known.get(trigger.id)) })));
  }

  /** Show a trigger as it is now, without asking. */
  replace(trigger: TriggerView): void {
    this.rows = this.rows?.map((row) => (row.trigger.id === trigger.id ? { ...row, trigger, health: healthOf(trigger, row.known) } : row));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
