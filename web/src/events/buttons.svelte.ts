/**
 * Hides what is known of pressed buttons besides what lists said: told by the stream, answered to a press of ours, or
 * under way. One place for feed, panel and page, so that a button stands the same wherever it is seen.
 */
import type { ActionView, ButtonView, EventView } from '../api/types';
import { later, stateOf, told } from './actions';

let known = $state.raw<ReadonlyMap<string, ButtonView>>(new Map());
let over = $state.raw<ReadonlySet<string>>(new Set());
let gone = $state.raw<ReadonlySet<string>>(new Set());
/** Since when, in milliseconds UTC. */
let pressing = $state.raw<ReadonlyMap<string, number>>(new Map());
const name = (event: string, key: string): string => `${event}/${key}`;

/** Takes in how a button stands; what is known already and later stays. */
export function learn(event: string, key: string, state: ButtonView): void {
  const at = name(event, key);
  known = new Map(known).set(at, later(known.get(at), state));
}

/** The action as it stands by all that is known. */
export function current(event: EventView, action: ActionView): ActionView {
  const told = known.get(name(event.id, action.key));
  return told ? { ...action, state: later(action.state, told) } : action;
}

/** Whether the server called a button expired. */
export const isOver = (event: string, key: string): boolean => over.has(name(event, key));

/** Whether the server said that it has the event no more. */
export const isGone = (event: string): boolean => gone.has(event);

/** Takes in that the server has an event no more: its buttons lead nowhere, wherever it is still seen. */
export function lose(event: string): void {
  gone = new Set(gone).add(event);
}

/** Takes in that the server calls a button expired, whatever our clock says. */
export function expire(event: string, key: string): void {
  over = new Set(over).add(name(event, key));
}

/** Since when a press of ours is on its way (milliseconds UTC), if one is. */
export const pressedHere = (event: string, key: string): number | undefined => pressing.get(name(event, key));

/** Takes what an event of the stream tells about a button. */
export function heard(event: EventView): void {
  const data = told(event);
  const state = stateOf(event);
  if (data && state) learn(data.event, data.action, state);
}

/** Says that a press of ours is on its way, until the returned function is called; null where one is already. */
export function onItsWay(event: string, key: string): (() => void) | null {
  const at = name(event, key);
  if (pressing.has(at)) return null;
  pressing = new Map(pressing).set(at, Date.now());
  return () => (pressing = new Map([...pressing].filter(([other]) => other !== at)));
}
