/**
 * Hides where the last events are kept for the time without a server: in IndexedDB, by the session that may read them.
 * Nothing depends on it: where a browser forbids storage or has no room, there is nothing to show without a server.
 */
import type { EventView, SessionView } from '../api/types';

/** So many events of a project, and of those that were opened by themselves. */
export const MOST_EVENTS = 100;
export const MOST_OPENED = 30;
/** Characters of JSON that each of these lists may have. */
export const MOST_TEXT = 1_000_000;
/** So many projects, those that were looked at last. */
const MOST_PROJECTS = 5;

/** Who was logged in, and when the server was heard last (milliseconds UTC). */
export interface KeptSession {
  view: SessionView;
  at: number;
}

interface KeptEvents {
  project: string;
  at: number;
  events: EventView[];
  opened: EventView[];
}

const NAME = 'ensue';
const STORE = 'kept';
const SESSION = 'session';
const keyOf = (project: string): string => `project:${project}`;

/** As many of them, from the first on, as may be kept. Pure. */
export function bounded(events: readonly EventView[], most: number): EventView[] {
  let left = MOST_TEXT;
  return events.slice(0, most).filter((event) => (left -= JSON.stringify(event).length) >= 0);
}

/** A session stands: it is kept with what it may read, and what was kept of somebody else goes. */
export function begin(view: SessionView, at: number): Promise<void> {
  return changed(async (store) => {
    const before = await asked<KeptSession | undefined>(store.get(SESSION));
    if (before && before.view.member.id !== view.member.id) await asked(store.clear());
    await asked(store.put({ view, at } satisfies KeptSession, SESSION));
    const kept = await projects(store);
    const readable = kept.filter(({ project }) => view.projects.some(({ id }) => id === project));
    const gone = kept.filter((one) => !readable.slice(0, MOST_PROJECTS).includes(one));
    for (const { project } of gone) await asked(store.delete(keyOf(project)));
  });
}

/** The last events of a project; only while `session` is the one that stands. */
export const keepEvents = (session: string, project: string, events: readonly EventView[], at: number): Promise<void> =>
  keep(session, project, at, (kept) => ({ ...kept, events: bounded(events, MOST_EVENTS) }));

/** One event that was opened. */
export const keepOpened = (session: string, project: string, event: EventView, at: number): Promise<void> =>
  keep(session, project, at, (kept) => ({ ...kept, opened: bounded([event, ...kept.opened.filter((one) => one.id !== event.id)], MOST_OPENED) }));

/** One event that is no more, wherever it is kept. */
export const drop = (session: string, project: string, id: string, at: number): Promise<void> =>
  keep(session, project, at, (kept) => ({
    ...kept,
    events: kept.events.filter((one) => one.id !== id),
    opened: kept.opened.filter((one) => one.id !== id),
  }));

/** The server was heard, while `session` is the one that stands. */
export function heard(session: string, at: number): Promise<void> {
  return changed(async (store) => {
    const standing = await asked<KeptSession | undefined>(store.get(SESSION));
    if (standing?.view.session.id === session) await asked(store.put({ ...standing, at }, SESSION));
  });
}

/** Who was logged in here. */
export const session = (): Promise<KeptSession | undefined> => read<KeptSession | undefined>((store) => store.get(SESSION));

/** The last events of a project, newest first; undefined where none are kept. */
export async function events(project: string): Promise<EventView[] | undefined> {
  return (await read<KeptEvents | undefined>((store) => store.get(keyOf(project))))?.events;
}

/** One event of a project, wherever it is kept. */
export async function event(project: string, id: string): Promise<EventView | undefined> {
  const kept = await read<KeptEvents | undefined>((store) => store.get(keyOf(project)));
  const lists = kept ? [...kept.opened, ...kept.events] : [];
  return [...lists, ...lists.flatMap((one) => (one.thread?.events ?? []) as EventView[])].find((one) => one.id === id);
}

/** Nothing is kept any more, of anybody. */
export const forget = (): Promise<void> => changed(async (store) => void (await asked(store.clear())));

function keep(session: string, project: string, at: number, change: (kept: KeptEvents) => KeptEvents): Promise<void> {
  return changed(async (store) => {
    const standing = await asked<KeptSession | undefined>(store.get(SESSION));
    if (standing?.view.session.id !== session) return; // another window has logged out meanwhile
    const known = await asked<KeptEvents | undefined>(store.get(keyOf(project)));
    await asked(store.put({ ...change(known ?? { project, at, events: [], opened: [] }), at }, keyOf(project)));
    const gone = known ? [] : (await projects(store)).slice(MOST_PROJECTS);
    for (const one of gone) await asked(store.delete(keyOf(one.project)));
    await asked(store.put({ ...standing, at }, SESSION));
  });
}

/** What is kept of each project, the newest first. */
async function projects(store: IDBObjectStore): Promise<KeptEvents[]> {
  const found = await asked<KeptEvents[]>(store.getAll(IDBKeyRange.bound('project:', 'project;')));
  return found.sort((one, other) => other.at - one.at);
}

// the database

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('not stored'));
  });
}

async function opened<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await asked(request);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

async function changed(work: (store: IDBObjectStore) => Promise<void>): Promise<void> {
  try {
    await opened(async (database) => {
      const transaction = database.transaction(STORE, 'readwrite');
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('not stored'));
      });
      await Promise.all([work(transaction.objectStore(STORE)), ended]);
    });
  } catch {
    // No storage, or no room in it.
  }
}

async function read<T>(work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    return await opened((database) => asked(work(database.transaction(STORE).objectStore(STORE))));
  } catch {
    return undefined;
  }
}
