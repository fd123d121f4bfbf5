/**
 * Hides how a button stands for whoever looks: what the list said, what the stream told since, the clock, and who looks.
 * Pure; the server alone decides whether a press counts.
 */
import type { ActionView, ButtonView, EventView } from '../api/types';

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

/** Whether a link may be followed at all: never `javascript:` and its like. */
export const isSafeLink = (url: string | null | undefined): boolean => /^https?:\/\//i.test(url ?? '');
