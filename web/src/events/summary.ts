/** Hides what an event is called, which letters stand for it, and what its content says in one line. Pure. */
import type { EventView } from '../api/types';
import { hostOf } from './actions';

export interface Row {
  label: string;
  value: string;
}

type Card = Pick<EventView, 'id' | 'type' | 'card' | 'subject' | 'data'>;

export const titleOf = (event: Card): string => event.card?.title || event.type;

/** When it came into the log: when it was due, or when it was received. Milliseconds UTC. */
export const momentOf = (event: Pick<EventView, 'received_at' | 'due_at'>): number => Date.parse(event.due_at ?? event.received_at);

export const written = (value: unknown): string => (typeof value === 'string' ? value : value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Rows as they are sent: pairs, objects with a label and a value, or objects of one or more names. */
export function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.flatMap(rowOf) : [];
}

function rowOf(row: unknown): Row[] {
  if (Array.isArray(row)) return [{ label: written(row[0] ?? ''), value: row.slice(1).map(written).join(' · ') }];
  if (typeof row !== 'object' || row === null) return [{ label: '', value: written(row) }];
  const fields = row as Record<string, unknown>;
  const label = ['label', 'name', 'key', 'title'].find((name) => typeof fields[name] === 'string');
  const value = ['value', 'content', 'text'].find((name) => name in fields && name !== label);
  if (label && value) return [{ label: String(fields[label]), value: written(fields[value]) }];
  return Object.entries(fields).map(([name, inner]) => ({ label: name, value: written(inner) }));
}

/** One line of the content, for a row that is not open; the subject where there is none. */
export function lineOf(event: Card): string {
  const content = event.card?.content;
  if (!content) return event.subject ?? (event.card?.title ? '' : plain(event.data));
  if (content.type === 'text') return written(content.value).split('\n', 1)[0]?.trim() ?? '';
  if (content.type === 'image') return hostOf(written(content.value));
  if (content.type === 'rows') return rowsOf(content.value).slice(0, 3).map((row) => (row.label ? `${row.label}: ${row.value}` : row.value)).join(' · ');
  return plain(content.value);
}

const plain = (value: unknown): string => (value === undefined || value === null ? '' : written(value).slice(0, 240));

export type Avatar = { kind: 'emoji' | 'letters'; text: string } | { kind: 'image'; url: string };

/** Emoji, an image of our own origin, or two letters: images of others are not loaded unasked. */
export function avatarOf(event: Card, origin: string): Avatar {
  const given = event.card?.avatar?.trim();
  if (given && isOwn(given, origin)) return { kind: 'image', url: given };
  if (given && !/^[\w+.-]+:|\//.test(given)) {
    const letters = [...new Intl.Segmenter().segment(given)].map((part) => part.segment);
    if (/\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(given)) return { kind: 'emoji', text: letters[0] ?? '' };
    return { kind: 'letters', text: letters.slice(0, 2).join('').toUpperCase() };
  }
  return { kind: 'letters', text: initials(titleOf(event)) };
}

function initials(text: string): string {
  const words = text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0] ?? '') : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}

/** Whether an image is ours and may be shown at once: of this origin, or in the event itself. */
export function isOwn(url: string, origin: string): boolean {
  if (/^data:image\/(png|jpeg|gif|webp|avif)[;,]/i.test(url)) return true;
  try {
    return new URL(url, origin).origin === origin && /^(\/(?!\/)|https?:\/\/)/i.test(url);
  } catch {
    return false;
  }
}
