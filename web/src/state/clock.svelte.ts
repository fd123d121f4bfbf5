/** Hides that one timer serves every time on the page; it runs only while somebody reads it. */
import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

export const clock = {
  /** Milliseconds UTC; whoever reads it in an effect or a template is told each second. */
  get now(): number {
    subscribe();
    return Date.now();
  },
};
