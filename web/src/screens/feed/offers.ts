/** Hides what is offered while one types a filter: keys, then the values of a key. Pure. */
import type { EventView } from '../../api/types';
import { count } from '../../times';
import { KEYS, type Chip, type Filters } from './filters';
import { typed } from './typing';

export interface Offer {
  value: string;
  count?: number;
}

export interface Choice {
  text: string;
  /** What takes the place of the word that is being typed. */
  insert: string;
  note: string;
  /** The text is a key, not a value. */
  key: boolean;
}

const MOST = 7;

/** The word at the end of the text, quotes and all: the one that is being typed. */
export const lastWord = (text: string): string => /(?:^|\s)([^\s"]*(?:"[^"]*)?)$/.exec(text)?.[1] ?? '';

/** What may be meant by the text; `means` says what a key is for. */
export function choices(text: string, filters: Filters, values: (key: Chip['key']) => readonly Offer[], means: Record<Chip['key'], string>): Choice[] {
  const word = lastWord(text).toLowerCase();
  const key = KEYS.find((one) => word.startsWith(`${one}:`));
  if (key) return valuesOf(key, word.slice(key.length + 1).replace('"', ''), values(key));
  if (text && !word) return [];
  return KEYS.filter((one) => (word ? one.startsWith(word) && word.length > 1 : !filters.chips.some((chip) => chip.key === one)))
    .map((one) => ({ text: `${one}:`, insert: `${one}:`, note: means[one], key: true }))
    .slice(0, word ? 3 : MOST);
}

/** Types, subjects or contexts of the newest events here, the most frequent first; with counts where `all` are here. */
export function seenValues(key: Chip['key'], events: readonly EventView[], all: boolean): Offer[] {
  const seen = new Map<string, number>();
  for (const event of events.slice(0, 1000)) {
    const value = key === 'type' ? event.type : key === 'subject' ? event.subject : event.context?.id;
    if (value) seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  const sorted = [...seen].sort((one, other) => other[1] - one[1]);
  return sorted.map(([value, count]) => ({ value, ...(all && events.length <= 1000 && { count }) }));
}

function valuesOf(key: Chip['key'], begun: string, offers: readonly Offer[]): Choice[] {
  return offers
    .filter((offer) => offer.value.toLowerCase().includes(begun))
    .slice(0, MOST)
    .map((offer) => ({ text: offer.value, insert: `${typed({ key, value: offer.value })} `, note: offer.count === undefined ? '' : count(offer.count), key: false }));
}
