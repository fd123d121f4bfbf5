/** Hides how all triggers of a project are read: page by page, and counted for the side bar on the way. */
import { ask, calling, type Result } from './api/client';
import type { Page, TriggerView } from './api/types';
import { shell } from './state/shell.svelte';

const PAGE = 200;

/** All triggers of the project. */
export async function allTriggers(signal?: AbortSignal): Promise<Result<TriggerView[]>> {
  const project = calling.project;
  const items: TriggerView[] = [];
  let next: string | null = null;
  do {
    const found: Result<Page<TriggerView>> = await ask('GET', '/api/v1/triggers', { query: { limit: PAGE, next }, signal });
    if (!found.ok) return found;
    items.push(...found.value.items);
    next = found.value.next;
  } while (next);
  if (project === calling.project) shell.counts = { ...shell.counts, triggers: items.length };
  return { ok: true, value: items, status: 200 };
}
