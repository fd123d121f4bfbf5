/** Hides the browser from `live.ts`, and gives the state of a stream to templates. */
import { calling, queryOf, type Query } from '../api/client';
import { follow, type Status, type World } from '../live';
import { contact } from './contact.svelte';

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

const world: World = {
  fetch: (...given) => fetch(...given),
  now: () => Date.now(),
  wait,
  online: () => navigator.onLine,
};

export interface Handlers<T> {
  event: (event: T) => void;
  /** What was between the last event and the next one is gone: load the list anew. */
  gap?: () => void;
}

/**
 * The live end of the log, by the filters of `GET /events`. Make it in an effect and `stop` it there:
 *
 *     $effect(() => { const stream = new Stream({ feed: true }, { event: arrived }); return () => stream.stop(); });
 */
export class Stream<T> {
  status = $state.raw<Status>({ kind: 'connecting' });
  #following;
  #hurry = (): void => this.#following.hurry();
  #lose = (): void => this.#following.lose();

  constructor(query: Query, handlers: Handlers<T>, after?: string) {
    this.#following = follow(
      {
        url: `/api/v1/stream${queryOf(query)}`,
        headers: () => (calling.project ? { 'ensue-project': calling.project } : ({} as Record<string, string>)),
        message: ({ name, data }) => (name === 'gap' ? handlers.gap?.() : handlers.event(JSON.parse(data) as T)),
        status: (status) => {
          this.status = status;
          if (status.kind === 'live') contact.heard();
          else if (status.kind === 'offline') contact.lost ??= status.since;
          if (status.kind === 'refused' && status.status === 401) calling.ended();
          else if (status.kind === 'refused' && status.status === 404) calling.removed();
        },
        ...(after && { after }),
        ...(contact.lost !== null && { lost: contact.lost }),
      },
      world,
    );
    addEventListener('online', this.#hurry);
    addEventListener('offline', this.#lose);
    contact.back.add(this.#hurry);
  }

  /** Try again now. */
  hurry(): void {
    this.#hurry();
  }

  stop(): void {
    removeEventListener('online', this.#hurry);
    removeEventListener('offline', this.#lose);
    contact.back.delete(this.#hurry);
    this.#following.stop();
  }
}
