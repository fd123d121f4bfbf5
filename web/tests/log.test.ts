import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Log } from '../src/screens/deliveries/log.svelte';

const ask = vi.fn();
vi.mock('../src/api/client', () => ({ ask: (...given: unknown[]) => ask(...given) }));

const rows = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ id: `dlv_${from - at}`, state: 'dead' }));
const page = (from: number, count: number, next: string | null = null) => ({ ok: true, value: { items: rows(from, count), next }, status: 200 });
const numbers = (log: Log) => log.rows?.map(({ id }) => Number(id.slice(4)));

let log: Log;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {}, removeEventListener: () => {} });
  ask.mockReset();
});
afterEach(() => {
  log.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a page that was asked for before the list was loaded anew is not put under it', async () => {
  ask.mockResolvedValueOnce(page(100, 50, 'at 51'));
  log = new Log({});
  await vi.advanceTimersByTimeAsync(0);
  let answer!: (found: object) => void;
  ask.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
  const further = log.further();
  ask.mockResolvedValueOnce(page(160, 50, 'at 111'));
  await log.load();
  answer(page(50, 50));
  await further;
  expect(numbers(log)).toEqual(numbers({ rows: rows(160, 50) } as Log));
  expect([log.next, log.more]).toEqual(['at 111', false]);
});

test('of more new ones than a page has none is left out between them and the rest', async () => {
  ask.mockResolvedValueOnce(page(100, 50, 'at 51'));
  log = new Log({});
  await vi.advanceTimersByTimeAsync(0);
  ask.mockResolvedValue(page(180, 50, 'at 131'));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(log.news).toHaveLength(50);
  log.show();
  await vi.advanceTimersByTimeAsync(0);
  expect(numbers(log)?.at(-1)).toBe(131);
  expect(log.next).toBe('at 131');
});

test('a few new ones stand before the rest', async () => {
  ask.mockResolvedValueOnce(page(100, 50, 'at 51'));
  log = new Log({});
  await vi.advanceTimersByTimeAsync(0);
  ask.mockResolvedValue(page(102, 50, 'at 53'));
  await vi.advanceTimersByTimeAsync(3_000);
  log.show();
  expect(numbers(log)?.slice(0, 3)).toEqual([102, 101, 100]);
  expect([log.rows?.length, log.next]).toEqual([52, 'at 51']);
});

test('on a slow network the first answer is waited for, and shown', async () => {
  ask.mockImplementation(() => new Promise((resolve) => setTimeout(() => resolve(page(100, 50)), 10_000)));
  log = new Log({});
  await vi.advanceTimersByTimeAsync(9_999);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(log.rows).toHaveLength(50);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(ask).toHaveBeenCalledTimes(2);
});
