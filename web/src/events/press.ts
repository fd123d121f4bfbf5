/** Hides how a button is pressed, and what is said where that is not seen on the button itself. */
import { api } from '../api/client';
import type { ActionView, ButtonView, EventView } from '../api/types';
import { session } from '../state/session.svelte';
import { complain, say } from '../state/toasts.svelte';
import { words } from '../words';
import { expire, learn, lose, onItsWay } from './buttons.svelte';
import { rivalsOf } from './standing';

/** Presses, and says what is not seen on the button itself. */
export async function press(event: EventView, action: ActionView): Promise<void> {
  const arrived = onItsWay(event.id, action.key);
  if (!arrived) return;
  const found = await api.post('/api/v1/events/{id}/actions/{key}', { path: { id: event.id, key: action.key } });
  if (found.ok) {
    const { state, by, delivery, status, duration_ms, reason, at } = found.value;
    learn(event.id, action.key, { state, at, by, delivery, status, duration_ms, reason } as ButtonView);
  } else if (found.error.status === 409 || found.error.status === 404) await overtaken(event, action, found.error.message);
  else complain(found.error.status ? found.error.message : words.actions.unanswered(action.label));
  arrived();
}

/** Somebody was faster, or it ended or went meanwhile: show what is so. */
async function overtaken(event: EventView, action: ActionView, message: string): Promise<void> {
  const found = await api.get('/api/v1/events/{id}', { path: { id: event.id } });
  if (!found.ok) return found.error.status === 404 ? lose(event.id) : complain(found.error.message);
  const group = [action, ...rivalsOf(found.value, action)].map((one) => one.key);
  const states = (found.value.card?.actions ?? []).flatMap((one) => (group.includes(one.key) && one.state ? [{ key: one.key, state: one.state }] : []));
  for (const one of states) learn(event.id, one.key, one.state);
  const state = states.find((one) => one.state.state !== 'failed')?.state;
  if (!state) {
    if (action.expires_at && !states.length) expire(event.id, action.key);
    return complain(message);
  }
  const own = state.by.id === session.view?.member.id;
  say(own ? words.actions.youWereFaster : words.actions.faster(state.by.name || state.by.id));
}
