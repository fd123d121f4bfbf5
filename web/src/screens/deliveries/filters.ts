/** Hides how deliveries are narrowed: as it stands in the URL, and as the API takes it. Pure. */
import type { Query } from '../../api/client';

export const STATES = ['all', 'pending', 'delivered', 'dead', 'cancelled'] as const;
export type State = (typeof STATES)[number];
export const PERIODS = ['hour', 'day', 'week', 'month', 'any'] as const;
export type Period = (typeof PERIODS)[number];

const HOUR = 3_600_000;
export const LENGTHS: Record<Exclude<Period, 'any'>, number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

export interface Filters {
  state: State;
  trigger: string;
  period: Period;
  event: string;
  replay: string;
}

const one = <T extends string>(known: readonly T[], value: string | null, usual: T): T => (known.includes(value as T) ? (value as T) : usual);

export function fromQuery(query: URLSearchParams): Filters {
  return {
    state: one(STATES, query.get('state'), 'all'),
    trigger: query.get('trigger') ?? '',
    period: one(PERIODS, query.get('period'), 'any'),
    event: query.get('event') ?? '',
    replay: query.get('replay') ?? '',
  };
}

/** What changes in the URL; the usual is left out. */
export function toUrl(filters: Partial<Filters>): Record<string, string | null> {
  const usual: Record<string, string> = { state: 'all', period: 'any' };
  return Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, value && value !== usual[name] ? value : null]));
}

/** From when on, RFC 3339; whole minutes, so that pages of one list agree. */
export function since(period: Period, now: number): string | undefined {
  return period === 'any' ? undefined : new Date(Math.floor((now - LENGTHS[period]) / 60_000) * 60_000).toISOString();
}

export function toQuery(filters: Filters, now: number): Query {
  return {
    state: filters.state === 'all' ? undefined : filters.state,
    trigger: filters.trigger,
    event: filters.event,
    replay: filters.replay,
    since: since(filters.period, now),
  };
}

export const isFiltered = (filters: Filters): boolean =>
  filters.state !== 'all' || filters.period !== 'any' || Boolean(filters.trigger || filters.event || filters.replay);

/** What an id that was typed is of; null where it is none. */
export function idOf(text: string): { event: string } | { delivery: string } | null {
  const id = text.trim();
  if (/^dlv_[0-9a-z]{26}$/.test(id)) return { delivery: id };
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? { event: id.toLowerCase() } : null;
}
