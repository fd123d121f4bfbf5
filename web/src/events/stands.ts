/** Hides how a button stands now, by all that lists, the stream and our own presses told of it. */
import type { ActionView, EventView } from '../api/types';
import { current, isOver } from './buttons.svelte';
import { rivalsOf, standing, type Looking, type Standing } from './standing';

/** How the button stands for whoever looks. */
export function stands(event: EventView, action: ActionView, looking: Pick<Looking, 'now' | 'may' | 'offline'>): Standing {
  const rivals = rivalsOf(event, action).map((one) => current(event, one));
  return standing(current(event, action), { ...looking, over: isOver(event.id, action.key), rivals });
}
