import { describe, expect, it } from 'vitest';
import { typedJson } from '../src/typedJson';

describe('typed JSON', () => {
  it('tells nothing from a value', () => {
    expect(typedJson('  ')).toEqual({ kind: 'empty' });
    expect(typedJson('null')).toEqual({ kind: 'value', value: null });
    expect(typedJson('{"a": [1]}')).toEqual({ kind: 'value', value: { a: [1] } });
  });
  it.each([
    ['{\n  "a": 1,\n}', 3, 'comma before'],
    ['{\n  a: 1\n}', 2, 'quotes'],
    ["{\n  'a': 1\n}", 2, 'instead of'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 'comma is missing'],
    ['{\n  "a": 1', 2, 'ends too early'],
  ])('says where %j is wrong, and why', (text, line, why) => {
    const found = typedJson(text);
    expect(found).toMatchObject({ kind: 'wrong', line });
    expect(found.kind === 'wrong' && found.text).toContain(why);
  });
});
