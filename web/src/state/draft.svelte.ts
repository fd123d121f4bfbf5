/** Hides where typed text is kept, so that neither an error nor a reload loses it: this tab's storage. */

/** A value that survives a reload; `clear` when it has been saved. Never for secrets. */
export function draft<T>(name: string, initial: T): { value: T; readonly kept: boolean; clear(): void } {
  const key = `ensue.draft.${name}`;
  let stored: string | null = null;
  try {
    stored = sessionStorage.getItem(key);
  } catch {
    // forbidden: then it lives as long as the page
  }
  let value = $state<T>(stored === null ? initial : (JSON.parse(stored) as T));
  let kept = $state(stored !== null);
  $effect(() => {
    const text = JSON.stringify(value);
    if (text === JSON.stringify(initial)) return;
    kept = true;
    try {
      sessionStorage.setItem(key, text);
    } catch {
      // as above
    }
  });
  return {
    get value() {
      return value;
    },
    set value(next: T) {
      value = next;
    },
    get kept() {
      return kept;
    },
    clear() {
      kept = false;
      sessionStorage.removeItem(key);
    },
  };
}
