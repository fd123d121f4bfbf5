/** Hides how a trigger's health is told: from counts of the last day, its last deliveries, and what waits. Pure; times in ms. */
import type { DeliveryView, TriggerView } from '../../api/types';

export type Health = 'failing' | 'warning' | 'healthy' | 'quiet' | 'stopped' | 'off';
export type Group = 'all' | 'failing' | 'warning' | 'healthy' | 'off';

export const HOUR = 3_600_000;
export const HOURS = 24;

export interface Tally {
  count: number;
  hour?: string;
  trigger?: string;
  result?: string;
  other?: boolean;
}

export interface Bar {
  arrived: number;
  dead: number;
}

/** What is known of one trigger; undefined is not known. */
export interface Known {
  arrived: number;
  dead: number;
  /** 24 hours, oldest first; null where they are not told. */
  bars: Bar[] | null;
  p95: number | null;
  waiting: number;
  /** Moment of the last try that failed; null for never, undefined where it is not known. */
  failure: number | null | undefined;
  /** The newest delivery that arrived after retries, where none failed since: its attempts tell when. */
  retried: string | null;
  /** Since when every try failed, with what the last one got: null where the last one arrived. */
  broken: { since: number; status: number | null; error: string | null } | null;
  /** The last delivery. */
  last: number | null;
}

/** Nothing is known of it yet. */
export const nothing = (): Known => ({ arrived: 0, dead: 0, bars: null, p95: null, waiting: 0, failure: undefined, retried: null, broken: null, last: null });
const emptyBars = (): Bar[] => Array.from({ length: HOURS }, () => ({ arrived: 0, dead: 0 }));

/** The beginning of the first of the 24 hours that are shown. */
export const firstHour = (now: number): number => (Math.floor(now / HOUR) - HOURS + 1) * HOUR;

/** What the newest deliveries say, newest first, each with its `last` attempt. */
export function fromDeliveries(deliveries: readonly DeliveryView[], now: number): Map<string, Known> {
  const known = new Map<string, Known>();
  const took = new Map<string, number[]>();
  for (const delivery of deliveries) {
    if (!delivery.trigger) continue;
    const one = known.get(delivery.trigger) ?? nothing();
    known.set(delivery.trigger, one);
    learn(one, delivery, now);
    if (delivery.last && delivery.state === 'delivered') took.set(delivery.trigger, [...(took.get(delivery.trigger) ?? []), delivery.last.duration_ms]);
  }
  for (const [trigger, times] of took) {
    const one = known.get(trigger);
    if (one) one.p95 = quantile(times, 0.95);
  }
  return known;
}

function learn(one: Known, delivery: DeliveryView, now: number): void {
  const at = Date.parse(delivery.last?.started_at ?? delivery.created_at);
  const failed = delivery.state === 'dead' || (delivery.state === 'pending' && delivery.tries > 0);
  const arrived = delivery.state === 'delivered';
  const seen = one.broken !== null || one.last !== null;
  if (failed) {
    if (!one.retried) one.failure = Math.max(one.failure ?? 0, at);
    // Its first try was about when it was made, where there was more than one.
    const since = delivery.tries > 1 ? Date.parse(delivery.created_at) : at;
    if (one.broken || !seen) one.broken = { since: Math.min(since, one.broken?.since ?? since), status: (one.broken ?? delivery.last)?.status ?? null, error: (one.broken ?? delivery.last)?.error ?? null };
  }
  if (arrived && delivery.tries > 1 && one.failure == null) one.retried ??= delivery.id;
  if (arrived) one.last = Math.max(one.last ?? 0, at);
  if (delivery.state === 'pending') one.waiting += 1;
  if (!arrived && delivery.state !== 'dead') return;
  const hour = Math.floor((Date.parse(delivery.ended_at ?? delivery.created_at) - firstHour(now)) / HOUR);
  if (hour < 0 || hour >= HOURS) return;
  one.bars ??= emptyBars();
  const bar = one.bars[hour];
  if (bar) bar[arrived ? 'arrived' : 'dead'] += 1;
  one[arrived ? 'arrived' : 'dead'] += 1;
}

/** Counts of the server replace what was counted here, as they miss nothing. */
export function withTallies(known: Map<string, Known>, totals: readonly Tally[], hourly: readonly Tally[], now: number): Map<string, Known> {
  const all = new Map([...known].map(([id, one]) => [id, { ...one, arrived: 0, dead: 0, bars: null as Bar[] | null }]));
  const of = (id: string): Known => {
    const found = all.get(id) ?? nothing();
    all.set(id, found as Known & { bars: Bar[] | null });
    return found;
  };
  for (const { trigger, result, count, other } of totals) if (trigger && !other) add(of(trigger), result, count);
  for (const { trigger, result, count, hour, other } of hourly) {
    if (!trigger || other || !hour) continue;
    const one = of(trigger);
    one.bars ??= emptyBars();
    const bar = one.bars[Math.floor((Date.parse(hour) - firstHour(now)) / HOUR)];
    if (bar) add(bar, result, count);
  }
  for (const [id, one] of all) one.bars ??= known.get(id)?.bars ?? null; // hours of small ones are counted together
  return all;
}

function add(to: Bar, result: string | undefined, count: number): void {
  if (result === 'dead') to.dead += count;
  else if (result?.startsWith('delivered')) to.arrived += count;
}

export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? null;
}

export function healthOf(trigger: TriggerView, known: Known | undefined): Health {
  if (!trigger.enabled) return trigger.disabled_reason ? 'stopped' : 'off';
  if (known?.broken) return 'failing';
  if (trigger.filter_off || trigger.filter_error) return 'warning';
  return known && known.arrived + known.dead > 0 ? 'healthy' : 'quiet';
}

export const groupOf = (health: Health): Exclude<Group, 'all'> =>
  health === 'stopped' ? 'failing' : health === 'quiet' ? 'healthy' : health;

const ORDER: readonly Health[] = ['failing', 'stopped', 'warning', 'healthy', 'quiet', 'off'];
const URGENT = 3;

export interface Row {
  trigger: TriggerView;
  known: Known | undefined;
  health: Health;
}

/** Failing first, then by name. */
export const sorted = (rows: readonly Row[]): Row[] =>
  [...rows].sort((one, other) => urgency(one) - urgency(other) || one.trigger.name.localeCompare(other.trigger.name));

const urgency = (row: Row): number => Math.min(ORDER.indexOf(row.health), URGENT);

/** Whether a trigger has all these words in name, types or address. */
export function holds({ trigger }: Row, text: string): boolean {
  const whole = [trigger.name, ...trigger.match.type, trigger.endpoint.url, trigger.id].join('\n').toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => whole.includes(word));
}
