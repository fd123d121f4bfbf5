import { describe, expect, it } from 'vitest';
import { dayAt, Days } from '../../src/screens/feed/days';
import { Heights, windowOf } from '../../src/screens/feed/heights';

describe('where rows lie', () => {
  it('agrees with plain sums, whatever is measured', () => {
    const plain = Array.from({ length: 1000 }, (_, at) => 40 + (at * 7) % 90);
    const heights = new Heights(plain);
    for (let step = 0; step < 300; step++) {
      const row = (step * 37) % 1000;
      expect(heights.set(row, 20 + step)).toBe(20 + step - (plain[row] ?? 0));
      plain[row] = 20 + step;
    }
    for (const row of [0, 1, 2, 499, 500, 998, 999, 1000]) expect(heights.offset(row)).toBe(plain.slice(0, row).reduce((sum, high) => sum + high, 0));
    expect(heights.total).toBe(plain.reduce((sum, high) => sum + high, 0));
  });
  it('grows at its end as if it had been made so', () => {
    const plain = Array.from({ length: 300 }, (_, at) => 20 + (at * 13) % 70);
    const heights = new Heights([]);
    for (let from = 0; from < 300; from += 50) heights.append(plain.slice(from, from + 50));
    heights.set(120, 5);
    plain[120] = 5;
    for (let row = 0; row <= 300; row++) expect(heights.offset(row)).toBe(plain.slice(0, row).reduce((sum, high) => sum + high, 0));
    expect(heights.at(heights.offset(299))).toBe(299);
  });
  it('finds the row at a place, and never one that is not there', () => {
    const heights = new Heights([10, 20, 30]);
    expect([-5, 0, 9, 10, 29, 30, 59, 60, 9999].map((y) => heights.at(y))).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
    expect(new Heights([]).at(5)).toBe(0);
    expect(new Heights([]).set(0, 5)).toBe(0);
  });
  it('shows a window of a hundred thousand, not more', () => {
    const heights = new Heights(new Float64Array(100_000).fill(58));
    const { start, end } = windowOf(heights, 2_900_000, 900, 500);
    expect(start).toBeLessThanOrEqual(50_000 - 8);
    expect(end).toBeGreaterThan(50_000 + 15);
    expect(end - start).toBeLessThan(40);
    expect(windowOf(new Heights([]), 0, 900, 500)).toEqual({ start: 0, end: 0 });
  });
});

describe('days', () => {
  it('parts moments at midnight, and counts', () => {
    const moments = ['2026-11-21T00:10Z', '2026-11-21T00:00Z', '2026-11-20T23:59:59Z', '2026-11-18T12:00Z'].map((text) => Date.parse(text));
    const starts = new Days((at: number) => at).of(moments, 'utc');
    expect(starts.map(({ row, count }) => [row, count])).toEqual([[0, 2], [2, 1], [3, 1]]);
    expect([0, 1, 2, 3, 99].map((row) => dayAt(starts, row)?.row)).toEqual([0, 0, 2, 3, 3]);
    expect(dayAt([], 0)).toBeUndefined();
  });
  it('looks at what was added only, and at everything where the beginning or the zone is another', () => {
    const looked: number[] = [];
    const days = new Days((at: number) => (looked.push(at), at));
    const hour = 3_600_000;
    const start = Date.parse('2026-11-21T03:00Z');
    const moments = Array.from({ length: 6 }, (_, at) => start - at * hour);
    expect(days.of(moments.slice(0, 3), 'utc').map(({ row, count }) => [row, count])).toEqual([[0, 3]]);
    looked.length = 0;
    expect(days.of(moments, 'utc').map(({ row, count }) => [row, count])).toEqual([[0, 4], [4, 2]]);
    expect(looked).toEqual(moments.slice(3));
    expect(days.of([start + hour, ...moments], 'utc').map(({ row, count }) => [row, count])).toEqual([[0, 5], [5, 2]]);
    expect(days.of([], 'utc')).toEqual([]);
  });
});
