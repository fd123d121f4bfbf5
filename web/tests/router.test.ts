import { describe, expect, test } from 'vitest';
import { match, safeTarget, type Route } from '../src/router';

const routes: Route<string>[] = [
  { name: 'feed', path: '/', load: '' },
  { name: 'triggers', path: '/triggers', load: '' },
  { name: 'new', path: '/triggers/new', load: '' },
  { name: 'trigger', path: '/triggers/:id', load: '' },
];
const name = (path: string): string | undefined => match(routes, path)?.route.name;

describe('a path finds its screen', () => {
  test.each([
    ['/', 'feed'],
    ['', 'feed'],
    ['/triggers', 'triggers'],
    ['/triggers/', 'triggers'],
    ['/triggers/new', 'new'],
    ['/triggers/abc', 'trigger'],
    ['/triggers/a/b', undefined],
    ['/nothing', undefined],
    ['/triggers/%zz', undefined],
  ])('%s is %s', (path, expected) => expect(name(path)).toBe(expected));

  test('parameters are decoded, and a coded slash stays inside', () => {
    expect(match(routes, '/triggers/a%2Fb%20c')?.params).toEqual({ id: 'a/b c' });
  });
});

describe('where a login leads is a path of this console', () => {
  test.each([
    ['/triggers?state=dead#x', '/triggers?state=dead#x'],
    [null, '/'],
    ['', '/'],
    ['https://evil.example/', '/'],
    ['//evil.example/x', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['javascript:alert(1)', '/'],
  ])('%s becomes %s', (target, expected) => expect(safeTarget(target, 'https://ensue.example')).toBe(expected));
});
