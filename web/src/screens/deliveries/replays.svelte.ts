/** Hides how a replay is counted, begun and watched. */
import { ask, type Failure } from '../../api/client';
import type { components } from '../../generated/api';
import type { Page } from '../../api/types';

export type Replay = components['schemas']['ReplayView'];
export type Wanted = components['schemas']['ReplayDraft'];
export type Count = components['schemas']['ReplayCount'];

const EVERY = 700;

export const countOf = (wanted: Partial<Wanted>, signal: AbortSignal) => ask<Count>('POST', '/api/v1/replays', { body: { ...wanted, dry_run: true }, signal });

/** The replay that runs, or that ended while one looked. */
export class Watch {
  replay = $state.raw<Replay | null>(null);
  error = $state.raw<Failure | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  /** One may be running already, begun here or elsewhere. */
  constructor() {
    void ask<Page<Replay>>('GET', '/api/v1/replays', { query: { limit: 1 } }).then((found) => {
      const newest = found.ok ? found.value.items[0] : undefined;
      if (newest?.state === 'running' && !this.replay) this.#watch(newest);
    });
  }

  async begin(wanted: Partial<Wanted>): Promise<Failure | null> {
    const done = await ask<Replay>('POST', '/api/v1/replays', { body: wanted });
    if (!done.ok) return done.error;
    this.#watch(done.value);
    return null;
  }

  async cancel(): Promise<void> {
    if (!this.replay) return;
    const done = await ask<Replay>('POST', `/api/v1/replays/${this.replay.id}/cancel`, { body: {} });
    if (done.ok) this.replay = done.value;
    else this.error = done.error;
  }

  close(): void {
    this.replay = null;
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #watch(replay: Replay): void {
    this.replay = replay;
    clearTimeout(this.#timer);
    const open = replay.state === 'running' || (replay.deliveries?.pending ?? 0) > 0;
    if (open && !this.#over) this.#timer = setTimeout(() => void this.#look(replay.id), EVERY);
  }

  async #look(id: string): Promise<void> {
    const found = await ask<Replay>('GET', `/api/v1/replays/${id}`);
    if (this.#over || this.replay?.id !== id) return;
    this.#watch(found.ok ? found.value : this.replay);
  }
}
