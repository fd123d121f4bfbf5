import { expect, test } from 'vitest';
import { momentText, momentTyped } from '../src/moments';

test('a moment stands in a field, and comes back as it is shown', () => {
  const at = Date.parse('2026-11-21T14:30:00Z');
  expect(momentText(at, 'utc')).toBe('2026-11-21T14:30');
  expect(momentTyped(momentText(at, 'utc'), 'utc')).toBe(at);
  expect(momentTyped(momentText(at, 'local'), 'local')).toBe(at);
  expect(momentTyped('', 'utc')).toBeNull();
  expect(momentTyped('soon', 'local')).toBeNull();
});
