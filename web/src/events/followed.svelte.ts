/** Hides how what followed an event is kept up to date: read once, and again while something is under way. */
import { api, ask, type Failure } from '../api/client';
import type { DeliveryView, EventView, Page } from '../api/types';
import { learnNames, learnNamesOf } from '../deliveries/names.svelte';
import { told } from './actions';
import { current } from './buttons.svelte';
import { inOrder } from './followed';

/** Of more than these, how they stand is told without their attempts. */
const DETAILED = 12;

export class Followed {
  deliveries = $state.raw<readonly DeliveryView[] | null>(null);
  failure = $state.raw<Failure | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #life = new AbortController();
  #wait = 1000;

  constructor(readonly event: string) {
    learnNames();
    void this.read();
  }

  async read(): Promise<void> {
    clearTimeout(this.#timer);
    const found = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { event: this.event, limit: 100 }, signal: this.#life.signal });
    if (this.#life.signal.aborted) return;
    this.failure = found.ok ? null : found.error;
    if (found.ok) this.deliveries = await this.#detailed(inOrder(found.value.items));
    void learnNamesOf(this.deliveries?.map(({ trigger }) => trigger) ?? []);
    if (this.#life.signal.aborted) return;
    const moving = this.deliveries?.some((delivery) => delivery.state === 'pending') || (this.deliveries?.length === 0 && this.#wait < 4000);
    if (!moving) return;
    this.#timer = setTimeout(() => (document.hidden ? void (this.#wait = 15_000) : undefined, void this.read()), this.#wait);
    this.#wait = Math.min(this.#wait * 1.5, 15_000);
  }

  /** Something happened to it: look at once, and more often. */
  hurry(): void {
    this.#wait = 1000;
    void this.read();
  }

  async #detailed(deliveries: DeliveryView[]): Promise<DeliveryView[]> {
    const known = new Map(this.deliveries?.map((delivery) => [delivery.id, delivery]));
    return Promise.all(
      deliveries.map(async (delivery, at) => {
        const before = known.get(delivery.id);
        if (before?.attempts && before.tries === delivery.tries && before.state === delivery.state) return { ...delivery, attempts: before.attempts };
        if (at >= DETAILED || !delivery.tries) return delivery;
        const found = await api.get('/api/v1/deliveries/{id}', { path: { id: delivery.id }, signal: this.#life.signal });
        return found.ok ? found.value : delivery;
      }),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#life.abort();
  }
}

/** The button whose press a delivery carries. */
export function labelOfPress(delivery: DeliveryView, event: EventView): string | null {
  const pressed = event.card?.actions?.find((action) => current(event, action).state?.delivery === delivery.id);
  if (pressed) return pressed.label;
  for (const other of event.thread?.events ?? []) {
    const data = told(other);
    if (data?.delivery === delivery.id) return data.label;
  }
  return null;
}
