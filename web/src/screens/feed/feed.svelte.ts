/**
 * Hides how the feed is kept: pages from the log's end, what comes live on top of them, threads that grow, and what waits
 * in the pill while somebody reads. Each event is there once, whatever way it comes.
 */
import { api, ask, type Failure } from '../../api/client';
import type { EventView, Page } from '../../api/types';
import { isPress } from '../../events/actions';
import { heard } from '../../events/buttons.svelte';
import { contextOf, grown } from '../../events/threads';
import { contact } from '../../state/contact.svelte';
import { preferences } from '../../state/preferences.svelte';
import { session } from '../../state/session.svelte';
import { Stream } from '../../state/stream.svelte';
import { holds, toApi, type Filters } from './filters';

const PAGE = 50;
/** A page later on, where somebody scrolls far. */
const MORE = 200;
/** Beyond these the list is loaded anew instead of put together. */
const MOST_WAITING = 200;
/** So many pages without anything are passed over at once. */
const PAGES = 5;

type Events = readonly EventView[];

export class Feed {
  items = $state.raw<Events>([]);
  /** Newest first. */
  waiting = $state.raw<Events>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  failure = $state.raw<Failure | null>(null);
  more = $state<'idle' | 'loading' | 'failed'>('idle');
  next = $state<string | null>(null);
  /** Nothing moves; what comes waits. */
  paused = $state(false);
  /** The list was loaded before anybody listened: once the stream is live it must be loaded again. */
  unsure = $state(false);
  arrivals = $state(0);
  /** The ids that came last: their rows say so once. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  stream = $state.raw<Stream<EventView> | null>(null);
  /** These are the last events that were kept here: the server does not answer. */
  kept = $state(false);
  complete = $derived(this.state === 'ready' && this.next === null);

  /** By what it was narrowed when it was last asked for. */
  filters: Filters = { chips: [], words: '', muted: false };
  #test = false;
  #reading: () => boolean;
  #came: (event: EventView) => void;
  #early: EventView[] | null = [];
  #queue: EventView[] = [];
  #held: EventView[] = [];
  #joining: EventView[] = [];
  #asking = false;
  #flushing = 0;
  #known = new Set<string>();
  #life = new AbortController();
  #connected = Promise.resolve();

  /** `reading` says whether rows must not move now; `came` is told each event of the stream. */
  constructor(reading: () => boolean, came: (event: EventView) => void) {
    this.#reading = reading;
    this.#came = came;
  }

