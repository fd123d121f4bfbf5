/** Hides how something is fetched for a screen: nothing, then a value or a failure, and a value that stays while it is fetched anew. */
import type { Failure, Result } from '../api/client';

export class Loaded<T> {
  value = $state.raw<T | undefined>(undefined);
  error = $state.raw<Failure | undefined>(undefined);
  busy = $state(false);
  #fetch: (signal: AbortSignal) => Promise<Result<T>>;
  #running: AbortController | undefined;

  /** Fetches at once; the newest answer wins. */
  constructor(fetch: (signal: AbortSignal) => Promise<Result<T>>) {
    this.#fetch = fetch;
    void this.load();
  }

  async load(): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.busy = true;
    const found = await this.#fetch(running.signal);
    if (running.signal.aborted) return;
    this.busy = false;
    this.error = found.ok ? undefined : found.error;
    if (found.ok) this.value = found.value;
  }
}
