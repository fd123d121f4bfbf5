/**
 * Hides what is asked of single triggers, where lists and tallies of all of them do not tell: those that were quiet lately,
 * what waits beyond a page, and when the last try failed. Each is remembered a while, and only so many are asked at once.
 */
import { ask } from '../../api/client';
import type { DeliveryView, Page, TriggerView } from '../../api/types';
import { count } from '../../times';
import { fromDeliveries, nothing, type Known, type Tally } from './health';

const KEEP = 60_000;
const MOST = 40;
const FEW = 20;
const PENDING = 200;

const remembered = new Map<string, { at: number; value: unknown }>();

/** A page of deliveries, or null where it cannot be had. */
async function page(query: Record<string, string | number | boolean>, now: number): Promise<Page<DeliveryView> | null> {
  return once(JSON.stringify(query), now, async () => {
    const found = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query });
    return found.ok ? found.value : null;
  });
}

async function once<T>(key: string, now: number, find: () => Promise<T>): Promise<T> {
  const before = remembered.get(key);
  if (before && now - before.at < KEEP) return before.value as T;
  const value = await find();
  if (remembered.size > 1000) remembered.clear();
  remembered.set(key, { at: now, value });
  return value;
}

/** Whether something ever happened to it that ended so; undefined where small ones are counted together. */
function ever(tallies: readonly Tally[], trigger: string, results: readonly string[]): boolean | undefined {
  const mine = tallies.filter((tally) => tally.trigger === trigger && !tally.other);
  if (!mine.length && tallies.some((tally) => tally.other)) return undefined;
  return mine.some((tally) => results.includes(tally.result ?? ''));
}

/** The same, with triggers that were not among the newest deliveries. */
export async function withQuiet(known: Map<string, Known>, triggers: readonly TriggerView[], tallies: readonly Tally[], now: number): Promise<Map<string, Known>> {
  const quiet = triggers.filter(({ id }) => !known.has(id) && ever(tallies, id, ['delivered', 'delivered_after_retries', 'dead']) !== false);
  const pages = await Promise.all(quiet.slice(0, MOST).map(({ id }) => page({ trigger: id, details: true, limit: FEW }, now)));
  const found = pages.flatMap((one) => (one ? [...fromDeliveries(one.items, now)] : []));
  return new Map([...quiet.map(({ id }) => [id, nothing()] as const), ...known, ...found]);
}

/** The same, with the moment of the last try that failed where it can be found: null is never, undefined not known. */
export async function withFailures(known: Map<string, Known>, tallies: readonly Tally[], now: number): Promise<Map<string, Known>> {
  const all = [...known].slice(0, 500);
  const open = all.filter(([, one]) => one.failure == null).slice(0, MOST);
  const found = await Promise.all(open.map(async ([id, one]) => [id, { ...one, failure: await failureOf(id, one, tallies, now) }] as const));
  return new Map([...known, ...found]);
}

async function failureOf(trigger: string, known: Known, tallies: readonly Tally[], now: number): Promise<number | null | undefined> {
  const retried = known.retried;
  if (retried) {
    return once(`attempts of ${retried}`, now, async () => {
      const found = await ask<DeliveryView>('GET', `/api/v1/deliveries/${retried}`);
      const failed = found.ok ? found.value.attempts?.filter((attempt) => attempt.result === 'failed').at(-1) : undefined;
      return failed && Date.parse(failed.started_at);
    });
  }
  const dead = ever(tallies, trigger, ['dead']);
  const late = ever(tallies, trigger, ['delivered_after_retries']);
  if (dead === false && late === false) return null;
  const last = (await page({ trigger, state: 'dead', details: true, limit: 1 }, now))?.items[0];
  return last ? Date.parse(last.last?.started_at ?? last.ended_at ?? last.created_at) : undefined;
}

/** How many wait of each trigger, as text: those of a page, or where there are more of them, each trigger's own. */
export async function waiting(pending: Page<DeliveryView>, triggers: readonly TriggerView[], now: number): Promise<Map<string, string>> {
  const waits = new Map<string, number>();
  for (const { trigger } of pending.items) if (trigger) waits.set(trigger, (waits.get(trigger) ?? 0) + 1);
  if (!pending.next) return new Map([...waits].map(([id, some]) => [id, count(some)]));
  const asked = triggers.slice(0, MOST);
  const own = await Promise.all(asked.map(({ id }) => page({ trigger: id, state: 'pending', limit: PENDING }, now)));
  return new Map([
    ...[...waits].map(([id, some]) => [id, `${count(some)}+`] as const),
    ...own.flatMap((found, at) => (found?.items.length ? [[asked[at]?.id ?? '', count(found.items.length) + (found.next ? '+' : '')] as const] : [])),
  ]);
}
