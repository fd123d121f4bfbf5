import { describe, expect, test } from 'vitest';
import { categoryClass } from '../src/categories';
import { jsonLines } from '../src/json';

const text = (value: unknown, opened: string[] = [], open = 1): string[] =>
  jsonLines(value, new Set(opened), open).map((line) => '  '.repeat(line.depth) + line.pieces.map((piece) => piece.text).join(''));

describe('JSON as lines', () => {
  const value = { order: 4821, items: [1, 2], risk: { a: null }, none: {}, 'a/b': ['x'] };

  test('is folded beyond the first level', () => {
    expect(text(value)).toEqual(['{', '  "order": 4821,', '  "items": [ 2 items ],', '  "risk": { 1 key },', '  "none": {},', '  "a/b": [ 1 item ]', '}']);
  });

  test('opens where it is asked to, by a path in which a slash of a key is no step', () => {
    expect(text(value, ['/a~1b'])).toContain('    "x"');
    expect(text(value, ['/items'])).toContain('    1,');
  });

  test('unfolded it reads as JSON does', () => {
    expect(JSON.parse(text(value, [], 99).join('\n'))).toEqual(value);
  });

  test('markup and quotes are text', () => {
    expect(text({ x: '<b>"' })).toContain('  "x": "<b>\\""');
  });
});

test('a category keeps its colour, none has the grey, and all seven are used', () => {
  expect(categoryClass('Orders')).toBe(categoryClass('Orders'));
  expect(categoryClass('')).toBe('cat-8');
  expect(['Orders', 'Deploys', 'Infra', 'Sign-ups', 'Support', 'Payments', 'Cron'].map(categoryClass)).toEqual(['cat-1', 'cat-2', 'cat-3', 'cat-4', 'cat-5', 'cat-6', 'cat-7']);
  const used = new Set(Array.from({ length: 200 }, (_, at) => categoryClass(`category ${at}`)));
  expect([...used].sort()).toEqual(['cat-1', 'cat-2', 'cat-3', 'cat-4', 'cat-5', 'cat-6', 'cat-7']);
});
