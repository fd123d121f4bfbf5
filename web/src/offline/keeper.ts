/**
 * Hides when something is kept for the time without a server, and when it goes: what is shown is kept a moment later, all
 * of it goes at logout, with the session's end, and when somebody else logs in.
 */
import { ask } from '../api/client';
import type { EventView, Page, SessionView } from '../api/types';
import { contact } from '../state/contact.svelte';
import toasts from '../state/toasts.svelte';
import { words } from '../words';
import { MOST_EVENTS, begin, drop, forget, heard, keepEvents, keepOpened } from './store';

export { event as keptEvent, events as keptEvents, session as last } from './store';

const SOON = 1500;
const LATER = 2000;
const AGAIN = 30_000;
/** Milliseconds after which a server that was not heard is asked again. */
const RETRY = 4000;

let standing: SessionView | null = null;
let begun: Promise<void> = Promise.resolve();
let waiting: { project: string; events: readonly EventView[] } | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let beat: ReturnType<typeof setInterval> | undefined;
let registered: Promise<void> | undefined;
/** The projects whose newest events were kept from here. */
const covered = new Set<string>();

/** A session stands: from now on there is something to keep. */
export async function enter(view: SessionView, project: string | undefined): Promise<void> {
  if (!('serviceWorker' in navigator)) return; // what nobody could open without a server is not kept
  const known = standing !== null;
  standing = view;
  begun = begin(view, Date.now());
  await begun;
  if (known) return;
  registered ??= worker();
  beat = setInterval(() => contact.lost === null && !document.hidden && standing && void heard(standing.session.id, Date.now()), AGAIN);
  document.addEventListener('visibilitychange', hide);
  setTimeout(() => project && void first(project), LATER);
}

/** All of it goes. */
export async function leave(): Promise<void> {
  standing = waiting = null;
  covered.clear();
  clearTimeout(timer);
  clearInterval(beat);
  document.removeEventListener('visibilitychange', hide);
  await forget();
}

/** These are the newest of a project, as they are seen. */
export function shown(project: string, events: readonly EventView[]): void {
  waiting = { project, events };
  if (!covered.has(project)) write();
  else timer ??= setTimeout(write, SOON);
  covered.add(project);
}

/** This one was opened. */
export function opened(project: string, event: EventView): void {
  if (standing) void keepOpened(standing.session.id, project, event, Date.now());
}

/** This one is no more. */
export function gone(project: string, id: string): void {
  if (standing) void drop(standing.session.id, project, id, Date.now());
}

/** Asks until `answered` says that the server was heard: now and then, and at once when the network or the reader is back. */
export function waitFor(answered: () => Promise<boolean>): void {
  const again = (): void => {
    clearTimeout(next);
    removeEventListener('online', again);
    document.removeEventListener('visibilitychange', again);
    void answered().then((heard) => heard || rest());
  };
  let next: ReturnType<typeof setTimeout>;
  const rest = (): void => {
    next = setTimeout(again, RETRY);
    addEventListener('online', again);
    document.addEventListener('visibilitychange', again);
  };
  rest();
}

function write(): void {
  clearTimeout(timer);
  timer = undefined;
  const now = waiting;
  waiting = null;
  const session = standing?.session.id;
  if (session && now && contact.lost === null) void begun.then(() => keepEvents(session, now.project, now.events, Date.now()));
}

/** A page that goes may not come back: phones end it without a word. */
function hide(): void {
  if (document.hidden) write();
  else void (navigator as Navigator & { clearAppBadge?: () => Promise<void> }).clearAppBadge?.().catch(() => {});
}

/** Whoever comes by a link sees no feed; its events are wanted without a server all the same. */
async function first(project: string): Promise<void> {
  if (covered.has(project) || !standing) return;
  const found = await ask<Page<EventView>>('GET', '/api/v1/events', { query: { feed: true, muted: false, test: false, limit: MOST_EVENTS } });
  if (found.ok && standing && !covered.has(project)) await keepEvents(standing.session.id, project, found.value.items, Date.now());
}

/** Registers what serves the page without a server. It asks nobody for anything: pushes begin by a click. */
async function worker(): Promise<void> {
  const { serviceWorker } = navigator;
  const before = serviceWorker.controller;
  serviceWorker.addEventListener('controllerchange', () => before && newer());
  const registration = await serviceWorker.register('/worker.js').catch(() => null);
  // A page that is open for days would never hear of a newer build.
  document.addEventListener('visibilitychange', () => document.hidden || void registration?.update().catch(() => {}));
}

/** A newer build has taken over; whoever reads says when the page begins anew. */
function newer(): void {
  toasts.show({ text: words.shell.newVersion, kind: 'news', action: { text: words.shell.reload, run: () => location.reload() } });
}
