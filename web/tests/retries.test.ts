import { describe, expect, it } from 'vitest';
import { givesUpAfter, marks, tries, USUAL } from '../src/screens/trigger/retries';

describe('the line of tries', () => {
  it('lays the usual waits out and says when it gives up', () => {
    const all = tries(5, []);
    expect(all.map((one) => one.wait)).toEqual([null, 5000, 300_000, 1_800_000, 7_200_000]);
    expect(givesUpAfter(all)).toBe(9_305_000);
    expect(tries(10, [])).toHaveLength(USUAL.length + 1);
  });
  it('repeats the last wait', () => expect(tries(4, [1000, 2000]).map((one) => one.at)).toEqual([0, 1000, 3000, 5000]));
  it('gives up at once with one try', () => expect(givesUpAfter(tries(1, []))).toBe(0));
  it('draws the first ones, how many are left out, and the last', () => {
    const drawn = marks(tries(20, [1000]), 6);
    expect(drawn).toHaveLength(6);
    expect(drawn[4]).toEqual({ left: 15 });
    expect(drawn[5]).toMatchObject({ number: 20 });
    expect(marks(tries(3, []), 6)).toHaveLength(3);
  });
});
