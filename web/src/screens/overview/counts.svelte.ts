/** Hides what the overview asks for, and how often: counts of the range and of the one before, and what waits. */
import { ask, type Failure } from '../../api/client';
import type { DeliveryView, Page } from '../../api/types';
import type { Zone } from '../../state/preferences.svelte';
import { slotsOf, type Range, type Slots, type Tally } from './series';

const EVERY = 30_000;
const MINUTE = 60_000;
const PAGE = 200;

export interface Counts {
  now: number;
  slots: Slots;
  events: Tally[];
  types: Tally[];
  before: number;
  results: Tally[];
  /** By trigger and result. */
  triggers: Tally[];
  /** What is owed now, each with its trigger; `more` than these. */
  waiting: { owed: readonly { trigger: string | null; at: number }[]; more: boolean };
}

export class Overview {
  counts = $state.raw<Counts | undefined>(undefined);
  error = $state.raw<Failure | undefined>(undefined);
  #range: Range;
  #zone: Zone;
  #timer: ReturnType<typeof setInterval>;
  #turn = 0;

  constructor(range: Range, zone: Zone) {
    this.#range = range;
    this.#zone = zone;
    void this.load();
    this.#timer = setInterval(() => void (document.hidden || this.load()), EVERY);
  }

  async load(): Promise<void> {
    const turn = ++this.#turn;
    const now = Date.now();
    const slots = slotsOf(this.#range, now, this.#zone === 'utc' ? 0 : -new Date(now).getTimezoneOffset() * MINUTE);
    const since = new Date(slots.from).toISOString();
    const stats = (query: Record<string, string>) => ask<{ items: Tally[] }>('GET', '/api/v1/stats', { query: { since, ...query } });
    const found = await Promise.all([
      stats({ of: 'events', by: 'hour,category' }),
      stats({ of: 'events', by: 'type' }),
      stats({ of: 'events', since: new Date(slots.from - slots.step * slots.count).toISOString(), until: since }),
      stats({ of: 'deliveries', by: 'hour,result' }),
      stats({ of: 'deliveries', by: 'trigger,result' }),
    ]);
    const pending = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { state: 'pending', limit: PAGE } });
    if (turn !== this.#turn) return;
    const failed = [...found, pending].find((one) => !one.ok);
    this.error = failed && !failed.ok ? failed.error : undefined;
    if (this.error || !pending.ok) return;
    const [events = [], types = [], before = [], results = [], triggers = []] = found.map((one) => (one.ok ? one.value.items : []));
    const owed = pending.value.items.map((one) => ({ trigger: one.trigger ?? null, at: Date.parse(one.created_at) }));
    const waiting = { owed, more: pending.value.next !== null };
    this.counts = { now, slots, events, types, before: before[0]?.count ?? 0, results, triggers, waiting };
  }

  stop(): void {
    this.#turn = -1;
    clearInterval(this.#timer);
  }
}
