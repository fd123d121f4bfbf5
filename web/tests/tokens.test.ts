import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const css = readFileSync(join(import.meta.dirname, '../src/tokens.css'), 'utf8');
const block = (selector: string): string[] => {
  const from = css.indexOf(`${selector} {`);
  return css.slice(css.indexOf('{', from) + 1, css.indexOf('}', from)).split('\n').map((line) => line.trim()).filter(Boolean);
};

test('dark by choice is dark as the system has it', () => {
  const chosen = block(":root[data-theme='dark']");
  expect(chosen.length).toBeGreaterThan(30);
  expect(chosen).toEqual(block(":root:not([data-theme='light'])"));
});

test('every colour that dark changes is there in light', () => {
  const names = (lines: string[]) => lines.map((line) => line.split(':')[0]);
  expect(names(block(':root')).filter(Boolean)).toEqual(expect.arrayContaining(names(block(":root[data-theme='dark']"))));
});
