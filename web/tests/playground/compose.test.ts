import { expect, test } from 'vitest';
import { bodyOf, codeOf, fieldOf, FIRST, python, type Form } from '../../src/screens/playground/compose';
import { LANGUAGES } from '../../src/screens/feed/snippets';

const form = (changes: Partial<Form>): Form => ({ ...FIRST, ...changes });
const code = (language: (typeof LANGUAGES)[number]['value'], changes: Partial<Form>): string =>
  codeOf(language, 'https://ensue.example', bodyOf(form(changes))).map((piece) => piece.text).join('');

test('what is empty is left out', () => {
  const bare = form({ title: ' ', category: '', avatar: '', data: '', content: '' });
  expect(bodyOf(bare)).toEqual({ type: 'order.paid' });
  expect(bodyOf(form({ data: '{"half":' }))).not.toHaveProperty('data');
});

test('content is what its kind says', () => {
  const value = (changes: Partial<Form>) => (bodyOf(form(changes)).card as { content?: unknown }).content;
  expect(value({ kind: 'rows', content: 'Customer: Ada\nTotal: 4:20\nplain' })).toEqual({ type: 'rows', value: [['Customer', 'Ada'], ['Total', '4:20'], ['', 'plain']] });
  expect(value({ kind: 'json', content: '{"a": 1}' })).toEqual({ type: 'json', value: { a: 1 } });
  expect(value({ kind: 'json', content: '{' })).toBeUndefined();
  expect(value({ kind: 'image', content: ' https://a.example/b.png ' })).toEqual({ type: 'image', value: 'https://a.example/b.png' });
});

test('buttons have keys of their own, links are marked and lead somewhere', () => {
  const actions = [
    { label: 'Ship it', url: 'https://a.example', style: 'plain' as const },
    { label: 'Ship it', url: 'https://b.example', style: 'danger' as const },
    { label: '→', url: 'https://c.example', style: 'link' as const },
    { label: '', url: 'https://d.example', style: 'plain' as const },
    { label: 'Thanks', url: ' ', style: 'plain' as const },
    { label: 'Nowhere', url: '', style: 'link' as const },
  ];
  expect((bodyOf(form({ actions })).card as { actions: unknown[] }).actions).toEqual([
    { key: 'ship-it-1', label: 'Ship it', url: 'https://a.example' },
    { key: 'ship-it-2', label: 'Ship it', url: 'https://b.example', style: 'danger' },
    { key: 'action-3', label: '→', url: 'https://c.example', external: true },
    { key: 'thanks-4', label: 'Thanks' },
  ]);
});

test('code holds the body in every language, quotes kept', () => {
  const title = "It's \"here\"";
  expect(code('curl', { title })).toContain(`It'\\''s \\"here\\"`);
  expect(code('node', { title })).toContain(`"It's \\"here\\""`);
  expect(code('php', { title })).toContain(`It\\'s \\\\"here\\\\"`);
  expect(code('python', { title, test: true })).toContain(`"test": True`);
  for (const { value } of LANGUAGES) expect(code(value, {})).toContain('https://ensue.example');
});

test('JSON becomes Python', () => {
  expect(python({ a: [null, true, 1.5], b: {}, c: [] })).toBe('{\n    "a": [\n        None,\n        True,\n        1.5,\n    ],\n    "b": {},\n    "c": [],\n}');
});

test('errors of the server find their field', () => {
  expect(fieldOf('card.actions[0].url')).toBe('actions');
  expect(fieldOf('card.content.value')).toBe('content');
  expect(fieldOf('context.id')).toBe('context');
  expect(fieldOf('type')).toBe('type');
  expect(fieldOf('send_at')).toBeNull();
  expect(fieldOf(undefined)).toBeNull();
});
