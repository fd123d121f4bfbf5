/**
 * Hides where rows of unequal heights lie: sums over a binary indexed tree, so that a measured row among 100,000 costs
 * seventeen additions. Pure.
 */
export class Heights {
  #values: Float64Array;
  #tree: Float64Array;
  readonly length: number;

  constructor(values: ArrayLike<number>) {
    this.length = values.length;
    this.#values = Float64Array.from(values);
    this.#tree = new Float64Array(this.length + 1);
    for (let at = 1; at <= this.length; at++) {
      this.#tree[at] = (this.#tree[at] ?? 0) + (this.#values[at - 1] ?? 0);
      const up = at + (at & -at);
      if (up <= this.length) this.#tree[up] = (this.#tree[up] ?? 0) + (this.#tree[at] ?? 0);
    }
  }

  /** The sum of all. */
  get total(): number {
    return this.offset(this.length);
  }

  /** How high a row is. */
  of(row: number): number {
    return this.#values[row] ?? 0;
  }

  /** Sets a row's height; by how much it grew. */
  set(row: number, height: number): number {
    const grown = height - this.of(row);
    if (!grown || row < 0 || row >= this.length) return 0;
    this.#values[row] = height;
    for (let at = row + 1; at <= this.length; at += at & -at) this.#tree[at] = (this.#tree[at] ?? 0) + grown;
    return grown;
  }

  /** Where a row begins: the sum of those before it. */
  offset(row: number): number {
    let sum = 0;
    for (let at = Math.min(row, this.length); at > 0; at -= at & -at) sum += this.#tree[at] ?? 0;
    return sum;
  }

  /** The row at `y`; the first above the top, the last below the end. */
  at(y: number): number {
    let row = 0;
    let left = y;
    for (let step = 1 << Math.floor(Math.log2(this.length || 1)); step; step >>= 1) {
      const sum = this.#tree[row + step] ?? 0;
      if (row + step <= this.length && sum <= left) {
        row += step;
        left -= sum;
      }
    }
    return Math.max(0, Math.min(row, this.length - 1));
  }
}

/** The rows to show, `start` to `end` (not with it): what is seen, and `beyond` pixels above and below. */
export function windowOf(heights: Heights, top: number, height: number, beyond: number): { start: number; end: number } {
  if (!heights.length) return { start: 0, end: 0 };
  return { start: heights.at(Math.max(0, top - beyond)), end: heights.at(Math.max(0, top + height + beyond)) + 1 };
}
