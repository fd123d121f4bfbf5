/** Hides how deliveries are narrowed: as it stands in the URL, and as the API takes it. Pure; moments are RFC 3339. */
import type { Query } from '../../api/client';

export const STATES = ['all', 'pending', 'delivered', 'dead', 'cancelled'] as const;
export type State = (typeof STATES)[number];
export const PERIODS = ['hour', 'day', 'week', 'month', 'any'] as const;
export type Period = (typeof PERIODS)[number];

const HOUR = 3_600_000;
const MINUTE = 60_000;
const LENGTHS: Record<Exclude<Period, 'any'>, number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

export interface Filters {
  state: State;
  trigger: string;
  /** Holds where neither `since` nor `until` is given. */
  period: Period;
  since: string;
  until: string;
  /** Whether the range is of when they ended, as counts are; else of when they were made. */
  by: '' | 'end';
  event: string;
  replay: string;
  words: string;
}

export const NONE: Filters = { state: 'all', trigger: '', period: 'any', since: '', until: '', by: '', event: '', replay: '', words: '' };

const one = <T extends string>(known: readonly T[], value: string | null, usual: T): T => (known.includes(value as T) ? (value as T) : usual);
const moment = (value: string | null): string => (value && !Number.isNaN(Date.parse(value)) ? value : '');

export function fromQuery(query: URLSearchParams): Filters {
  return {
    state: one(STATES, query.get('state'), 'all'),
    trigger: query.get('trigger') ?? '',
    period: one(PERIODS, query.get('period'), 'any'),
    since: moment(query.get('since')),
    until: moment(query.get('until')),
    by: query.get('by') === 'end' ? 'end' : '',
    event: query.get('event') ?? '',
    replay: query.get('replay') ?? '',
    words: query.get('q') ?? '',
  };
}

/** What changes in the URL; the usual is left out. A period and a range take each other's place. */
export function toUrl(filters: Partial<Filters>): Record<string, string | null> {
  const { words, ...rest } = filters;
  const usual: Partial<Filters> = { state: 'all', period: 'any' };
  const changed = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value && value !== usual[name as keyof Filters] ? value : null]));
  return {
    ...changed,
    ...(words !== undefined && { q: words.trim() || null }),
    ...(filters.period !== undefined && filters.since === undefined && { since: null, until: null, by: null }),
    ...((filters.since || filters.until) && { period: null }),
  };
}

export const isRange = (filters: Filters): boolean => Boolean(filters.since || filters.until);

interface Span {
  since?: string;
  until?: string;
  ended_since?: string;
  ended_until?: string;
}

/** From when on and until when; a period in whole minutes, so that pages of one list agree. */
export function span(filters: Pick<Filters, 'period' | 'since' | 'until' | 'by'>, now: number): Span {
  const { since, until } = filters;
  if ((since || until) && filters.by === 'end') return { ...(since && { ended_since: since }), ...(until && { ended_until: until }) };
  if (since || until) return { ...(since && { since }), ...(until && { until }) };
  if (filters.period === 'any') return {};
  return { since: new Date(Math.floor((now - LENGTHS[filters.period]) / MINUTE) * MINUTE).toISOString() };
}

export function toQuery(filters: Filters, now: number): Query {
  return {
    state: filters.state === 'all' ? undefined : filters.state,
    trigger: filters.trigger,
    event: filters.event,
    replay: filters.replay,
    q: filters.words.trim(),
    ...span(filters, now),
  };
}

export const isFiltered = (filters: Filters): boolean =>
  filters.state !== 'all' || filters.period !== 'any' || isRange(filters) || Boolean(filters.trigger || filters.event || filters.replay || filters.words.trim());
