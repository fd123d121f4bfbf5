import { describe, expect, it } from 'vitest';
import type { EventView } from '../../src/api/types';
import { avatarOf, isOwn, lineOf, rowsOf } from '../../src/events/summary';
import { children, contextOf, grown, SHOWN } from '../../src/events/threads';
import { storyOf } from '../../src/screens/event/story';

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 14, 30, second)).toISOString();
const make = (id: string, more: object = {}): EventView => ({ id, type: 'deploy.step', time: at(0), received_at: at(0), state: 'recorded', ...more }) as EventView;
const press = (id: string, kind: string, more: object = {}) =>
  make(id, { type: `ensue.action.${kind}`, data: { event: 'root', action: 'a', label: 'Promote', by: { id: 'm', name: 'Leo' }, at: at(5), delivery: 'd1', ...more } });

describe('a thread', () => {
  it('grows at its end, once for each event', () => {
    const root = make('root', { context: { id: 'c' } });
    const one = grown(root, make('1'));
    expect(one.thread).toMatchObject({ root: 'root', count: 1 });
    expect(grown(one, make('1'))).toBe(one);
    expect(grown(one, root)).toBe(one);
  });
  it('keeps as many as the server shows, and counts them all', () => {
    let root = make('root');
    for (let number = 0; number < SHOWN + 5; number++) root = grown(root, make(String(number)));
    expect(root.thread?.events).toHaveLength(SHOWN);
    expect(children(root, 4)).toMatchObject({ earlier: SHOWN + 1, count: SHOWN + 5 });
    expect(children(root, 4).shown.map((child) => child.id)).toEqual(['21', '22', '23', '24']);
  });
  it('leaves presses to their buttons', () => {
    const root = grown(grown(make('root'), press('p', 'pressed')), make('1'));
    expect(children(root, 4)).toMatchObject({ count: 1, earlier: 0 });
    expect(children(make('alone'), 4)).toEqual({ shown: [], earlier: 0, count: 0 });
  });
  it('is that of the event itself where it has no context', () => {
    expect([contextOf(make('a')), contextOf(make('a', { context: { id: 'c' } }))]).toEqual(['a', 'c']);
  });
});

describe('the story of a thread', () => {
  it('tells each press once, with what came of it', () => {
    const root = make('root', { thread: { root: 'root', count: 3, events: [press('p', 'pressed'), press('q', 'failed', { status: 503 }), make('1', { received_at: at(9) })] } });
    const story = storyOf(root, null);
    expect(story.map(({ id, kind }) => [id, kind])).toEqual([['root', 'event'], ['p', 'press'], ['1', 'event']]);
    expect(story[1]).toMatchObject({ title: 'Promote', by: 'Leo', state: 'failed', note: '503' });
    expect(story[0]?.current).toBe(true);
  });
});

describe('a card in one line', () => {
  it('knows rows as pairs, with labels, or as objects', () => {
    expect(rowsOf([['A', 1], { label: 'B', value: null }, { name: 'C', value: { d: 1 } }, { E: 'f', G: true }, 'h'])).toEqual([
      { label: 'A', value: '1' }, { label: 'B', value: '–' }, { label: 'C', value: '{"d":1}' }, { label: 'E', value: 'f' }, { label: 'G', value: 'true' }, { label: '', value: 'h' },
    ]);
    expect(rowsOf({ no: 'list' })).toEqual([]);
  });
  it('takes the first line of text, and the host of an image', () => {
    expect(lineOf(make('a', { card: { title: 't', content: { type: 'text', value: ' one \ntwo' } } }))).toBe('one');
    expect(lineOf(make('a', { card: { title: 't', content: { type: 'image', value: 'https://g.example/x.png' } } }))).toBe('g.example');
  });
  it('never shows an image of others unasked', () => {
    const avatar = (text: string) => avatarOf(make('a', { card: { title: 'Order held', avatar: text } }), 'https://e.example');
    expect(avatar('🛒 cart')).toEqual({ kind: 'emoji', text: '🛒' });
    expect(avatar('👩🏽‍🚀')).toEqual({ kind: 'emoji', text: '👩🏽‍🚀' });
    expect(avatar('mc')).toEqual({ kind: 'letters', text: 'MC' });
    expect(avatar('https://evil.example/x.png')).toEqual({ kind: 'letters', text: 'OH' });
    expect(avatar('/avatars/a.png')).toEqual({ kind: 'image', url: '/avatars/a.png' });
    expect(['//evil.example/a', 'javascript:alert(1)', 'data:text/html,x', 'data:image/svg+xml,<svg>'].some((url) => isOwn(url, 'https://e.example'))).toBe(false);
  });
});