  /** Follows the live end, until the returned function is called. */
  listen(test: boolean, muted: boolean): () => void {
    const stream = new Stream<EventView>(muted ? { test } : { test, muted: false }, {
      event: (event) => this.#arrive(event),
      gap: () => void this.load(this.filters, this.#test),
    });
    this.stream = stream;
    this.#connected = settled(stream);
    return () => stream.stop();
  }

  /** The list by these filters, from the newest on. */
  async load(filters: Filters, test: boolean): Promise<void> {
    this.#life.abort();
    const life = (this.#life = new AbortController());
    if (test !== this.#test) this.items = [];
    this.filters = filters;
    this.#test = test;
    this.#early = [];
    this.state = 'loading';
    this.more = 'idle';
    if (contact.lost !== null) await this.#showKept();
    await this.#connected;
    this.unsure = this.stream?.status.kind !== 'live';
    const found = await this.#pages(null, PAGE, life.signal);
    if (life.signal.aborted) return;
    if (found.failure?.code === 'offline' && (this.kept || (await this.#showKept()))) return;
    this.waiting = [];
    this.kept = false;
    if (found.failure) {
      this.failure = found.failure;
      this.state = 'failed';
      this.items = [];
      return;
    }
    this.items = found.items;
    this.next = found.next;
    this.#known = new Set(found.items.map((event) => event.id));
    this.fresh = new Set();
    this.state = 'ready';
    const early = this.#early ?? [];
    this.#early = null;
    for (const event of early) this.#arrive(event);
  }

  /** Without a server: what was kept here of what these filters let through; whether anything was kept at all. */
  async #showKept(): Promise<boolean> {
    const events = await (await import('../../offline/keeper')).keptEvents(session.project?.id ?? '');
    if (!events) return false;
    const now = Date.now();
    this.kept = this.unsure = true;
    this.waiting = [];
    this.items = events.filter((event) => holds(this.filters, this.#test, event, now, preferences.zone));
    this.#known = new Set(this.items.map((event) => event.id));
    this.next = this.#early = null;
    this.state = 'ready';
    return true;
  }

  /** The page after the last one. */
  async loadMore(): Promise<void> {
    if (this.more === 'loading' || this.state !== 'ready' || !this.next) return;
    this.more = 'loading';
    const life = this.#life;
    const found = await this.#pages(this.next, this.items.length < 100 ? PAGE : MORE, life.signal);
    if (life.signal.aborted) return;
    this.more = found.failure ? 'failed' : 'idle';
    const fresh = found.items.filter((event) => !this.#known.has(event.id));
    for (const event of fresh) this.#known.add(event.id);
    if (fresh.length) this.items = [...this.items, ...fresh];
    if (!found.failure) this.next = found.next;
  }

  async #pages(from: string | null, limit: number, signal: AbortSignal): Promise<{ items: EventView[]; next: string | null; failure?: Failure }> {
    const items: EventView[] = [];
    let next = from;
    for (let page = 0; page < PAGES; page++) {
      const query = { ...toApi(this.filters, this.#test, Date.now(), preferences.zone), limit, next };
      const found = await ask<Page<EventView>>('GET', '/api/v1/events', { query, signal });
      if (!found.ok) return { items, next, failure: found.error };
      items.push(...found.value.items);
      next = found.value.next;
      if (!next || items.length) break;
    }
    return { items, next };
  }

  #arrive(event: EventView): void {
    if (isPress(event)) heard(event);
    if (this.#early) {
      this.#early.push(event);
      return;
    }
    this.arrivals++;
    this.#came(event);
    this.#queue.push(event);
    this.#flushing ||= document.hidden ? window.setTimeout(() => this.#flush(), 100) : requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    cancelAnimationFrame(this.#flushing);
    this.#flushing = 0;
    const queue = this.#queue;
    this.#queue = [];
    const [heads, joining]: [EventView[], EventView[]] = [[], []];
    for (const event of queue) {
      if (this.#known.has(event.id)) continue;
      if (this.paused && event.context && !isPress(event)) this.#held.push(event);
      else if (event.context && event.context.id !== event.id && !isPress(event)) joining.push(event);
      else if (isPress(event)) this.#grow(event);
      else heads.push(event);
    }
    this.#put(heads);
    this.#joining.push(...joining.filter((event) => event.context?.start || !this.#grow(event)));
    void this.#join();
  }

  /**
   * Events of contexts: of a thread that is here, of one further down, or the first of a new one. One is asked about after
   * the other: of many that come at once most have their thread here by then.
   */
  async #join(): Promise<void> {
    if (this.#joining.length > MOST_WAITING) {
      this.#joining = [];
      return this.load(this.filters, this.#test);
    }
    if (this.#asking) return;
    this.#asking = true;
    for (let event; (event = this.#joining.shift()); ) {
      if (!event.context?.start && this.#grow(event)) continue;
      const found = await api.get('/api/v1/events/{id}', { path: { id: event.id } });
      const whole = found.ok ? found.value : event;
      const root = whole.thread?.root;
      if (!root || root === whole.id) this.#put([whole]);
      else this.#grow(event);
    }
    this.#asking = false;
  }

  /** Puts an event into the thread that it belongs to; whether that is here. */
  #grow(event: EventView): boolean {
    const context = contextOf(event);
    const grow = (events: Events): Events | null => {
      const at = events.findIndex((root) => contextOf(root) === context && root.id !== event.id);
      const root = events[at];
      return root ? events.with(at, grown(root, event)) : null;
    };
    const items = grow(this.items);
    if (items) this.items = items;
    const waiting = items ? null : grow(this.waiting);
    if (waiting) this.waiting = waiting;
    return Boolean(items ?? waiting);
  }

  /** New rows, oldest first: on top where nobody reads, else into the pill. */
  #put(events: EventView[]): void {
    const now = Date.now();
    const wanted = events.filter((event) => !this.#known.has(event.id) && holds(this.filters, this.#test, event, now, preferences.zone));
    if (!wanted.length) return;
    for (const event of wanted) this.#known.add(event.id);
    const newest = wanted.reverse();
    if (this.paused || this.waiting.length || (this.items.length && this.#reading())) this.waiting = [...newest, ...this.waiting];
    else this.#show(newest);
  }

  #show(events: Events): void {
    this.items = [...events, ...this.items];
    this.fresh = new Set(events.map((event) => event.id));
  }

  /** Stops the list, or lets it go on with what came meanwhile. */
  pause(on: boolean): void {
    this.paused = on;
    if (on) return;
    this.#queue = [...this.#held, ...this.#queue];
    this.#held = [];
    this.#flush();
    if (!this.#reading()) void this.showWaiting();
  }

  /** Takes what waits into the list. */
  async showWaiting(): Promise<void> {
    const waiting = this.waiting;
    if (waiting.length > MOST_WAITING) return this.load(this.filters, this.#test);
    this.waiting = [];
    this.#show(waiting);
  }

  stop(): void {
    this.#life.abort();
    this.#joining = [];
    if (this.#flushing) cancelAnimationFrame(this.#flushing);
  }
}

/** Resolves when the stream listens: from then on a list and the stream together hold everything. Or when it takes too long. */
async function settled(stream: Stream<EventView>): Promise<void> {
  const until = Date.now() + 1500;
  while (stream.status.kind === 'connecting' && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
}
