import { describe, expect, it } from 'vitest';
import { KEYS } from '../../src/screens/feed/filters';
import { choices, lastWord, seenValues } from '../../src/screens/feed/offers';
import { LANGUAGES, snippet } from '../../src/screens/feed/snippets';
import type { EventView } from '../../src/api/types';

const PLAIN = { chips: [], words: '', muted: false };
const MEANS = Object.fromEntries(KEYS.map((key) => [key, `about ${key}`])) as Record<(typeof KEYS)[number], string>;
const offered = (text: string, filters = PLAIN) => choices(text, filters, () => [{ value: 'Orders', count: 1204 }, { value: 'Sign ups' }], MEANS).map(({ insert }) => insert);

describe('what is offered', () => {
  it('is every key at first, but for those that are used', () => {
    expect(offered('')).toEqual(KEYS.map((key) => `${key}:`));
    expect(offered('', { ...PLAIN, chips: [{ key: 'has', value: 'action' }] as never })).not.toContain('has:');
  });
  it('is a key whose beginning is written, and nothing for other words', () => {
    expect(offered('disk cat')).toEqual(['category:']);
    expect(offered('disk')).toEqual([]);
    expect(offered('disk ')).toEqual([]);
  });
  it('is the values of a key, quoted where they need it, with counts where they are known', () => {
    expect(offered('category:')).toEqual(['category:Orders ', 'category:"Sign ups" ']);
    expect(offered('disk category:"si')).toEqual(['category:"Sign ups" ']);
    expect(choices('category:o', PLAIN, () => [{ value: 'Orders', count: 1204 }], MEANS)[0]).toMatchObject({ note: '1,204', key: false });
    expect(lastWord('disk category:"sign u')).toBe('category:"sign u');
  });
  it('counts what is here, the most frequent first, and says no number of a part', () => {
    const events = ['a', 'b', 'b'].map((type) => ({ type }) as EventView);
    expect(seenValues('type', events, true)).toEqual([{ value: 'b', count: 2 }, { value: 'a', count: 1 }]);
    expect(seenValues('type', events, false)).toEqual([{ value: 'b' }, { value: 'a' }]);
  });
});

describe('the first snippet', () => {
  it.each(LANGUAGES.map(({ value }) => value))('has the key filled in, or says where it is read from: %s', (language) => {
    const text = (token: string | null) => snippet(language, 'https://ensue.example', token).map((piece) => piece.text).join('');
    expect(text('ens_abc')).toContain('ens_abc"');
    expect(text('ens_abc')).not.toContain('ENSUE_TOKEN');
    expect(text(null)).toContain('ENSUE_TOKEN');
    expect(text(null)).toContain('https://ensue.example');
  });
});
