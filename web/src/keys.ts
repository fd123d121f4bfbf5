/** Hides which single keys, pressed one after the other, mean what. Pure. */

export interface Shortcut {
  /** `j`, `?`, or two after each other: `g f`. */
  keys: string;
  /** Other ways to the same. */
  also?: readonly string[];
  text: string;
  run: () => void;
}

export interface Group {
  name: string;
  shortcuts: readonly Shortcut[];
}

/** Milliseconds within which the second key of two must come. */
export const PATIENCE = 1200;

export class Sequence {
  #before = '';
  #at = 0;

  /** What a key means now, after the one before it; null where it means nothing (yet). */
  press(key: string, now: number, groups: Iterable<Group>): Shortcut | null {
    const before = now - this.#at < PATIENCE ? this.#before : '';
    const all = [...groups].flatMap((group) => group.shortcuts);
    const means = (keys: string): Shortcut | undefined => all.findLast((shortcut) => shortcut.keys === keys || shortcut.also?.includes(keys));
    const found = (before && means(`${before} ${key}`)) || means(key);
    const begins = all.some((shortcut) => shortcut.keys.startsWith(`${key} `));
    this.#before = found || !begins ? '' : key;
    this.#at = now;
    return found || null;
  }
}

/** Whether a key is typed into something, and so means itself. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (!element?.closest) return false;
  return element.isContentEditable || Boolean(element.closest('input:not([type=checkbox],[type=radio]), textarea, select, [role=menu], [role=listbox]'));
}
