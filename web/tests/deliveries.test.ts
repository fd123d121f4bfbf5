import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DeliveryView, TriggerView } from '../src/api/types';
import { bars, bodyOf, curl, lastAnswer, mostOf, outcome, sentence, steps, type AttemptView } from '../src/deliveries/attempts';
import { pushName } from '../src/events/followed';
import { idOf } from '../src/ids';
import { fromQuery, isFiltered, isRange, NONE, toQuery, toUrl } from '../src/screens/deliveries/filters';
import { firstHour, fromDeliveries, healthOf, HOUR, sorted, withTallies } from '../src/screens/triggers/health';
import { waiting, withFailures, withQuiet } from '../src/screens/triggers/lookups';

const NOW = Date.UTC(2026, 10, 22, 12, 30);
const delivery = (given: Partial<DeliveryView>): DeliveryView =>
  ({ id: 'dlv_1', kind: 'webhook', event: 'e', trigger: 't', state: 'delivered', in_flight: false, tries: 1, claim: 1, created_at: new Date(NOW).toISOString(), ...given }) as DeliveryView;

it('an error is a sentence, and a host at its beginning is left as it is written', () => {
  expect(sentence('connect: connection refused')).toBe('Connection refused');
  expect(sentence('resolve: wms.fjord.example does not resolve: nobody.')).toBe('wms.fjord.example does not resolve: nobody.');
});

it('a push goes by whose device it is for, as far as that is told', () => {
  const named = (device?: object) => pushName({ device } as DeliveryView);
  expect(named({ id: 'dev_1', name: 'Pixel', member: { id: 'acc_1', name: 'Maya' } })).toBe('Push to Maya · Pixel');
  expect([named({ id: 'dev_1' }), named()]).toEqual(['Push to a removed device', 'Push to a device']);
});

describe('filters of deliveries', () => {
  it('stand in the URL and come back', () => {
    const filters = { ...NONE, state: 'dead', trigger: 'trg_1', period: 'day', words: 'held 503' } as const;
    expect(toUrl(filters)).toEqual({ state: 'dead', trigger: 'trg_1', period: 'day', since: null, until: null, by: null, event: null, replay: null, q: 'held 503' });
    expect(fromQuery(new URLSearchParams('state=dead&trigger=trg_1&period=day&q=held+503'))).toEqual(filters);
    expect(toUrl({ state: 'all' })).toEqual({ state: null });
    expect(toUrl({ words: '  ' })).toEqual({ q: null });
  });
  it('take a period or a range, never both', () => {
    expect(toUrl({ period: 'week' })).toEqual({ period: 'week', since: null, until: null, by: null });
    expect(toUrl({ since: '2026-11-21T14:00:00Z', until: '' })).toEqual({ since: '2026-11-21T14:00:00Z', until: null, period: null });
    const hour = fromQuery(new URLSearchParams('period=week&since=2026-11-21T14:00:00Z&until=2026-11-21T15:00:00Z'));
    expect(isRange(hour)).toBe(true);
    expect(toQuery(hour, NOW)).toMatchObject({ since: '2026-11-21T14:00:00Z', until: '2026-11-21T15:00:00Z' });
    expect(toQuery({ ...hour, by: 'end' }, NOW)).toMatchObject({ ended_since: '2026-11-21T14:00:00Z', ended_until: '2026-11-21T15:00:00Z' });
    expect(fromQuery(new URLSearchParams('since=nonsense'))).toEqual(NONE);
  });
  it('become a query of the API, in whole minutes', () => {
    const filters = fromQuery(new URLSearchParams('period=hour&state=nonsense&q=%20order%20'));
    expect(toQuery(filters, NOW + 12_345)).toMatchObject({ state: undefined, since: '2026-11-22T11:30:00.000Z', q: 'order' });
    expect(isFiltered(filters)).toBe(true);
    expect(isFiltered(fromQuery(new URLSearchParams()))).toBe(false);
    expect(isFiltered({ ...NONE, words: 'x' })).toBe(true);
  });
  it('know ids', () => {
    expect(idOf(' dlv_01m80kns85201zcy7w3251ab6v ')).toEqual({ delivery: 'dlv_01m80kns85201zcy7w3251ab6v' });
    expect(idOf('01a2013a-e505-73bc-a5ca-2adb124e3593')).toEqual({ event: '01a2013a-e505-73bc-a5ca-2adb124e3593' });
    expect(idOf('order')).toBeNull();
  });
});

