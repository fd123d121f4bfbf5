/** Hides what the events that a press and its outcome make tell of its button. Pure. */
import type { ButtonView, EventView } from '../api/types';

/** What a press and its outcome tell: the data of `ensue.action.*` events. */
export interface Told {
  event: string;
  action: string;
  label: string;
  by: { id: string; name?: string };
  at: string;
  delivery: string;
  status?: number | null;
  duration_ms?: number | null;
  reason?: string | null;
}

const PREFIX = 'ensue.action.';
const ENDS = { pressed: 'running', done: 'done', failed: 'failed' } as const;

export const isPress = (event: { type: string }): boolean => event.type.startsWith(PREFIX);

/** The data of a press; null for what is none. */
export function told(event: { type: string; data?: unknown }): Told | null {
  const data = event.data as Partial<Told> | null | undefined;
  return isPress(event) && data?.event && data.action && data.at && data.delivery ? (data as Told) : null;
}

/** How a button stands by one of these events. */
export function stateOf(event: EventView): ButtonView | null {
  const data = told(event);
  const state = ENDS[event.type.slice(PREFIX.length) as keyof typeof ENDS];
  if (!data || !state) return null;
  const at = state === 'running' ? data.at : event.time;
  const { by, delivery, status, duration_ms, reason } = data;
  const came = { status: status ?? null, duration_ms: duration_ms ?? null, reason: reason ?? null };
  return { state, at, by: { id: by.id, name: by.name ?? '' }, delivery, ...came };
}

/** The later of two: an end beats its own beginning, whatever comes first; of two presses the later one counts. */
export function later(known: ButtonView | null | undefined, next: ButtonView): ButtonView {
  if (!known) return next;
  if (known.delivery === next.delivery) return known.state !== 'running' && next.state === 'running' ? known : next;
  return Date.parse(next.at) >= Date.parse(known.at) ? next : known;
}

/** The host that a press calls or a link opens; empty where a press calls nobody. */
export function hostOf(url: string | null | undefined): string {
  if (!url) return '';
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
