/** Hides how ids of triggers become names and policies: all triggers of the project, asked for once a while. */
import { SvelteMap } from 'svelte/reactivity';
import type { TriggerView } from '../api/types';
import { allTriggers } from '../screens/triggers/house.svelte';
import { calling } from '../api/client';
import { words } from '../words';

const KEEP = 10_000;
const known = new SvelteMap<string, TriggerView>();
let project = '';
let asked = 0;

/** Make sure that names are known, and not old. */
export function learnNames(): void {
  if (project === calling.project && Date.now() - asked < KEEP) return;
  if (project !== calling.project) known.clear();
  project = calling.project;
  asked = Date.now();
  void allTriggers().then((found) => {
    if (found.ok) for (const trigger of found.value) known.set(trigger.id, trigger);
  });
}

/** All that are known, by name. */
export const named = (): TriggerView[] => [...known.values()].sort((one, other) => one.name.localeCompare(other.name));

export const triggerOf = (id: string | null | undefined): TriggerView | undefined => known.get(id ?? '');

/** What a delivery goes by: its trigger; without one its `kind` says whether it is a push or a pressed button. */
export function nameOf(id: string | null | undefined, kind = 'action'): string {
  if (!id) return kind === 'webpush' ? words.deliveries.push : words.deliveries.button;
  return known.get(id)?.name ?? words.deliveries.goneTrigger;
}