describe('attempts', () => {
  it('are bars: failed, arrived, still to come', () => {
    expect(bars({ state: 'delivered', tries: 3 }, 10)).toEqual(['failed', 'failed', 'arrived']);
    expect(bars({ state: 'pending', tries: 1 }, 3)).toEqual(['failed', 'left', 'left']);
    expect(bars({ state: 'dead', tries: 2 }, 2)).toEqual(['failed', 'failed']);
    expect(bars({ state: 'pending', tries: 1 }, 100)).toHaveLength(12);
    expect(mostOf(7, 5)).toBe(7);
    expect(mostOf(1, undefined)).toBeNull();
  });
  it('have their waits between them, newest first', () => {
    const attempt = (number: number, at: number): AttemptView => ({ number, claim: number, result: 'failed', started_at: new Date(NOW + at).toISOString(), duration_ms: 1000 }) as AttemptView;
    expect(steps([attempt(1, 0), attempt(2, 6000)]).map((step) => step.waited)).toEqual([5000, null]);
  });
  it('are told in one line', () => {
    const last = { result: 'failed', started_at: new Date(NOW).toISOString(), duration_ms: 9, status: 503, error: null };
    expect(lastAnswer(delivery({ state: 'dead', last }), NOW)).toEqual({ text: '503, gave up', bad: true });
    expect(lastAnswer(delivery({ state: 'pending', last, due_at: new Date(NOW + 40_400).toISOString() }), NOW).text).toBe('503, again in 41 s');
    expect(lastAnswer(delivery({ last: { ...last, status: 201 } }), NOW).text).toBe('201 Created');
  });
  it('say in a few words why nothing came back', () => {
    const failed = (error: string): AttemptView => ({ number: 1, claim: 1, result: 'failed', started_at: '', duration_ms: 15_000, error }) as AttemptView;
    expect(outcome(failed('connect: Failed to connect to 127.0.0.1:1 after 0 ms: refused (127.0.0.1).'))).toBe('No connection');
    expect(outcome(failed('timeout: Timed out: no complete answer from 10.0.0.1.'))).toBe('No answer in 15 s');
    expect(outcome(failed('Something else. At length.'))).toBe('Something else');
    expect(sentence('connect: Failed to connect to 127.0.0.1.')).toBe('Failed to connect to 127.0.0.1.');
  });
  it('show JSON as JSON, and quote commands', () => {
    expect(bodyOf('{"a":1}')).toEqual({ value: { a: 1 } });
    expect(bodyOf('plain')).toEqual({ text: 'plain' });
    expect(curl('POST', 'https://a', { b: "it's" }, '{}')).toContain(`-H 'b: it'\\''s'`);
  });
});

