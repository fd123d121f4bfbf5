import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../src');
const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'));

interface Node {
  type?: string;
  name?: string;
  data?: string;
  value?: unknown;
  attributes?: Node[];
}

/** Every node of the markup of a file; what stands in attributes only where it is asked for. */
function* nodes(value: unknown, inside: boolean): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodes(one, inside);
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value) yield value as Node;
    for (const [name, inner] of Object.entries(value)) if (inside || name !== 'attributes') yield* nodes(inner, inside);
  }
}

const all = (inside: boolean): [string, Node][] =>
  FILES.flatMap((file) => [...nodes(parse(readFileSync(join(ROOT, file), 'utf8'), { modern: true }).fragment, inside)].map((node): [string, Node] => [file, node]));
const found = all(true);
const attributes = (node: Node): Node[] => (node.attributes ?? []).filter((one) => one.type === 'Attribute');
const literal = (attribute: Node): string =>
  Array.isArray(attribute.value) ? attribute.value.map((part: Node) => (part.type === 'Text' ? part.data : '')).join('') : '';

/** What is no English: names, keys, what is typed in a terminal, examples of types, filters and headers. */
const NAMES = /^(Ensue|POST|GET|https:\/\/|· Ensue|ensue [\w.\s-]+|whsec_•*|[a-z]+\.[a-z]+|event\.[\w.]+ > \d+|X-Name|webhook-id|Enter|UTC)$/;
const SAID = new Set(['title', 'aria-label', 'placeholder', 'alt', 'label', 'hint', 'text']);

const isEnglish = (text: string): boolean => {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.some((line) => /[A-Za-z]{2,}/.test(line) && !NAMES.test(line));
};

test('what people read stands in words.ts, not in the markup', () => {
  const texts = all(false).filter(([, node]) => node.type === 'Text' && isEnglish(node.data ?? ''));
  const said = found.flatMap(([file, node]) => attributes(node).filter((one) => SAID.has(one.name ?? '') && isEnglish(literal(one))).map((one) => `${file}: ${one.name}=${literal(one)}`));
  expect([...texts.map(([file, node]) => `${file}: ${node.data?.trim()}`), ...said]).toEqual([]);
});

test('nothing is styled in the markup, which the policy forbids', () => {
  expect(found.flatMap(([file, node]) => attributes(node).filter((one) => one.name === 'style').map(() => file))).toEqual([]);
  expect(readFileSync(join(ROOT, '../index.html'), 'utf8')).not.toMatch(/style=|<style|<script(?![^>]*src=)/);
});

test('what users wrote is never markup', () => {
  expect(found.filter(([, node]) => node.type === 'HtmlTag').map(([file]) => file)).toEqual([]);
});

test('a link that opens a tab of its own tells it nothing of us', () => {
  const opening = found.filter(([, node]) => attributes(node).some((one) => one.name === 'target'));
  expect(opening.length).toBeGreaterThan(0);
  for (const [file, node] of opening) expect(attributes(node).some((one) => one.name === 'rel'), file).toBe(true);
});
