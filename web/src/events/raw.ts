/** Hides what of an event is its own: as it was sent, without the thread and how its buttons stand. Pure. */
import type { EventView } from '../api/types';

export function rawOf(event: EventView): Record<string, unknown> {
  const { thread: _thread, state, ...rest } = event;
  const own: Record<string, unknown> = { ...rest };
  if (state !== 'recorded') own.state = state;
  if (event.card?.actions?.length) own.card = { ...event.card, actions: event.card.actions.map(({ state: _state, ...action }) => action) };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null && value !== undefined));
}

/** What of it a reader wants first: not what the facts beside it say already. */
export function keptOf(event: EventView): Record<string, unknown> {
  const { id: _id, time: _time, received_at: _received, idempotency_key: _key, attributes: _attributes, ...rest } = rawOf(event) as Record<string, unknown>;
  return rest;
}
