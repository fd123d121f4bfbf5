/** Hides how the numbers at the entries stay true: asked for when one goes elsewhere, and once a minute while the page is seen. */
import { ask, calling } from '../api/client';
import type { Page } from '../api/types';
import { shell } from '../state/shell.svelte';

const EVERY = 60_000;
const AFTER = 400; // first what the screen itself asks for
const DAY = 24 * 3_600_000;
const MOST = 200;

/** Count anew: something was retried, made or cancelled. */
export async function recount(): Promise<void> {
  const project = calling.project;
  const since = new Date(Date.now() - DAY).toISOString();
  const [results, triggers, scheduled] = await Promise.all([
    ask<{ items: { result?: string; count: number }[] }>('GET', '/api/v1/stats', { query: { of: 'deliveries', by: 'result', since } }),
    ask<Page<unknown>>('GET', '/api/v1/triggers', { query: { limit: MOST } }),
    ask<Page<unknown>>('GET', '/api/v1/events', { query: { state: 'scheduled', limit: MOST } }),
  ]);
  if (project !== calling.project) return;
  shell.counts = {
    ...shell.counts,
    ...(results.ok && { dead: results.value.items.find((tally) => tally.result === 'dead')?.count ?? 0 }),
    // Of more than a page the screen itself counts all.
    ...(triggers.ok && !triggers.value.next && { triggers: triggers.value.items.length }),
    ...(scheduled.ok && !scheduled.value.next && { scheduled: scheduled.value.items.length }),
  };
}

/** Begin; returns the end. */
export function keepCounting(): () => void {
  const look = (): void => void (document.hidden || recount());
  const first = setTimeout(look, AFTER);
  const timer = setInterval(look, EVERY);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
