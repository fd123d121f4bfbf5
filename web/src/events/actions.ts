/**
 * Hides how a button stands for whoever looks: what the list said, what the stream told since, the clock, and who looks.
 * Pure; the server alone decides whether a press counts.
 */
import type { ActionView, ButtonView, EventView } from '../api/types';

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

export type Standing =
  | { kind: 'external' }
  | { kind: 'ready'; last?: ButtonView }
  | { kind: 'running'; state: ButtonView }
  | { kind: 'done'; state: ButtonView }
  | { kind: 'failed'; state: ButtonView; again: boolean }
  | { kind: 'expired'; at: string }
  | { kind: 'outdone'; rival: ActionView; state: ButtonView }
  | { kind: 'locked'; why: 'role' | 'offline' };

export interface Looking {
  now: number;
  /** Whether our role may press. */
  may: boolean;
  offline?: boolean;
  /** The server says that it expired, whatever our clock says. */
  over?: boolean;
  /** The other buttons of its group, as they stand now. */
  rivals?: readonly ActionView[];
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

/** The other buttons of its group, of which one can be chosen. */
export const rivalsOf = (event: EventView, action: ActionView): ActionView[] =>
  action.group ? (event.card?.actions ?? []).filter((one) => one.group === action.group && one.key !== action.key) : [];

/** What the button shows now. */
export function standing(action: ActionView, looking: Looking): Standing {
  if (action.external) return { kind: 'external' };
  const { state } = action;
  const expired = looking.over || (action.expires_at != null && Date.parse(action.expires_at) <= looking.now);
  if (state?.state === 'running') return { kind: 'running', state };
  if (state?.state === 'done' && (!action.repeat || expired)) return { kind: 'done', state };
  const rival = looking.rivals?.find((one) => one.state && one.state.state !== 'failed');
  if (rival?.state) return { kind: 'outdone', rival, state: rival.state };
  if (state?.state === 'failed') return { kind: 'failed', state, again: !expired && looking.may && !looking.offline };
  if (expired) return { kind: 'expired', at: action.expires_at ?? '' };
  if (!looking.may) return { kind: 'locked', why: 'role' };
  if (looking.offline) return { kind: 'locked', why: 'offline' };
  return { kind: 'ready', ...(state && { last: state }) };
}

/** Why any of these is locked; it is the same for all of a card. */
export const lockOf = (all: readonly Standing[]): 'role' | 'offline' | undefined => all.find((one) => one.kind === 'locked')?.why;

/** How a press must be confirmed: at once, by holding (danger, by pointer), or in a dialog. */
export function confirming(action: ActionView, pointer: boolean): 'none' | 'hold' | 'dialog' {
  if (action.confirm) return 'dialog';
  if (action.style !== 'danger') return 'none';
  return pointer ? 'hold' : 'dialog';
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

/** Whether a link may be followed at all: never `javascript:` and its like. */
export const isSafeLink = (url: string | null | undefined): boolean => /^https?:\/\//i.test(url ?? '');
