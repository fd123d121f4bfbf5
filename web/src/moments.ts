/** Hides how a moment stands in a field for date and time: in the zone that all times are shown in. Pure. */
import type { Zone } from './state/preferences.svelte';

const MINUTE = 60_000;

/** `2026-11-21T14:30`, as a field of the browser takes it. */
export function momentText(at: number, zone: Zone): string {
  const shown = zone === 'utc' ? at : at - new Date(at).getTimezoneOffset() * MINUTE;
  return new Date(shown).toISOString().slice(0, 16);
}

/** Milliseconds UTC; null where nothing, or no moment, stands in the field. */
export function momentTyped(text: string, zone: Zone): number | null {
  const at = text ? Date.parse(zone === 'utc' ? `${text}Z` : text) : NaN;
  return Number.isNaN(at) ? null : at;
}
