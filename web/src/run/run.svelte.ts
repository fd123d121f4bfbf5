/** Hides how an event is sent from the page and what came of it is waited for. */
import { ask, type Failure } from '../api/client';
import type { components } from '../generated/api';
import type { DeliveryView, EventView, Page } from '../api/types';

type Tested = components['schemas']['Tested'];

const PATIENCE = 60_000;
const STEP = 300;

/** What came of it; `deliveries` with their attempts. */
export interface Outcome {
  event: string;
  kind: 'scheduled' | 'accepted' | 'answered';
  due?: string;
  /** What waits until then, where it is for one trigger. */
  delivery?: string;
  deliveries: DeliveryView[];
  /** Some have no answer yet. */
  waiting: boolean;
}

export interface Wanted {
  type: string;
  /** Left out for none. */
  data?: unknown;
  delay?: number;
  send_at?: string;
}

export class Run {
  since = $state<number | null>(null);
  outcome = $state.raw<Outcome | null>(null);
  error = $state.raw<Failure | null>(null);
  #over = false;

  /** To one trigger, as a test, now or later. */
  async alone(trigger: string, wanted: Wanted): Promise<void> {
    await this.#during(async () => {
      const done = await ask<Tested>('POST', `/api/v1/triggers/${trigger}/test`, { body: wanted });
      if (!done.ok) return done.error;
      const { event, delivery, due_at: due } = done.value;
      if (due) {
        this.outcome = { event, kind: 'scheduled', due, ...(delivery && { delivery }), deliveries: [], waiting: false };
        return null;
      }
      const found = delivery ? await ask<DeliveryView>('GET', `/api/v1/deliveries/${delivery}`) : null;
      this.outcome = { event, kind: 'answered', deliveries: found?.ok ? [found.value] : [], waiting: false };
      return null;
    });
  }

  /** To whoever matches; `wait` for the answers or not. */
  async all(wanted: Wanted, wait: boolean): Promise<void> {
    await this.#during(async () => {
      const done = await ask<{ id: string }>('POST', '/api/v1/events', { body: wanted });
      if (!done.ok) return done.error;
      const event = done.value.id;
      if (wanted.delay !== undefined || wanted.send_at !== undefined) {
        const found = await ask<EventView>('GET', `/api/v1/events/${event}`);
        this.outcome = { event, kind: 'scheduled', due: found.ok ? (found.value.due_at ?? undefined) : undefined, deliveries: [], waiting: false };
      } else if (wait) await this.#answers(event);
      else this.outcome = { event, kind: 'accepted', deliveries: [], waiting: false };
      return null;
    });
  }

  stop(): void {
    this.#over = true;
  }

  /** Each delivery until it was tried once. */
  async #answers(event: string): Promise<void> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const found = await ask<Page<DeliveryView>>('GET', '/api/v1/deliveries', { query: { event, limit: 50 } });
      const items = found.ok ? found.value.items : [];
      const open = items.some((one) => one.state === 'pending' && one.tries === 0);
      if (this.#over) return;
      if (!open || Date.now() > end) {
        const whole = await Promise.all(items.map((one) => ask<DeliveryView>('GET', `/api/v1/deliveries/${one.id}`)));
        this.outcome = { event, kind: 'answered', deliveries: whole.flatMap((one) => (one.ok ? [one.value] : [])), waiting: open };
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, STEP));
    }
  }

  async #during(work: () => Promise<Failure | null>): Promise<void> {
    this.since = Date.now();
    this.error = null;
    this.outcome = null;
    this.error = await work();
    this.since = null;
  }
}
