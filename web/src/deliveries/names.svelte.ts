/** Hides how ids of triggers become names and policies: all triggers of the project, asked for once a while. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { DeliveryView, TriggerView } from '../api/types';
import { calling } from '../api/client';
import { pushName } from '../events/followed';
import { allTriggers } from '../triggers';
import { words } from '../words';

const KEEP = 10_000;
const known = new SvelteMap<string, TriggerView>();
/** Ids that no trigger had, of all that were read after the id was seen: only of these it is true that they were deleted. */
const gone = new SvelteSet<string>();
let standing = $state.raw<readonly TriggerView[]>([]);
let project = '';
let asked = 0;
let reading: Promise<void> | undefined;

/** Make sure that names are known, and not old. */
export function learnNames(): void {
  if (project !== calling.project || Date.now() - asked >= KEEP) reading = read([]);
}

/** Make sure that these ids are known, or known to be gone: triggers are made while one looks. */
export async function learnNamesOf(ids: readonly (string | null | undefined)[]): Promise<void> {
  await reading;
  const strange = ids.filter((id): id is string => !!id && !known.has(id) && !gone.has(id));
  if (strange.length) await (reading = read(strange));
}

async function read(strange: readonly string[]): Promise<void> {
  const here = calling.project;
  if (project !== here) {
    known.clear();
    standing = [];
  }
  project = here;
  asked = Date.now();
  const found = await allTriggers();
  if (here !== calling.project) return;
  if (!found.ok) asked = 0;
  else {
    standing = found.value;
    for (const trigger of found.value) known.set(trigger.id, trigger);
    for (const id of strange) if (!known.has(id)) gone.add(id);
  }
}

/** All that there are, by name; what was deleted is known, but not among them. */
export const named = (): TriggerView[] => [...standing].sort((one, other) => one.name.localeCompare(other.name));

export const triggerOf = (id: string | null | undefined): TriggerView | undefined => known.get(id ?? '');

/** What a delivery goes by: its trigger; without one it is a push, by its device, or a pressed button's. */
export function nameOfDelivery(delivery: Pick<DeliveryView, 'kind' | 'trigger' | 'device'>): string {
  if (delivery.trigger) return nameOf(delivery.trigger);
  return delivery.kind === 'webpush' ? pushName(delivery) : words.deliveries.button;
}

/** What a trigger is called. */
export function nameOf(id: string): string {
  return known.get(id)?.name ?? (gone.has(id) ? words.deliveries.goneTrigger : '–');
}
