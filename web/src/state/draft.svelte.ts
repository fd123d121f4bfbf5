/** Hides where typed text is kept, so that neither an error nor a reload loses it: this tab's storage. */

/** A value that survives a reload; `clear` when it has been saved, with what is the beginning from then on. Never for secrets. */
export function draft<T>(name: string, initial: T): { value: T; readonly kept: boolean; clear(begin?: T): void } {
  const key = `ensue.draft.${name}`;
  let beginning = JSON.stringify(initial);
  let stored: string | null = null;
  try {
    stored = sessionStorage.getItem(key);
  } catch {
    // forbidden: then it lives as long as the page
  }
  const forget = (): void => {
    kept = false;
    try {
      sessionStorage.removeItem(key);
    } catch {
      // as above
    }
  };
  let value = $state<T>(stored === null ? initial : (JSON.parse(stored) as T));
  let kept = $state(stored !== null);
  $effect(() => {
    const text = JSON.stringify(value);
    if (text === beginning) return forget();
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
    clear(begin?: T) {
      if (begin !== undefined) beginning = JSON.stringify(begin);
      forget();
    },
  };
}
