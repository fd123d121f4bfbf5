/** Hides which colour a category has: a stable hash of its name onto c1 to c7; c8 for none. */

/** The class that colours a category's square: `cat-3`. */
export function categoryClass(name: string | null | undefined): string {
  if (!name) return 'cat-8';
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `cat-${((hash ^ (hash >>> 15)) >>> 0) % 7 + 1}`;
}
