/** Hides how the list of deliveries stays fresh: pages, rows that change where they stand, and new ones that wait to be shown. */
import { ask, type Failure, type Query } from '../../api/client';
import type { DeliveryView, Page } from '../../api/types';
import type { Status } from '../../live';

const PAGE = 50;
const FEW = 5;
const STRETCHES = 20;
const EVERY = 3_000;

export class Log {
  rows = $state.raw<DeliveryView[] | undefined>(undefined);
  /** Came since, newest first; shown when asked for. */
  news = $state.raw<DeliveryView[]>([]);
  error = $state.raw<Failure | undefined>(undefined);
  next = $state.raw<string | null>(null);
  more = $state(false);
  /** Looks for a first row: words are looked for in stretches, of which some have none. */
  searching = $state(false);
  status = $state.raw<Status>({ kind: 'connecting' });
  #query: Query;
  #timer: ReturnType<typeof setInterval>;
  #over = false;
  /** Pages that are on their way. */
  #asked = 0;
  /** How often it was loaded: what was asked for before the last time belongs to another list. */
  #loads = 0;

  constructor(query: Query) {
    this.#query = query;
    void this.load();
    this.#timer = setInterval(this.#seen, EVERY);
    document.addEventListener('visibilitychange', this.#seen);
  }

  // One after the other: where answers take longer than that, the next question waits for them.
  #seen = (): void => void (document.hidden || this.#asked || this.#refresh());

  async load(): Promise<void> {
    const load = ++this.#loads;
    const found = await this.#page(null);
    if (this.#over || load !== this.#loads) return;
    this.#heard(found.ok ? undefined : found.error);
    this.error = found.ok ? undefined : found.error;
    if (!found.ok) return;
    this.rows = found.value.items;
    this.next = found.value.next;
    this.news = [];
    this.more = this.searching = false;
    if (this.rows.length || !this.next) return;
    this.searching = true;
    await this.further();
    if (load === this.#loads) this.searching = false;
  }

  /** The page after the last one; empty pages are gone through. */
  async further(): Promise<void> {
    const load = this.#loads;
    this.more = true;
    let found: DeliveryView[] = [];
    for (let tries = 0; this.next && !found.length && tries < STRETCHES; tries += 1) {
      const page = await this.#page(this.next);
      if (load !== this.#loads) return;
      if (!page.ok || this.#over) break;
      found = page.value.items;
      this.next = page.value.next;
    }
    this.rows = [...(this.rows ?? []), ...found];
    this.more = false;
  }

  show(): void {
    // Between a whole page of new ones and the rows may be more.
    if (this.news.length >= PAGE) return void this.load();
    this.rows = [...this.news, ...(this.rows ?? [])];
    this.news = [];
  }

  /** A row as it is now, without asking. */
  replace(changed: DeliveryView): void {
    this.rows = this.rows?.map((row) => (row.id === changed.id ? { ...row, ...changed } : row));
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
  }

  async #page(next: string | null) {
    this.#asked += 1;
    const found = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { ...this.#query, details: true, limit: PAGE, next } });
    this.#asked -= 1;
    return found;
  }

  async #refresh(): Promise<void> {
    if (!this.rows) return this.load();
    const load = this.#loads;
    const found = await this.#page(null);
    const pending = found.ok ? await this.#pending(new Set(found.value.items.map((row) => row.id))) : [];
    if (this.#over || load !== this.#loads) return;
    this.#heard(found.ok ? undefined : found.error);
    if (!found.ok) return;
    const fresh = new Map([...found.value.items, ...pending].map((row) => [row.id, row]));
    const known = new Set(this.rows.map((row) => row.id));
    this.rows = this.rows.map((row) => fresh.get(row.id) ?? row);
    this.news = found.value.items.filter((row) => !known.has(row.id));
    if (!this.rows.length && this.news.length) this.show();
  }

  /** Rows that may change though the first page has them not, or not any more: a few of them, as they are now. */
  async #pending(told: ReadonlySet<string>): Promise<DeliveryView[]> {
    const open = (this.rows ?? []).filter((row) => row.state === 'pending' && !told.has(row.id)).slice(0, FEW);
    const found = await Promise.all(open.map((row) => ask<DeliveryView>('GET', `/api/v1/deliveries/${row.id}`)));
    return found.flatMap((one, at) => {
      if (!one.ok) return [];
      const last = one.value.attempts?.at(-1);
      return [{ ...open[at], ...one.value, attempts: null, ...(last && { last: { ...last, error: last.error ?? null, status: last.response?.status ?? null } }) }];
    });
  }

  #heard(error: Failure | undefined): void {
    if (!error) this.status = { kind: 'live' };
    else if (error.code !== 'aborted' && this.status.kind !== 'offline') this.status = { kind: 'offline', since: Date.now() };
  }
}
