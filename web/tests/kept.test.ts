import { beforeEach, expect, it, vi } from 'vitest';
import type { EventView, SessionView } from '../src/api/types';
import { begin, events, keepEvents } from '../src/offline/store';

/** What a browser has of IndexedDB, as far as it is used: one store, each request answered a moment later. */
function database(kept: Map<string, unknown>): unknown {
  const answered = (value: () => unknown) => {
    const request: { result?: unknown; onsuccess?: () => void } = {};
    queueMicrotask(() => {
      request.result = value();
      request.onsuccess?.();
    });
    return request;
  };
  const store = {
    get: (key: string) => answered(() => kept.get(key)),
    getAll: () => answered(() => [...kept].filter(([key]) => key.startsWith('project:')).map(([, value]) => value)),
    put: (value: unknown, key: string) => answered(() => kept.set(key, value)),
    delete: (key: string) => answered(() => kept.delete(key)),
    clear: () => answered(() => kept.clear()),
  };
  const transaction = () => {
    const begun: { objectStore: () => unknown; oncomplete?: () => void } = { objectStore: () => store };
    setTimeout(() => begun.oncomplete?.());
    return begun;
  };
  return { open: () => answered(() => ({ transaction, close: () => {} })) };
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', database(new Map()));
  vi.stubGlobal('IDBKeyRange', { bound: () => null });
});

it('keeps what was seen of the last projects, not of all that one looked at', async () => {
  const projects = Array.from({ length: 8 }, (_, at) => ({ id: `p${at}` }));
  await begin({ member: { id: 'm' }, session: { id: 's' }, projects } as unknown as SessionView, 0);
  for (const [at, { id }] of projects.entries()) await keepEvents('s', id, [{ id: `e${at}` } as unknown as EventView], at + 1);
  await keepEvents('s', 'p7', [], 20);
  const kept = await Promise.all(projects.map(async ({ id }) => ((await events(id)) ? id : '')));
  expect(kept.filter(Boolean)).toEqual(['p3', 'p4', 'p5', 'p6', 'p7']);
});
