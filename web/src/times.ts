/** Hides how moments and numbers are written (LOOK section 5, Time). Pure: now and zone are arguments. */
import type { Zone } from './state/preferences.svelte';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, '0');

interface Parts {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

export function parts(at: number, zone: Zone): Parts {
  const date = new Date(zone === 'utc' ? at : at - new Date(at).getTimezoneOffset() * MINUTE);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

export const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const short = (names: string[], at: number): string => (names[at] ?? '').slice(0, 3);

/** `14:32`. */
export function clockTime(at: number, zone: Zone): string {
  const { hour, minute } = parts(at, zone);
  return `${two(hour)}:${two(minute)}`;
}

/** `14:32:07`, or `14:32:07.412`. */
export function preciseTime(at: number, zone: Zone, milliseconds = false): string {
  const { second, millisecond } = parts(at, zone);
  return `${clockTime(at, zone)}:${two(second)}${milliseconds ? `.${String(millisecond).padStart(3, '0')}` : ''}`;
}

/** `2026-11-21`: what days are told apart by. */
export function dayKey(at: number, zone: Zone): string {
  const { year, month, day } = parts(at, zone);
  return `${year}-${two(month + 1)}-${two(day)}`;
}

/** `Saturday 21 November`, with the year where it is not this one. */
export function dayName(at: number, now: number, zone: Zone): string {
  const { year, month, day, weekday } = parts(at, zone);
  return `${WEEKDAYS[weekday]} ${day} ${MONTHS[month]}${year === parts(now, zone).year ? '' : ` ${year}`}`;
}

/** Whole days between the days of two moments, as the calendar counts: 0 today, 1 yesterday. */
export function daysAgo(at: number, now: number, zone: Zone): number {
  return Math.round((Date.parse(dayKey(now, zone)) - Date.parse(dayKey(at, zone))) / DAY);
}

/** The whole stamp with its zone, for tooltips: `21 Nov 2026, 14:32:07.412 +01:00`. */
export function stamp(at: number, zone: Zone): string {
  const { year, month, day } = parts(at, zone);
  return `${day} ${short(MONTHS, month)} ${year}, ${preciseTime(at, zone, true)} ${zone === 'utc' ? 'UTC' : offset(at)}`;
}

function offset(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const ahead = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}

/** In rows: `now`, `12 s`, `4 min` up to an hour, then `14:32` of that day. */
export function rowTime(at: number, now: number, zone: Zone): string {
  const age = now - at;
  if (age > HOUR || age < -10 * SECOND) return clockTime(at, zone);
  if (age < 10 * SECOND) return 'now';
  return age < MINUTE ? `${Math.floor(age / SECOND)} s` : `${Math.floor(age / MINUTE)} min`;
}

/** In tables and sentences without a day line: as in rows, then `Yesterday 14:32`, `Thu 19:30`, `12 Nov`, `2 Nov 2025`. */
export function looseTime(at: number, now: number, zone: Zone): string {
  const days = daysAgo(at, now, zone);
  if (days === 0 || (days > 0 && now - at < HOUR)) return rowTime(at, now, zone);
  if (days === 1) return `Yesterday ${clockTime(at, zone)}`;
  const { year, month, day, weekday } = parts(at, zone);
  if (days > 1 && days < 7) return `${short(WEEKDAYS, weekday)} ${clockTime(at, zone)}`;
  const sameYear = year === parts(now, zone).year;
  const date = `${day} ${short(MONTHS, month)}`;
  if (days < 0) return sameYear ? `${date} ${clockTime(at, zone)}` : `${date} ${year}`;
  return sameYear ? date : `${date} ${year}`;
}

/** In sentences: `just now`, `21 min ago`, `at 14:32`, `on 12 Nov`. */
export function ago(at: number, now: number, zone: Zone): string {
  const age = now - at;
  if (age < 10 * SECOND) return 'just now';
  if (age < HOUR) return `${rowTime(at, now, zone)} ago`;
  const text = looseTime(at, now, zone);
  return daysAgo(at, now, zone) === 0 ? `at ${text}` : text.startsWith('Yesterday') ? text.replace('Y', 'y') : `on ${text}`;
}

const numbers = new Intl.NumberFormat('en-GB');
/** `1,204`; unknown is `–`, not 0. */
export const count = (value: number | null | undefined): string => (value == null ? '–' : numbers.format(value));

/** `61.5 %`, `100 %`; `–` of nothing. Never rounds up to 100. */
export function percent(part: number, whole: number): string {
  if (!whole) return '–';
  const tenths = Math.floor((part / whole) * 1000) / 10;
  return `${part === whole ? '100' : tenths.toFixed(1)} %`;
}
