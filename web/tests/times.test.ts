import { describe, expect, test } from 'vitest';
import { rangeText } from '../src/ranges';
import { duration } from '../src/lengths';
import { ago, count, dayName, daysAgo, looseTime, percent, preciseTime, rowTime, stamp } from '../src/times';

const NOW = Date.parse('2026-11-21T14:32:07.412Z');
const before = (milliseconds: number): number => NOW - milliseconds;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a time in a row of its day', () => {
  test.each([
    [0, 'now'],
    [9_999, 'now'],
    [10_000, '10 s'],
    [59_999, '59 s'],
    [MINUTE, '1 min'],
    [HOUR - 1, '59 min'],
    [HOUR, '60 min'],
    [HOUR + 1, '13:32'],
    [DAY, '14:32'],
    [-2_000, 'now'],
    [-HOUR, '15:32'],
  ])('%i ms ago is %s', (age, text) => expect(rowTime(before(age), NOW, 'utc')).toBe(text));
});

describe('a time without a day line', () => {
  test.each([
    [5 * HOUR, '09:32'],
    [DAY, 'Yesterday 14:32'],
    [2 * DAY, 'Thu 14:32'],
    [9 * DAY, '12 Nov'],
    [400 * DAY, '17 Oct 2025'],
    [-2 * DAY, '23 Nov 14:32'],
  ])('%i ms ago is %s', (age, text) => expect(looseTime(before(age), NOW, 'utc')).toBe(text));

  test('just after midnight, minutes still count', () => {
    const midnight = Date.parse('2026-11-21T00:05:00Z');
    expect(looseTime(midnight - 10 * MINUTE, midnight, 'utc')).toBe('10 min');
  });
});

test('a stretch of time', () => {
  const at = (text: string): string => `2026-11-${text}:00Z`;
  expect(rangeText(at('21T14:00'), at('21T15:00'), NOW, 'utc')).toBe('14:00 – 15:00');
  expect(rangeText(at('20T23:00'), at('21T00:00'), NOW, 'utc')).toBe('Yesterday 23:00 – 00:00');
  expect(rangeText(at('20T22:00'), at('21T02:00'), NOW, 'utc')).toBe('Yesterday 22:00 – 02:00');
  expect(rangeText(at('12T14:00'), '', NOW, 'utc')).toBe('since 12 Nov 14:00');
  expect(rangeText('', '2025-11-02T14:00:00Z', NOW, 'utc')).toBe('until 2 Nov 2025 14:00');
});

test('in sentences', () => {
  expect(ago(before(0), NOW, 'utc')).toBe('just now');
  expect(ago(before(21 * MINUTE), NOW, 'utc')).toBe('21 min ago');
  expect(ago(before(3 * HOUR), NOW, 'utc')).toBe('at 11:32');
  expect(ago(before(DAY), NOW, 'utc')).toBe('yesterday 14:32');
  expect(ago(before(9 * DAY), NOW, 'utc')).toBe('on 12 Nov');
});

test('the whole stamp names its zone, and days are told by the calendar', () => {
  expect(stamp(NOW, 'utc')).toBe('21 Nov 2026, 14:32:07.412 UTC');
  expect(stamp(NOW, 'local')).toMatch(/[+-]\d\d:\d\d$/);
  expect(preciseTime(NOW, 'utc')).toBe('14:32:07');
  expect(dayName(NOW, NOW, 'utc')).toBe('Saturday 21 November');
  expect(dayName(before(400 * DAY), NOW, 'utc')).toBe('Friday 17 October 2025');
  expect(daysAgo(Date.parse('2026-11-20T23:59:59Z'), NOW, 'utc')).toBe(1);
});

test.each([
  [0, '0 ms'],
  [142.4, '142 ms'],
  [4_200, '4.2 s'],
  [2_000, '2 s'],
  [15_000, '15 s'],
  [90_000, '1 min'],
  [30 * MINUTE, '30 min'],
  [2 * HOUR + 35 * MINUTE, '2 h 35 min'],
  [3 * DAY + 4 * HOUR, '3 d 4 h'],
])('%i ms last %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

test('numbers are honest: unknown is no zero, and all but one is not 100 %', () => {
  expect(count(1204)).toBe('1,204');
  expect(count(undefined)).toBe('–');
  expect(percent(615, 1000)).toBe('61.5 %');
  expect(percent(99_999, 100_000)).toBe('99.9 %');
  expect(percent(5, 5)).toBe('100 %');
  expect(percent(0, 0)).toBe('–');
});
