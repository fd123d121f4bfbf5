/**
 * Hides how lengths of time are told, and how they are typed: `5 s`, `1.5 min`, `2h`, `500 ms`, bare numbers in the unit that
 * one expects. Pure.
 */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: Record<string, number> = {
  ms: 1, s: 1000, sec: 1000, second: 1000, seconds: 1000, m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000,
  h: 3_600_000, hour: 3_600_000, hours: 3_600_000, d: 86_400_000, day: 86_400_000, days: 86_400_000,
};
const PART = /^\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)/i;

/** Milliseconds, or null where it is no length. `2 h 35 min` adds up. */
export function milliseconds(text: string, bare = 's'): number | null {
  let rest = text.trim();
  if (!rest) return null;
  let sum = 0;
  while (rest) {
    const found = PART.exec(rest);
    const unit = UNITS[(found?.[2] || bare).toLowerCase()];
    if (!found || unit === undefined) return null;
    sum += Number((found[1] ?? '').replace(',', '.')) * unit;
    rest = rest.slice(found[0].length).trim();
  }
  return sum;
}

/** As it would be typed, exactly: `15 s`, `1.5 s`, `5 min`, `2 h`. */
export function typedLength(length: number): string {
  const units = [['h', 3_600_000], ['min', 60_000], ['s', 1000]] as const;
  const fit = units.find(([, unit]) => length >= unit && length % unit === 0);
  if (fit) return `${length / fit[1]} ${fit[0]}`;
  return length % 100 ? `${length} ms` : `${length / 1000} s`;
}

/** A comma list of lengths in milliseconds; null where one is none. Empty is an empty list. */
export function lengthList(text: string): number[] | null {
  if (!text.trim()) return [];
  const found = text.split(/[,;]/).map((part) => milliseconds(part));
  return found.every((length): length is number => length !== null) ? found : null;
}

/** A length: `142 ms`, `4.2 s`, `15 s`, `12 min`, `2 h 35 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10 * SECOND && milliseconds % SECOND >= 50) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < MINUTE) return `${Math.round(milliseconds / SECOND)} s`;
  const pair = (value: number, big: string, rest: number, small: string): string => (rest ? `${value} ${big} ${rest} ${small}` : `${value} ${big}`);
  if (milliseconds < HOUR) return pair(Math.floor(milliseconds / MINUTE), 'min', 0, '');
  if (milliseconds < DAY) return pair(Math.floor(milliseconds / HOUR), 'h', Math.floor((milliseconds % HOUR) / MINUTE), 'min');
  return pair(Math.floor(milliseconds / DAY), 'd', Math.floor((milliseconds % DAY) / HOUR), 'h');
}
