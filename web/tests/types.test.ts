import { expect, test } from 'vitest';
import { holdsType, withPatterns } from '../src/events/types';

test.each([
  ['order.paid', 'order.paid', true],
  ['order.*', 'order.paid', true],
  ['order.*', 'order.paid.late', false],
  ['order.**', 'order.paid.late', true],
  ['order.**', 'order', true],
  ['**', 'anything.at.all', true],
  ['**.late', 'order.paid.late', true],
  ['*.paid', 'order.paid', true],
  ['order.*', 'orders.paid', false],
])('%s and %s: %s', (pattern, type, holds) => expect(holdsType(pattern, type)).toBe(holds));

test('beginnings that are shared are offered as patterns', () => {
  expect(withPatterns(['order.paid', 'order.held', 'user.left'])).toEqual(['order.paid', 'order.held', 'user.left', 'order.*']);
  expect(withPatterns(['a.b', 'a.b.c'])).toContain('a.**');
});
