/** Hides which colour a category has: a stable hash of its name onto c1 to c7; c8 for none. */

/** Of all beginnings of the hash one that gives usual names colours of their own: orders, deploys, infra, sign-ups, support, payments, cron. */
const SEED = 0x43ece7;

/** The class that colours a category's square: `cat-3`. */
export function categoryClass(name: string | null | undefined): string {
  if (!name) return 'cat-8';
  let hash = SEED;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `cat-${((hash ^ (hash >>> 15)) >>> 0) % 7 + 1}`;
}
