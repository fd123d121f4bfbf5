/**
 * Hides how the feed is narrowed: chips as they stand in the URL, as the API takes them, and as they hold for an event that
 * comes live. Pure.
 */
import type { Query } from '../../api/client';
import type { EventView } from '../../api/types';
import type { Zone } from '../../state/preferences.svelte';

export const KEYS = ['category', 'type', 'subject', 'context', 'has', 'after', 'before'] as const;
export type Key = (typeof KEYS)[number];

export interface Chip {
  key: Key;
  value: string;
}

export interface Filters {
  chips: readonly Chip[];
  words: string;
  muted: boolean;
}

export const isKey = (name: string): name is Key => (KEYS as readonly string[]).includes(name);
const PARAMETER = 'q';

/** Chips with others added: one of each key, the newer one counts. */
export const joined = (chips: readonly Chip[], added: readonly Chip[]): Chip[] =>
  added.reduce<Chip[]>((all, chip) => [...all.filter((known) => known.key !== chip.key), chip], [...chips]);

export function fromQuery(query: URLSearchParams): Filters {
  const chips = [...query].flatMap(([key, value]) => (isKey(key) && value ? [{ key, value }] : []));
  return { chips: joined([], chips), words: query.get(PARAMETER) ?? '', muted: query.get('muted') === '1' };
}

/** What changes in the URL; keys that are gone are null. */
export function toUrl(filters: Filters): Record<string, string | null> {
  const changes: Record<string, string | null> = { [PARAMETER]: filters.words.trim() || null, muted: filters.muted ? '1' : null };
  for (const key of KEYS) changes[key] = filters.chips.find((chip) => chip.key === key)?.value ?? null;
  return changes;
}

/** What is wrong with a chip; null when it can be used. */
export function wrongWith(chip: Chip, now: number, zone: Zone): 'moment' | 'has' | 'type' | null {
  if (chip.key === 'has') return chip.value.toLowerCase() === 'action' ? null : 'has';
  if (chip.key === 'after' || chip.key === 'before') return momentOf(chip.value, now, zone) === null ? 'moment' : null;
  return chip.key === 'type' && !/^[\w.*:/#-]+$/.test(chip.value) ? 'type' : null;
}

const UNITS: Record<string, number> = { m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `2026-11-20`, `20 Nov`, `2026-11-20T14:30`, `today`, `yesterday`, `24h`, `7d`: milliseconds UTC, or null. */
export function momentOf(text: string, now: number, zone: Zone): number | null {
  const wanted = text.trim().toLowerCase();
  const today = partsOf(now, zone);
  if (wanted === 'today') return midnight(today, 0, zone);
  if (wanted === 'yesterday') return midnight(today, -1, zone);
  const back = /^(\d{1,4})\s*(m|min|h|d|w)$/.exec(wanted);
  if (back) return now - Number(back[1]) * (UNITS[back[2] ?? ''] ?? 0);
  const named = /^(\d{1,2})[ .-]*([a-z]{3})[a-z]*(?:[ .-]*(\d{4}))?$/.exec(wanted);
  if (named) return day(Number(named[3] ?? today[0]), MONTHS.indexOf(named[2] ?? ''), Number(named[1]), '', zone);
  const written = /^(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:\d{2})?))?$/.exec(wanted);
  return written ? day(Number(written[1]), Number(written[2]) - 1, Number(written[3]), written[4] ?? '', zone) : null;
}

type Day = [year: number, month: number, day: number];

function partsOf(at: number, zone: Zone): Day {
  const date = new Date(at);
  return zone === 'utc' ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()] : [date.getFullYear(), date.getMonth(), date.getDate()];
}

const midnight = ([year, month, date]: Day, days: number, zone: Zone): number =>
  zone === 'utc' ? Date.UTC(year, month, date + days) : new Date(year, month, date + days).getTime();

function day(year: number, month: number, date: number, time: string, zone: Zone): number | null {
  const known = new Date(Date.UTC(year, month, date));
  if (month < 0 || known.getUTCMonth() !== month || known.getUTCDate() !== date) return null;
  if (!time) return midnight([year, month, date], 0, zone);
  const zoned = /z|[+-]\d{2}:\d{2}$/.test(time) || zone === 'local' ? time : `${time}z`;
  const at = Date.parse(`${known.toISOString().slice(0, 10)}T${zoned.toUpperCase()}`);
  return Number.isNaN(at) ? null : at;
}

/** The query of `GET /events`; chips that are wrong are left out. */
export function toApi(filters: Filters, test: boolean, now: number, zone: Zone): Query {
  const query: Record<string, string | boolean> = { feed: true, test };
  if (!filters.muted) query.muted = false;
  if (filters.words.trim()) query.q = filters.words.trim();
  for (const chip of filters.chips) {
    if (wrongWith(chip, now, zone)) continue;
    if (chip.key === 'has') query.actions = true;
    else if (chip.key === 'after') query.since = iso(chip, now, zone);
    else if (chip.key === 'before') query.until = iso(chip, now, zone);
    else query[chip.key] = chip.value;
  }
  return query;
}

const iso = (chip: Chip, now: number, zone: Zone): string => new Date(momentOf(chip.value, now, zone) ?? now).toISOString();

/** Whether nothing is asked for but the whole feed. */
export const isPlain = (filters: Filters): boolean => !filters.chips.length && !filters.words.trim();

/** Whether an event that came live belongs into the list. */
export function holds(filters: Filters, test: boolean, event: EventView, now: number, zone: Zone): boolean {
  const { card } = event;
  if ((card?.test ?? false) !== test || ((card?.muted ?? false) && !filters.muted)) return false;
  return filters.chips.every((chip) => chipHolds(chip, event, now, zone)) && wordsHold(filters.words, event);
}

function chipHolds({ key, value }: Chip, event: EventView, now: number, zone: Zone): boolean {
  if (wrongWith({ key, value }, now, zone)) return true;
  if (key === 'category') return event.card?.category === value;
  if (key === 'type') return typeMatches(value, event.type);
  if (key === 'subject') return event.subject === value;
  if (key === 'has') return Boolean(event.card?.actions?.length);
  if (key === 'context') return (event.context?.id ?? event.id) === value;
  const at = Date.parse(event.received_at);
  if (key === 'after') return at >= (momentOf(value, now, zone) ?? 0);
  return key !== 'before' || at < (momentOf(value, now, zone) ?? Infinity);
}

/** `*` is exactly one dotted segment, `**` any number. */
export function typeMatches(pattern: string, type: string): boolean {
  return segmentsMatch(pattern.split('.'), type.split('.'));
}

function segmentsMatch(pattern: string[], type: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return !type.length;
  if (first === '**') return segmentsMatch(rest, type) || (type.length > 0 && segmentsMatch(pattern, type.slice(1)));
  return type.length > 0 && (first === '*' || first === type[0]) && segmentsMatch(rest, type.slice(1));
}

const wordsIn = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];

/** The server's rule, near enough until the list is loaded again: every word is there, the last as a beginning. */
function wordsHold(words: string, event: EventView): boolean {
  const wanted = wordsIn(words);
  if (!wanted.length) return true;
  const { type, subject, card, data } = event;
  const known = wordsIn(JSON.stringify([type, subject, card?.title, card?.content?.value, data]));
  const last = wanted.pop() ?? '';
  return known.some((word) => word.startsWith(last)) && wanted.every((word) => known.includes(word));
}
