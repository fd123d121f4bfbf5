import { describe, expect, test } from 'vitest';
import { follow, Reader, SILENCE, type Message, type Status, type World } from '../src/live';

const encoder = new TextEncoder();

describe('chunks become messages', () => {
  test('cut anywhere, they are the same', () => {
    const text = 'retry: 2000\n\nid: a.1\ndata: {"x":1}\n\n: still here\nid: a.2\n\nevent: gap\ndata: {"gap": true}\r\n\r\n';
    const whole = new Reader().read(text);
    expect(whole).toEqual([
      { name: 'message', data: '{"x":1}' },
      { name: 'gap', data: '{"gap": true}' },
    ]);
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new Reader();
      expect([...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))]).toEqual(whole);
      expect(reader.id).toBe('a.2');
    }
  });

  test('data over several lines is one, and an unfinished message is none', () => {
    const reader = new Reader();
    expect(reader.read('data: {\ndata:   "x": 1}\n')).toEqual([]);
    expect(reader.read('\n')).toEqual([{ name: 'message', data: '{\n  "x": 1}' }]);
  });
});

/** A world whose connections and clock the test turns. */
class Stage implements World {
  time = 0;
  connected = true;
  requests: { headers: Record<string, string>; signal: AbortSignal; answer: (response: Response) => void; fail: () => void }[] = [];
  timers: { at: number; done: () => void }[] = [];
  statuses: Status[] = [];
  messages: Message[] = [];

  now = (): number => this.time;
  online = (): boolean => this.connected;
  wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((done) => {
      this.timers.push({ at: this.time + milliseconds, done });
      signal.addEventListener('abort', () => done());
    });
  fetch = ((_: string, options: { headers: Record<string, string>; signal: AbortSignal }) =>
    new Promise<Response>((answer, reject) => {
      const fail = (): void => reject(new TypeError('lost'));
      options.signal.addEventListener('abort', fail);
      this.requests.push({ headers: options.headers, signal: options.signal, answer, fail });
    })) as unknown as typeof fetch;

  begin(after?: string, lost?: number): ReturnType<typeof follow> {
    return follow(
      { url: '/s', headers: () => ({ 'ensue-project': 'p' }), message: (one) => this.messages.push(one), status: (one) => this.statuses.push(one), ...(after && { after }), ...(lost && { lost }) },
      this,
    );
  }

  /** Let what was promised happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    await new Promise((done) => setImmediate(done));
  }

  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    const due = this.timers.filter((timer) => timer.at <= this.time);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    for (const timer of due) timer.done();
    await this.settle();
  }

  /** Answer the newest request with a live body. */
  async connect(): Promise<ReadableStreamDefaultController<Uint8Array>> {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    this.requests.at(-1)?.answer(new Response(body, { status: 200 }));
    await this.settle();
    return controller;
  }

  get status(): Status | undefined {
    return this.statuses.at(-1);
  }
}

describe('a stream goes on', () => {
  test('where it was lost, by the last id, with waits that grow and begin anew once it was live', async () => {
    const stage = new Stage();
    stage.begin();
    expect(stage.requests[0]?.headers).toMatchObject({ accept: 'text/event-stream', 'ensue-project': 'p' });
    expect(stage.requests[0]?.headers).not.toHaveProperty('last-event-id');

    const first = await stage.connect();
    expect(stage.status).toEqual({ kind: 'live' });
    first.enqueue(encoder.encode('id: a.1\ndata: 1\n\nid: a.2\n\n'));
    await stage.settle();
    first.close();
    await stage.settle();
    expect(stage.status).toEqual({ kind: 'reconnecting', at: 1000, since: 0 });

    await stage.pass(1000);
    expect(stage.requests[1]?.headers['last-event-id']).toBe('a.2');
    stage.requests[1]?.fail();
    await stage.settle();
    expect(stage.status).toMatchObject({ kind: 'reconnecting', at: 3000 });

    await stage.pass(2000);
    const third = await stage.connect();
    third.close();
    await stage.settle();
    expect(stage.status).toMatchObject({ kind: 'reconnecting', at: 4000 });
    expect(stage.messages).toEqual([{ name: 'message', data: '1' }]);
  });

  test('after silence, though nobody closed the connection', async () => {
    const stage = new Stage();
    stage.begin('z.9');
    expect(stage.requests[0]?.headers['last-event-id']).toBe('z.9');
    await stage.connect();
    await stage.pass(SILENCE);
    expect(stage.status).toMatchObject({ kind: 'reconnecting' });
    expect(stage.requests[0]?.signal.aborted).toBe(true);
  });

  test('at once when the network is back', async () => {
    const stage = new Stage();
    stage.connected = false;
    const following = stage.begin();
    stage.requests[0]?.fail();
    await stage.settle();
    expect(stage.status).toEqual({ kind: 'offline', since: 0 });
    following.hurry();
    await stage.settle();
    expect(stage.requests).toHaveLength(2);
  });

  test('with the moment of its loss, once some tries have failed or the network itself is gone', async () => {
    const stage = new Stage();
    stage.time = 5000;
    const following = stage.begin();
    const first = await stage.connect();
    following.lose();
    expect(stage.requests[0]?.signal.aborted).toBe(true);
    first.close();
    await stage.settle();
    for (const wait of [1000, 2000, 3000]) {
      expect(stage.status).toMatchObject({ kind: 'reconnecting', since: 5000 });
      await stage.pass(wait);
      stage.requests.at(-1)?.fail();
      await stage.settle();
    }
    expect(stage.status).toEqual({ kind: 'offline', since: 5000 });
    await stage.pass(5000);
    await stage.connect();
    expect(stage.status).toEqual({ kind: 'live' });
  });

  test('with the moment that was known before', async () => {
    const stage = new Stage();
    stage.time = 9000;
    stage.begin(undefined, 400);
    stage.requests[0]?.fail();
    await stage.settle();
    expect(stage.status).toEqual({ kind: 'offline', since: 400 });
  });

  test('not at all where it is refused, or when it is stopped', async () => {
    const refused = new Stage();
    refused.begin();
    refused.requests[0]?.answer(new Response('{}', { status: 401 }));
    await refused.settle();
    await refused.pass(60_000);
    expect(refused.status).toEqual({ kind: 'refused', status: 401 });
    expect(refused.requests).toHaveLength(1);

    const given = new Stage();
    const up = given.begin();
    given.requests[0]?.answer(new Response('{}', { status: 401 }));
    await given.settle();
    up.stop();
    await given.settle();
    expect(given.requests).toHaveLength(1);

    const stopped = new Stage();
    const following = stopped.begin();
    await stopped.connect();
    following.stop();
    await stopped.pass(60_000);
    expect(stopped.status).toEqual({ kind: 'stopped' });
    expect(stopped.requests).toHaveLength(1);
    expect(stopped.requests[0]?.signal.aborted).toBe(true);
  });

  test('after a refusal once somebody says so, from where it was', async () => {
    const stage = new Stage();
    const following = stage.begin('a.2');
    stage.requests[0]?.answer(new Response('{}', { status: 401 }));
    await stage.settle();
    following.hurry();
    await stage.settle();
    expect(stage.requests[1]?.headers['last-event-id']).toBe('a.2');
    await stage.connect();
    expect(stage.status).toEqual({ kind: 'live' });
  });

  test('a server that is full is asked again', async () => {
    const stage = new Stage();
    stage.begin();
    stage.requests[0]?.answer(new Response('{}', { status: 503 }));
    await stage.settle();
    await stage.pass(1000);
    expect(stage.requests).toHaveLength(2);
  });
});
