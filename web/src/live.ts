/**
 * Hides how a live answer is read and kept alive: server-sent events over fetch (so that the project stands in a header),
 * gone on with by `Last-Event-ID` after every loss, without loss or repeat. Pure but for what it is given.
 */

export interface Message {
  name: string;
  data: string;
}

/** `at` is when the next try is due, `since` when the connection was lost; milliseconds UTC. */
export type Status =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'reconnecting'; at: number; since: number }
  | { kind: 'offline'; since: number }
  | { kind: 'refused'; status: number }
  | { kind: 'stopped' };

export interface World {
  fetch: typeof fetch;
  now: () => number;
  /** Resolves after so many milliseconds, or as soon as `signal` says so; never rejects. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Whether the machine has a network at all. */
  online: () => boolean;
}

export interface Following {
  url: string;
  headers: () => Record<string, string>;
  message: (message: Message) => void;
  status: (status: Status) => void;
  /** Where to begin; from now without one. */
  after?: string;
  /** Since when the server has not answered, where that is known already. */
  lost?: number;
}

/** Milliseconds without a sign of life after which a connection counts as lost; the server sends one each 15 s. */
export const SILENCE = 45_000;
/** Tries that fail before a loss is told with the moment that it began, and not with when the next try is due. */
const TRIES = 3;
const WAITS = [1000, 2000, 3000, 5000, 8000, 13_000, 20_000, 30_000];

/** Reads chunks of text into messages; what is unfinished waits for the next. `id` is the last one seen. */
export class Reader {
  id = '';
  #rest = '';
  #name = '';
  #data: string[] = [];

  read(text: string): Message[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): Message | null {
    if (line === '') return this.#end();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') this.id = value;
    else if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    return null;
  }

  #end(): Message | null {
    const message = this.#data.length ? { name: this.#name || 'message', data: this.#data.join('\n') } : null;
    this.#name = '';
    this.#data = [];
    return message;
  }
}

/**
 * Follows until it is stopped. `hurry` tries again at once, also after a refusal, which nothing else does; `lose` gives up the
 * connection that stands.
 */
export function follow(following: Following, world: World): { stop: () => void; hurry: () => void; lose: () => void } {
  const life = new AbortController();
  let connection = new AbortController();
  let pause = new AbortController();
  const reader = new Reader();
  reader.id = following.after ?? '';

  async function run(): Promise<void> {
    let failed = following.lost ? TRIES : 0;
    let since = following.lost ?? 0;
    following.status({ kind: 'connecting' });
    while (!life.signal.aborted) {
      connection = new AbortController();
      const outcome = await connect(following, world, reader, connection.signal);
      if (life.signal.aborted) break;
      if (typeof outcome === 'number') {
        following.status({ kind: 'refused', status: outcome });
        failed = since = 0;
        await paused();
        continue;
      }
      if (outcome === 'was live') failed = since = 0;
      since ||= world.now();
      await rest(++failed, since);
    }
  }

  async function rest(failed: number, since: number): Promise<void> {
    const milliseconds = WAITS[Math.min(failed, WAITS.length) - 1] ?? 1000;
    const offline = !world.online() || failed > TRIES;
    following.status(offline ? { kind: 'offline', since } : { kind: 'reconnecting', at: world.now() + milliseconds, since });
    await paused(milliseconds);
  }

  /** So long, or until somebody hurries; without a length only then. */
  async function paused(milliseconds?: number): Promise<void> {
    const { signal } = (pause = new AbortController());
    life.signal.addEventListener('abort', () => pause.abort(), { once: true });
    if (milliseconds === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    else await world.wait(milliseconds, signal);
  }

  void run();
  return {
    stop() {
      life.abort();
      connection.abort();
      following.status({ kind: 'stopped' });
    },
    hurry: () => pause.abort(),
    lose: () => connection.abort(),
  };
}

/** One connection until it is lost; the status of a refusal that trying again would not change. */
async function connect(following: Following, world: World, reader: Reader, life: AbortSignal): Promise<'was live' | 'failed' | number> {
  const own = new AbortController();
  const end = (): void => own.abort();
  life.addEventListener('abort', end, { once: true });
  let live = false;
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream', ...following.headers() };
    if (reader.id) headers['last-event-id'] = reader.id;
    const answer = await world.fetch(following.url, { headers, signal: own.signal, cache: 'no-store' });
    if (!answer.ok || !answer.body) {
      return answer.status >= 400 && answer.status < 500 && ![408, 425, 429].includes(answer.status) ? answer.status : 'failed';
    }
    live = true;
    following.status({ kind: 'live' });
    await readAll(answer.body, following, world, reader, own);
  } catch {
    // Lost: whoever called decides when to try again.
  } finally {
    life.removeEventListener('abort', end);
    own.abort();
  }
  return live ? 'was live' : 'failed';
}

async function readAll(body: ReadableStream<Uint8Array>, following: Following, world: World, reader: Reader, own: AbortController): Promise<void> {
  const decoder = new TextDecoder();
  const source = body.getReader();
  for (;;) {
    const patience = new AbortController();
    const silence = world.wait(SILENCE, patience.signal).then(() => !patience.signal.aborted && own.abort());
    const { done, value } = await Promise.race([source.read(), silence.then(() => ({ done: true, value: undefined }) as const)]);
    patience.abort();
    if (done) return;
    for (const message of reader.read(decoder.decode(value, { stream: true }))) following.message(message);
  }
}
