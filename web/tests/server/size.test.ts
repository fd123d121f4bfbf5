import { expect, test } from 'vitest';
import { size } from '../../src/screens/server/server';

test.each([[0, '0 B'], [1023, '1023 B'], [1536, '1.5 KB'], [5 * 2 ** 20, '5.0 MB'], [80 * 2 ** 30, '80 GB'], [2 ** 60, '1048576 TB']])('%s is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
