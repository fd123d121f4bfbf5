import { describe, expect, it } from 'vitest';
import type { ActionView, ButtonView, EventView } from '../../src/api/types';
import { hostOf, later, stateOf } from '../../src/events/actions';
import { confirming, isSafeLink, lockOf, rivalsOf, standing } from '../../src/events/standing';

const NOW = Date.UTC(2026, 10, 21, 14, 30);
const iso = (at: number) => new Date(at).toISOString();
const action = (more: object = {}): ActionView => ({ key: 'a', label: 'Approve', url: 'https://x.example/', ...more }) as ActionView;
const state = (kind: string, at = NOW, delivery = 'd1'): ButtonView => ({ state: kind, at: iso(at), by: { id: 'm', name: 'Maya' }, delivery }) as ButtonView;
const looking = { now: NOW, may: true };

describe('how a button stands', () => {
  it.each([
    ['ready', action()],
    ['external', action({ external: true })],
    ['running', action({ state: state('running') })],
    ['done', action({ state: state('done') })],
    ['failed', action({ state: state('failed') })],
    ['ready', action({ state: state('done'), repeat: true })],
    ['expired', action({ expires_at: iso(NOW) })],
    ['ready', action({ expires_at: iso(NOW + 1) })],
    ['done', action({ state: state('done'), repeat: true, expires_at: iso(NOW) })],
    ['running', action({ state: state('running'), expires_at: iso(NOW - 1) })],
  ])('is %s', (kind, given) => {
    expect(standing(given, looking).kind).toBe(kind);
  });
  it('is locked for viewers and while offline, but shows what came of it', () => {
    expect(standing(action(), { ...looking, may: false })).toEqual({ kind: 'locked', why: 'role' });
    expect(standing(action(), { ...looking, offline: true })).toEqual({ kind: 'locked', why: 'offline' });
    expect(standing(action({ state: state('done') }), { ...looking, may: false }).kind).toBe('done');
  });
  it('is locked for one reason, whatever stands beside it', () => {
    const offline = { ...looking, offline: true };
    expect(lockOf([action({ state: state('done') }), action(), action({ key: 'b' })].map((one) => standing(one, offline)))).toBe('offline');
    expect(lockOf([standing(action({ expires_at: iso(NOW) }), offline)])).toBeUndefined();
  });
  it('can be pressed again after a failure, until it expires', () => {
    expect(standing(action({ state: state('failed') }), looking)).toMatchObject({ again: true });
    expect(standing(action({ state: state('failed'), expires_at: iso(NOW - 1) }), looking)).toMatchObject({ again: false });
  });
});

describe('of a group one is chosen', () => {
  const rival = (kind: string | null) => action({ key: 'b', label: 'Reject', group: 'g', ...(kind && { state: state(kind) }) });
  it.each([
    ['ready', null, action({ group: 'g' })],
    ['ready', 'failed', action({ group: 'g' })],
    ['outdone', 'running', action({ group: 'g' })],
    ['outdone', 'done', action({ group: 'g' })],
    ['outdone', 'done', action({ group: 'g', state: state('failed') })],
    ['done', 'failed', action({ group: 'g', state: state('done') })],
  ])('is %s where the other is %s', (kind, other, given) => {
    expect(standing(given, { ...looking, rivals: [rival(other)] }).kind).toBe(kind);
  });
  it('knows the others of its group', () => {
    const event = { card: { actions: [action({ group: 'g' }), rival(null), action({ key: 'c', group: 'h' }), action({ key: 'd' })] } } as EventView;
    expect(rivalsOf(event, action({ group: 'g' })).map((one) => one.key)).toEqual(['b']);
    expect(rivalsOf(event, action())).toEqual([]);
  });
  it('is expired where the server says so, whatever the clock', () => {
    expect(standing(action({ expires_at: iso(NOW + 60_000) }), { ...looking, over: true }).kind).toBe('expired');
  });
});

describe('of two tellings the later one', () => {
  it('lets an end beat its beginning, in whatever order they come', () => {
    expect(later(state('done'), state('running')).state).toBe('done');
    expect(later(state('running'), state('failed')).state).toBe('failed');
    expect(later(null, state('running')).state).toBe('running');
  });
  it('lets the later press count', () => {
    expect(later(state('failed', NOW), state('running', NOW + 1, 'd2')).delivery).toBe('d2');
    expect(later(state('running', NOW + 1, 'd2'), state('failed', NOW)).delivery).toBe('d2');
  });
});

describe('what the stream tells', () => {
  const told = (type: string, data: unknown) => stateOf({ type, data, time: iso(NOW + 5) } as EventView);
  const data = { event: 'e', action: 'a', label: 'Approve', by: { id: 'm' }, at: iso(NOW), delivery: 'd1', status: 503, reason: 'status 503' };
  it('reads a press and its end', () => {
    expect(told('ensue.action.pressed', data)).toMatchObject({ state: 'running', at: iso(NOW), by: { id: 'm', name: '' } });
    expect(told('ensue.action.failed', data)).toMatchObject({ state: 'failed', at: iso(NOW + 5), status: 503 });
  });
  it('takes nothing else for one', () => {
    expect(told('order.paid', data)).toBeNull();
    expect(told('ensue.action.done', { event: 'e' })).toBeNull();
    expect(told('ensue.action.pondered', data)).toBeNull();
  });
});

describe('confirming', () => {
  it('holds danger by mouse, asks otherwise, and always where the sender has a text', () => {
    expect(confirming(action(), true)).toBe('none');
    expect(confirming(action({ style: 'danger' }), true)).toBe('hold');
    expect(confirming(action({ style: 'danger' }), false)).toBe('dialog');
    expect(confirming(action({ confirm: 'Sure about it' }), true)).toBe('dialog');
    expect(confirming(action({ confirm: 'Sure about it', style: 'danger' }), true)).toBe('dialog');
    expect(confirming(action({ meta: { confirm: 'meta is the receiver\'s' } }), true)).toBe('none');
  });
  it('opens links of the web only', () => {
    expect(['https://a', 'HTTP://a', 'javascript:alert(1)', 'data:text/html,x', '//a', ' https://a'].map(isSafeLink)).toEqual([true, true, false, false, false, false]);
    expect(hostOf('nonsense')).toBe('nonsense');
  });
});
