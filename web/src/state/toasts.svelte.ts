/** Hides that toasts come one at a time: 6 seconds, 10 where something can be undone, errors until they are closed. */
import type { IconName } from '../generated/icons';

export interface Toast {
  text: string;
  kind?: 'ok' | 'bad' | 'news';
  icon?: IconName;
  /** What can be done about it. */
  action?: { text: string; run: () => void };
}

class Toasts {
  shown = $state.raw<Toast | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(toast: Toast): void {
    clearTimeout(this.#timer);
    this.shown = toast;
    if (toast.kind !== 'bad') this.#timer = setTimeout(() => this.close(), toast.action ? 10_000 : 6_000);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.shown = null;
  }
}

const toasts = new Toasts();
export default toasts;

export const say = (text: string, action?: Toast['action']): void => toasts.show({ text, kind: 'ok', action });
export const complain = (text: string, action?: Toast['action']): void => toasts.show({ text, kind: 'bad', action });
