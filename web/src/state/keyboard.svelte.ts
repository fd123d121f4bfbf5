/** Hides which keys act now: those of the shell, and those that the screen in front has lent. */
import { isTyping, Sequence, type Group, type Shortcut } from '../keys';
import { preferences } from './preferences.svelte';

class Keyboard {
  groups = $state.raw<readonly Group[]>([]);
  /** Whether the map of the keys is shown. */
  map = $state(false);
  #sequence = new Sequence();

  /** Lends keys until the returned function is called; in an effect. */
  lend(name: string, shortcuts: readonly Shortcut[]): () => void {
    const group = { name, shortcuts };
    this.groups = [...this.groups, group];
    return () => (this.groups = this.groups.filter((one) => one !== group));
  }

  pressed(event: KeyboardEvent): void {
    if (!preferences.keys || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const found = this.#sequence.press(event.key, event.timeStamp, this.groups);
    if (!found) return;
    event.preventDefault();
    found.run();
  }
}

export const keyboard = new Keyboard();
