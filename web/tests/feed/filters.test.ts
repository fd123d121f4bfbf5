import { describe, expect, it } from 'vitest';
import type { EventView } from '../../src/api/types';
import { fromQuery, holds, joined, momentOf, toApi, toUrl, typeMatches, wrongWith, type Filters } from '../../src/screens/feed/filters';
import { taken, typed } from '../../src/screens/feed/typing';

const NOW = Date.UTC(2026, 10, 21, 14, 30);
const PLAIN: Filters = { chips: [], words: '', muted: false };
const event = (more: object): EventView => ({ id: 'e', type: 'order.paid', received_at: new Date(NOW).toISOString(), ...more }) as EventView;

describe('chips as they are typed', () => {
  it('is a chip when a blank follows it', () => {
    expect(taken('late category:Orders ')).toEqual({ chips: [{ key: 'category', value: 'Orders' }], rest: 'late ' });
    expect(taken('category:Ord')).toEqual({ chips: [], rest: 'category:Ord' });
  });
  it('takes blanks in quotes, and several at once', () => {
    const { chips, rest } = taken('category:"New orders" has:action disk ');
    expect(chips).toEqual([{ key: 'category', value: 'New orders' }, { key: 'has', value: 'action' }]);
    expect(rest).toBe('disk ');
  });
  it('leaves words alone that only look alike: unknown keys, URLs, operators, an open quote', () => {
    for (const text of ['colour:red ', 'https://a.example/ ', 'category:"Orders ', 'a AND b:(c) ', 'category: x ']) expect(taken(text).chips).toEqual([]);
  });
  it('reads 10 kB of anything without effort', () => {
    expect(taken('category:a"'.repeat(1000)).chips.length).toBeLessThan(1001);
  });
  it('writes itself back as it would be typed', () => {
    expect(typed({ key: 'category', value: 'New orders' })).toBe('category:"New orders"');
    expect(taken(`${typed({ key: 'subject', value: 'a b' })} `).chips).toEqual([{ key: 'subject', value: 'a b' }]);
  });
  it('has one chip of a key: the newer one', () => {
    expect(joined([{ key: 'type', value: 'a' }], [{ key: 'type', value: 'b' }])).toEqual([{ key: 'type', value: 'b' }]);
  });
});

describe('the URL', () => {
  it('gives back what was put into it', () => {
    const filters: Filters = { chips: [{ key: 'category', value: 'New & old' }, { key: 'after', value: '20 Nov' }], words: 'a "b', muted: true };
    const query = new URLSearchParams(Object.entries(toUrl(filters)).filter((pair): pair is [string, string] => pair[1] !== null));
    expect(fromQuery(query)).toEqual(filters);
  });
});

describe('moments', () => {
  it('reads days, times, and how long ago', () => {
    expect(momentOf('today', NOW, 'utc')).toBe(Date.UTC(2026, 10, 21));
    expect(momentOf('Yesterday', NOW, 'utc')).toBe(Date.UTC(2026, 10, 20));
    expect(momentOf('24h', NOW, 'utc')).toBe(NOW - 86_400_000);
    expect(momentOf('20 Nov', NOW, 'utc')).toBe(Date.UTC(2026, 10, 20));
    expect(momentOf('2026-11-20T10:15', NOW, 'utc')).toBe(Date.UTC(2026, 10, 20, 10, 15));
    expect(momentOf('2026-11-20T10:15+01:00', NOW, 'utc')).toBe(Date.UTC(2026, 10, 20, 9, 15));
  });
  it('says what is none, and why', () => {
    for (const text of ['31 Feb', '2026-13-01', 'soon', '', '2026-11-20T99:99']) expect(momentOf(text, NOW, 'utc')).toBeNull();
    expect(wrongWith({ key: 'after', value: '31 Feb' }, NOW, 'utc')).toBe('moment');
    expect(wrongWith({ key: 'has', value: 'wings' }, NOW, 'utc')).toBe('has');
    expect(wrongWith({ key: 'type', value: 'a b' }, NOW, 'utc')).toBe('type');
  });
});

describe('what the API is asked', () => {
  it('leaves out what is wrong', () => {
    const chips = [{ key: 'has', value: 'action' }, { key: 'after', value: '31 Feb' }, { key: 'type', value: 'order.*' }] as const;
    expect(toApi({ ...PLAIN, chips, words: ' disk ' }, false, NOW, 'utc')).toEqual({ feed: true, test: false, muted: false, q: 'disk', actions: true, type: 'order.*' });
  });
});

describe('what comes live', () => {
  it('knows patterns of types as the server does', () => {
    expect(typeMatches('order.*', 'order.paid')).toBe(true);
    expect(typeMatches('order.*', 'order.paid.late')).toBe(false);
    expect(typeMatches('order.**', 'order')).toBe(true);
    expect(typeMatches('**.late', 'order.paid.late')).toBe(true);
    expect(typeMatches('order.paid', 'order.paidx')).toBe(false);
  });
  it('holds to category, words, buttons, test and muted', () => {
    const card = { title: 'Order 4821 held', category: 'Orders', actions: [] };
    const one = event({ card });
    expect(holds({ ...PLAIN, chips: [{ key: 'category', value: 'Orders' }] }, false, one, NOW, 'utc')).toBe(true);
    expect(holds({ ...PLAIN, chips: [{ key: 'category', value: 'orders' }] }, false, one, NOW, 'utc')).toBe(false);
    expect(holds({ ...PLAIN, words: 'held 48' }, false, one, NOW, 'utc')).toBe(true);
    expect(holds({ ...PLAIN, words: 'hel 4821' }, false, one, NOW, 'utc')).toBe(false);
    expect(holds({ ...PLAIN, chips: [{ key: 'has', value: 'action' }] }, false, one, NOW, 'utc')).toBe(false);
    expect(holds(PLAIN, true, one, NOW, 'utc')).toBe(false);
    expect(holds(PLAIN, false, event({ card: { ...card, muted: true } }), NOW, 'utc')).toBe(false);
    expect(holds({ ...PLAIN, muted: true }, false, event({ card: { ...card, muted: true } }), NOW, 'utc')).toBe(true);
  });
});
