/** Hides where typed text is kept, so that neither an error nor a reload loses it: this tab's storage. */
import { calling } from '../api/client';
import { PREFIX } from './drafts';

/** What was typed by somebody else, or in another project, is none of ours. */
const keyOf = (name: string): string => `${PREFIX}${calling.member}.${calling.project}.${name}`;

function read(key: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null');
  } catch {
    return null; // forbidden, or not ours: then it lives as long as the page
  }
}

function write(key: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // as above
  }
}

/** A value that survives a reload; `clear` when it has been saved, with what is the beginning from then on. Never for secrets. */
export function draft<T>(name: string, initial: T): { value: T; readonly kept: boolean; clear(begin?: T): void } {
  const key = keyOf(name);
  let beginning = JSON.stringify(initial);
  const stored = read(key);
  let value = $state<T>(stored === null ? initial : whole(stored, initial));
  let kept = $state(stored !== null);
  const forget = (): void => {
    kept = false;
    write(key, null);
  };
  $effect(() => {
    const text = JSON.stringify(value);
    if (text === beginning) return forget();
    kept = true;
    write(key, text);
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

/** What was kept by an older page may lack a field. */
function whole<T>(stored: unknown, initial: T): T {
  const both = typeof stored === 'object' && typeof initial === 'object' && !Array.isArray(initial);
  return (both ? { ...initial, ...stored } : stored) as T;
}
