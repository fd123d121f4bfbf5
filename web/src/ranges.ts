/** Hides how a stretch of time is told: as short as the day it lies in allows. Pure. */
import type { Zone } from './state/preferences.svelte';
import { clockTime, dayKey, daysAgo, MONTHS, parts, short } from './times';

/** A stretch of time: `14:00 – 15:00`, `Yesterday 22:00 – 02:00`, `since 12 Nov 14:00`, `until 09:30`; RFC 3339, empty is open. */
export function rangeText(since: string, until: string, now: number, zone: Zone): string {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  if (!until) return `since ${dayTime(from, now, zone)}`;
  if (!since) return `until ${dayTime(to, now, zone)}`;
  const sameDay = dayKey(from, zone) === dayKey(to - 1, zone);
  return `${dayTime(from, now, zone)} – ${sameDay ? clockTime(to, zone) : dayTime(to, now, zone)}`;
}

/** `14:32` of today, `Yesterday 14:32`, `12 Nov 14:32`, `2 Nov 2025 14:32`. */
function dayTime(at: number, now: number, zone: Zone): string {
  const days = daysAgo(at, now, zone);
  if (days === 0 || days === 1) return `${days ? 'Yesterday ' : ''}${clockTime(at, zone)}`;
  const { year, month, day } = parts(at, zone);
  return `${day} ${short(MONTHS, month)}${year === parts(now, zone).year ? '' : ` ${year}`} ${clockTime(at, zone)}`;
}