describe('health', () => {
  const trigger = (given: Partial<TriggerView> = {}): TriggerView => ({ id: 't', name: 'T', enabled: true, ...given }) as TriggerView;
  const failed = { result: 'failed', started_at: new Date(NOW - 60_000).toISOString(), duration_ms: 9, status: 503, error: null };
  const sent = { ...failed, result: 'sent', status: 200, duration_ms: 142 };

  it('is failing from the first failure after the last arrival on', () => {
    const known = fromDeliveries([delivery({ state: 'pending', last: failed }), delivery({ state: 'dead', last: { ...failed, started_at: new Date(NOW - 120_000).toISOString() } }), delivery({ last: sent })], NOW).get('t');
    expect(known).toMatchObject({ arrived: 1, dead: 1, waiting: 1, p95: 142, broken: { since: NOW - 120_000, status: 503 } });
    expect(healthOf(trigger(), known)).toBe('failing');
  });
  it('is healthy once it arrives again, and says when it last failed', () => {
    const known = fromDeliveries([delivery({ last: sent }), delivery({ state: 'dead', last: failed })], NOW).get('t');
    expect(healthOf(trigger(), known)).toBe('healthy');
    expect(known?.failure).toBe(NOW - 60_000);
  });
  it('tells off, stopped, quiet and a filter that complains', () => {
    expect(healthOf(trigger({ enabled: false }), undefined)).toBe('off');
    expect(healthOf(trigger({ enabled: false, disabled_reason: '410' }), undefined)).toBe('stopped');
    expect(healthOf(trigger(), undefined)).toBe('quiet');
    expect(healthOf(trigger({ filter_error: 'no amount' }), undefined)).toBe('warning');
  });
  it("takes the server's counts where there are some", () => {
    const hour = new Date(firstHour(NOW) + 23 * HOUR).toISOString();
    const all = withTallies(new Map(), [{ trigger: 't', result: 'delivered', count: 4 }, { trigger: 't', result: 'dead', count: 1 }], [{ trigger: 't', result: 'delivered_after_retries', count: 2, hour }], NOW);
    expect(all.get('t')).toMatchObject({ arrived: 4, dead: 1 });
    expect(all.get('t')?.bars?.[23]).toEqual({ arrived: 2, dead: 0 });
  });
  it('puts what fails first, then goes by name', () => {
    const row = (name: string, health: 'failing' | 'healthy' | 'off') => ({ trigger: trigger({ name }), known: undefined, health });
    expect(sorted([row('b', 'healthy'), row('a', 'off'), row('z', 'failing')]).map((one) => one.trigger.name)).toEqual(['z', 'a', 'b']);
  });
});

describe('what is asked of single triggers', () => {
  const trigger = (id: string): TriggerView => ({ id, name: id, enabled: true }) as TriggerView;
  const answers = (found: (url: URL) => unknown) =>
    vi.stubGlobal('fetch', (path: string) => Promise.resolve(new Response(JSON.stringify(found(new URL(path, 'http://x'))))));
  afterEach(() => vi.unstubAllGlobals());

  it('is what they did before the newest deliveries, and when they last failed', async () => {
    const failed = { result: 'failed', started_at: new Date(NOW - 90 * 60_000).toISOString(), duration_ms: 9, status: 503, error: null };
    answers((url) => ({ items: url.searchParams.get('trigger') === 'quiet' ? [delivery({ trigger: 'quiet', state: 'dead', last: failed })] : [], next: null }));
    const tallies = [{ trigger: 'quiet', result: 'dead', count: 1 }, { trigger: 'good', result: 'delivered', count: 9 }];
    const lately = await withQuiet(fromDeliveries([delivery({ trigger: 'good' })], NOW), [trigger('quiet'), trigger('good'), trigger('fresh')], tallies, NOW);
    expect(lately.get('quiet')?.broken?.status).toBe(503);
    expect(lately.has('fresh')).toBe(false);
    const told = await withFailures(lately, tallies, NOW);
    expect(told.get('quiet')?.failure).toBe(Date.parse(failed.started_at));
    expect(told.get('good')?.failure).toBeNull();
  });

  it('is a failure before it arrived, which its attempts tell', async () => {
    const started_at = new Date(NOW - 60_000).toISOString();
    answers(() => ({ id: 'dlv_9', attempts: [{ result: 'failed', started_at }, { result: 'sent', started_at: new Date(NOW).toISOString() }] }));
    const lately = fromDeliveries([delivery({ id: 'dlv_9', tries: 2 })], NOW);
    expect((await withFailures(lately, [], NOW)).get('t')?.failure).toBe(Date.parse(started_at));
  });

  it('is what waits, each its own where a page holds not all', async () => {
    const pending = (many: number, trigger: string) => Array.from({ length: many }, () => delivery({ state: 'pending', trigger }));
    expect(await waiting({ items: pending(3, 'a'), next: null }, [trigger('a')], NOW)).toEqual(new Map([['a', '3']]));
    answers((url) => ({ items: pending(url.searchParams.get('trigger') === 'b' ? 7 : 200, 'x'), next: url.searchParams.get('trigger') === 'b' ? null : 'on' }));
    const waits = await waiting({ items: pending(200, 'a'), next: 'on' }, [trigger('a'), trigger('b')], NOW);
    expect(waits).toEqual(new Map([['a', '200+'], ['b', '7']]));
  });
});
