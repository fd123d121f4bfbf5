import { expect, test } from 'vitest';
import { byResult, change, heights, labelled, HOUR, lines, peak, slotsOf, stacked, top, type Tally } from '../../src/screens/overview/series';

const NOW = Date.UTC(2026, 10, 21, 14, 40);
const at = (hoursAgo: number): string => new Date(NOW - hoursAgo * HOUR).toISOString();

test('the last slot holds now', () => {
  const day = slotsOf('24h', NOW);
  expect(day.from + day.count * day.step).toBe(Date.UTC(2026, 10, 21, 15));
  const week = slotsOf('7d', NOW);
  expect(week).toMatchObject({ step: 3 * HOUR, count: 56 });
  expect(week.from + week.count * week.step).toBeGreaterThan(NOW);
  expect(week.from + week.count * week.step - NOW).toBeLessThanOrEqual(week.step);
  expect(slotsOf('30d', NOW, 2 * HOUR)).toEqual({ from: Date.UTC(2026, 9, 22, 22), step: 24 * HOUR, count: 30 });
});

test('four series are told apart, the rest is one, and nothing is lost', () => {
  const slots = slotsOf('24h', NOW);
  const tallies: Tally[] = [
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((category, index) => ({ category, hour: at(0), count: 10 - index })),
    { hour: at(1), count: 3 },
    { hour: at(0), count: 2, other: true },
    { category: 'a', hour: at(30), count: 99 },
  ];
  const series = stacked(tallies, slots, (tally) => tally.category ?? '');
  expect(series.map((one) => one.name)).toEqual(['a', 'b', 'c', 'd', '']);
  expect(series[4]?.values.slice(-2)).toEqual([3, 6 + 5 + 2]);
  expect(series.reduce((sum, one) => sum + one.total, 0)).toBe(10 + 9 + 8 + 7 + 6 + 5 + 3 + 2);
  expect(heights(series, slots.count).at(-1)).toBe(47);
});

test('results keep their order, there or not', () => {
  const series = byResult([{ result: 'dead', hour: at(2), count: 4 }, { result: 'cancelled', hour: at(2), count: 9 }], slotsOf('24h', NOW));
  expect(series.map((one) => [one.name, one.total])).toEqual([['delivered', 0], ['delivered_after_retries', 0], ['dead', 4]]);
});

test('hairlines stand at round numbers above everything', () => {
  expect(lines(0)).toEqual([0, 1, 2]);
  expect(lines(68)).toEqual([0, 40, 80]);
  for (const highest of [1, 9, 11, 99, 101, 305, 4208]) expect(lines(highest)[2]).toBeGreaterThanOrEqual(highest);
});

test('of nothing there is no peak and no change', () => {
  expect(peak([0, 0])).toBeNull();
  expect(peak([1, 5, 5])).toEqual({ at: 1, value: 5 });
  expect(change(108, 100)).toBe(8);
  expect(change(5, 0)).toBeNull();
});

test('the largest come first, and the rest is not one of them', () => {
  const found = top([{ type: 'a', count: 1 }, { type: 'b', count: 7 }, { type: 'ensue.delivery.dead', count: 9 }, { count: 50, other: true }], (tally) => tally.type);
  expect(found).toEqual([{ name: 'b', count: 7 }, { name: 'a', count: 1 }]);
});

test('labels stand apart, however narrow it is', () => {
  expect(labelled(24, 3, 480)).toEqual([0, 3, 6, 9, 12, 15, 18, 21]);
  expect(labelled(24, 3, 280)).toEqual([0, 6, 12, 18]);
  expect(labelled(56, 8, 280)).toEqual([0, 16, 32, 48]);
  expect(labelled(24, 3, 0)).toEqual([]);
});
