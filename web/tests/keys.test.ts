import { describe, expect, it } from 'vitest';
import { PATIENCE, Sequence } from '../src/keys';

const run = () => {};
const groups = [{ name: 'all', shortcuts: [{ keys: 'g f', text: 'Feed', run }, { keys: 'f', text: 'Else', run }] }, { name: 'screen', shortcuts: [{ keys: 'j', text: 'Next', run, also: ['n'] }] }];

describe('keys', () => {
  it('knows single ones, other ways to them, and two after each other', () => {
    const keys = new Sequence();
    expect(keys.press('j', 0, groups)?.text).toBe('Next');
    expect(keys.press('n', 1, groups)?.text).toBe('Next');
    expect(keys.press('g', 2, groups)).toBeNull();
    expect(keys.press('f', 3, groups)?.text).toBe('Feed');
    expect(keys.press('f', 4, groups)?.text).toBe('Else');
  });
  it('forgets the first of two after a while', () => {
    const keys = new Sequence();
    keys.press('g', 0, groups);
    expect(keys.press('f', PATIENCE, groups)?.text).toBe('Else');
    expect(keys.press('x', PATIENCE + 1, groups)).toBeNull();
  });
});
