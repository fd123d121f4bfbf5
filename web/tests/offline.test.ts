import { describe, expect, it } from 'vitest';
import type { EventView } from '../src/api/types';
import { MOST_TEXT, bounded } from '../src/offline/store';
import { isOld, nameOf, sourceOf, type Build } from '../src/worker/shell';

const origin = 'https://ensue.example';
const build: Build = { version: 'b2', files: ['/', '/theme.js', '/assets/index-1.js'], screens: ['/', '/events/:id', '/settings/devices'] };
const get = (url: string, mode = 'cors', method = 'GET') => sourceOf({ method, mode, url: new URL(url, origin).href }, origin, build);

describe('the worker answers', () => {
  it.each(['/', '/?project=shop', '/events/01ABC?project=shop', '/settings/devices/'])('the page for the screen %s', (path) => {
    expect(get(path, 'navigate')).toBe('page');
  });
  it('files of the build, hashed or not', () => {
    expect(get('/assets/later-9.js')).toBe('asset');
    expect(get('/theme.js?x=1')).toBe('file');
  });
  it.each([
    ['/api/v1/events', 'cors'],
    ['/api/v1/stream', 'cors'],
    ['/readyz', 'cors'],
    ['/docs', 'navigate'],
    ['/v1/api/shop/eventing', 'navigate'],
    ['/events/01ABC/actions/ship', 'navigate'],
    ['https://elsewhere.example/assets/x.js', 'cors'],
    ['https://elsewhere.example/', 'navigate'],
  ])('nothing for %s (%s)', (url, mode) => expect(get(url, mode)).toBeNull());
  it('nothing that changes something', () => expect(get('/', 'navigate', 'POST')).toBeNull());
});

it('drops what other builds kept, and nothing else', () => {
  expect(nameOf(build)).toBe('ensue-shell-b2');
  expect(['ensue-shell-b1', 'ensue-shell-b2', 'others'].filter((name) => isOld(name, build))).toEqual(['ensue-shell-b1']);
});

it('keeps the newest events, as many as there is room for', () => {
  const event = (id: string, size = 0) => ({ id, data: 'x'.repeat(size) }) as unknown as EventView;
  const all = Array.from({ length: 9 }, (_, at) => event(`${at}`));
  expect(bounded(all, 3).map(({ id }) => id)).toEqual(['0', '1', '2']);
  const large = [event('a', MOST_TEXT / 2), event('b', MOST_TEXT / 2), event('c', 10)];
  expect(bounded(large, 9).map(({ id }) => id)).toEqual(['a']);
});
