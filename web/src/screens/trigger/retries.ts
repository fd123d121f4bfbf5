/** Hides when a trigger tries: its waits laid out on a line of time, and when it gives up. Pure; lengths in milliseconds. */

/** The waits of a trigger that names none: design section 9. */
export const USUAL: readonly number[] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].map((seconds) => seconds * 1000);

export interface Try {
  number: number;
  /** Waited before it; null for the first. */
  wait: number | null;
  /** Since the first. */
  at: number;
}

/** All tries; the last wait repeats. */
export function tries(attempts: number, waits: readonly number[]): Try[] {
  const schedule = waits.length ? waits : USUAL;
  const found: Try[] = [];
  let at = 0;
  for (let number = 1; number <= attempts; number += 1) {
    const wait = number === 1 ? null : (schedule[Math.min(number - 2, schedule.length - 1)] ?? 0);
    at += wait ?? 0;
    found.push({ number, wait, at });
  }
  return found;
}

export type Mark = Try | { left: number };

/** At most `most` marks to draw: the first ones, how many are left out, and the last. */
export function marks(all: readonly Try[], most: number): Mark[] {
  const last = all.at(-1);
  if (all.length <= most || !last) return [...all];
  return [...all.slice(0, most - 2), { left: all.length - most + 1 }, last];
}

/** How long it tries, the tries themselves left out; 0 for one try. */
export const givesUpAfter = (all: readonly Try[]): number => all.at(-1)?.at ?? 0;
