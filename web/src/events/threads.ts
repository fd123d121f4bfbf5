/** Hides how a thread grows while one looks. Pure. */
import type { EventView } from '../api/types';
import { isPress } from './actions';

/** As many of a thread's newest events are kept beside its root as the server shows. */
export const SHOWN = 20;

export type ThreadEvent = NonNullable<EventView['thread']>['events'][number];

/** The id of the context that an event is in or, having none, would begin. */
export const contextOf = (event: Pick<EventView, 'id' | 'context'>): string => event.context?.id ?? event.id;

/** The root with `child` at the end of its thread; the same object if it is there already. */
export function grown(root: EventView, child: EventView): EventView {
  const thread = root.thread ?? { root: root.id, count: 0, events: [] };
  if (child.id === root.id || thread.events.some((known) => known.id === child.id)) return root;
  return { ...root, thread: { root: root.id, count: thread.count + 1, events: [...thread.events, child as ThreadEvent].slice(-SHOWN) } };
}

export interface Children {
  /** Oldest first, without presses. */
  shown: ThreadEvent[];
  /** How many there are before these, as far as is known. */
  earlier: number;
  /** All but the root, presses left out as far as they are seen. */
  count: number;
}

/** What a row shows of its thread: the newest `most`. */
export function children(root: EventView, most: number): Children {
  const events = root.thread?.events ?? [];
  const own = events.filter((event) => !isPress(event));
  const count = Math.max(own.length, (root.thread?.count ?? 0) - (events.length - own.length));
  const shown = own.slice(-most);
  return { shown, earlier: count - shown.length, count };
}
