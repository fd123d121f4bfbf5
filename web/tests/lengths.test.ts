import { describe, expect, it } from 'vitest';
import { lengthList, milliseconds, typedLength } from '../src/lengths';

describe('typed lengths', () => {
  it.each([['5', 5000], ['5 s', 5000], ['1.5 min', 90_000], ['1,5 min', 90_000], ['2h', 7_200_000], ['2 h 35 min', 9_300_000], ['500 ms', 500]])('reads %s', (text, length) => {
    expect(milliseconds(text)).toBe(length);
  });
  it.each(['', 'soon', '5 parsecs', '5 s later', '-3'])('refuses %j', (text) => expect(milliseconds(text)).toBeNull());
  it.each([5000, 90_000, 7_200_000, 1500, 250, 86_400_000])('writes %d so that it reads the same', (length) => expect(milliseconds(typedLength(length))).toBe(length));
  it('reads lists, and refuses one with a hole', () => {
    expect(lengthList('5 s, 5 min; 2 h')).toEqual([5000, 300_000, 7_200_000]);
    expect(lengthList(' ')).toEqual([]);
    expect(lengthList('5 s,,2 h')).toBeNull();
  });
});
