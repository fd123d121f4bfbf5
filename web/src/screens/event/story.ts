/** Hides how a thread is told on an event's page: its root, what came after, each press once with what came of it. Pure. */
import type { EventView } from '../../api/types';
import { isPress, told } from '../../events/actions';
import { lineOf, momentOf, titleOf } from '../../events/summary';
import type { ThreadEvent } from '../../events/threads';

export interface Entry {
  id: string;
  at: number;
  kind: 'event' | 'press';
  title: string;
  /** One line of content, or what came of the press with its status. */
  note: string;
  by?: string;
  state?: 'running' | 'done' | 'failed';
  current: boolean;
  href: string | null;
}

/** Oldest first; `root` is left out where it is not known. */
export function storyOf(event: EventView, root: EventView | null): Entry[] {
  const all: (EventView | ThreadEvent)[] = [];
  const seen = new Set<string>();
  for (const one of [...(root ? [root] : []), ...(event.thread?.root === event.id ? [event] : []), ...(event.thread?.events ?? [])]) {
    if (!seen.has(one.id)) all.push(one);
    seen.add(one.id);
  }
  const presses = new Map<string, Entry>();
  const entries: Entry[] = [];
  for (const one of all) {
    const data = isPress(one) ? told(one) : null;
    if (!isPress(one)) entries.push({ id: one.id, at: momentOf(one), kind: 'event', title: titleOf(one), note: lineOf(one), current: one.id === event.id, href: `/events/${one.id}` });
    if (!data) continue;
    const state = one.type.endsWith('.done') ? 'done' : one.type.endsWith('.failed') ? 'failed' : 'running';
    const known = presses.get(data.delivery);
    const note = data.status ? String(data.status) : (data.reason ?? '');
    if (known) {
      if (state !== 'running') Object.assign(known, { state, note });
      continue;
    }
    const entry: Entry = { id: one.id, at: Date.parse(data.at), kind: 'press', title: data.label, by: data.by.name || data.by.id, note, state, current: false, href: null };
    presses.set(data.delivery, entry);
    entries.push(entry);
  }
  return entries.sort((one, other) => one.at - other.at);
}
