/**
 * Hides what is known of pressed buttons besides what lists said: told by the stream, answered to a press of ours, or
 * under way. One place for feed, panel and page, so that a button stands the same wherever it is seen.
 */
import { SvelteMap } from 'svelte/reactivity';
import { api } from '../api/client';
import type { ActionView, ButtonView, EventView } from '../api/types';
import { session } from '../state/session.svelte';
import { complain, say } from '../state/toasts.svelte';
import { words } from '../words';
import { later, stateOf, told } from './actions';

const known = new SvelteMap<string, ButtonView>();
const pressing = new SvelteMap<string, number>();
const name = (event: string, key: string): string => `${event}/${key}`;

function learn(event: string, key: string, state: ButtonView): void {
  const at = name(event, key);
  known.set(at, later(known.get(at), state));
}

/** The action as it stands by all that is known. */
export function current(event: EventView, action: ActionView): ActionView {
  const told = known.get(name(event.id, action.key));
  return told ? { ...action, state: later(action.state, told) } : action;
}

/** Since when a press of ours is on its way (milliseconds UTC), if one is. */
export const pressedHere = (event: string, key: string): number | undefined => pressing.get(name(event, key));

/** Takes what an event of the stream tells about a button. */
export function heard(event: EventView): void {
  const data = told(event);
  const state = stateOf(event);
  if (data && state) learn(data.event, data.action, state);
}

/** Presses, and says what is not seen on the button itself. */
export async function press(event: EventView, action: ActionView): Promise<void> {
  const at = name(event.id, action.key);
  if (pressing.has(at)) return;
  pressing.set(at, Date.now());
  const found = await api.post('/api/v1/events/{id}/actions/{key}', { path: { id: event.id, key: action.key } });
  if (found.ok) {
    const { state, by, delivery, status, reason, at: moment } = found.value;
    learn(event.id, action.key, { state, at: moment, by, delivery, status: status ?? null, reason: reason ?? null } as ButtonView);
  } else if (found.error.status === 409 || found.error.status === 404) await overtaken(event, action, found.error.message);
  else complain(found.error.status ? found.error.message : words.actions.unanswered(action.label));
  pressing.delete(at);
}

/** Somebody was faster, or it ended meanwhile: show what is so. */
async function overtaken(event: EventView, action: ActionView, message: string): Promise<void> {
  const found = await api.get('/api/v1/events/{id}', { path: { id: event.id } });
  const state = found.ok ? found.value.card?.actions.find((one) => one.key === action.key)?.state : null;
  if (!state) return complain(found.ok ? message : words.event.gone);
  learn(event.id, action.key, state);
  const own = state.by.id === session.view?.member.id;
  say(own ? words.actions.youWereFaster : words.actions.faster(state.by.name || state.by.id));
}
