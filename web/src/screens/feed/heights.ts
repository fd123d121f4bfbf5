/**
 * Hides where rows of unequal heights lie: sums over a binary indexed tree, so that a measured row among 100,000 costs
 * seventeen additions. Pure.
 */
export class Heights {
  #values: number[] = [];
  #tree: number[] = [0];

  constructor(values: ArrayLike<number>) {
    this.append(values);
  }

  get length(): number {
    return this.#values.length;
  }

  /** More rows after the last: what a page of them costs does not depend on how many there are. */
  append(values: ArrayLike<number>): void {
    for (const value of Array.from(values)) {
      const at = this.#values.push(value);
      let sum = value;
      for (let step = 1; step < (at & -at); step <<= 1) sum += this.#tree[at - step] ?? 0;
      this.#tree.push(sum);
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
