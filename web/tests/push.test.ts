import { describe, expect, it } from 'vitest';
import { bytesOf } from '../src/push/browser';
import { inside, noticeOf, targetOf } from '../src/worker/notice';

const origin = 'https://ensue.example';

describe('a push', () => {
  it('is shown as it says', () => {
    const notification = { title: 'Paid', body: '12 €', navigate: `${origin}/events/1?project=shop`, tag: 't' };
    expect(noticeOf(JSON.stringify({ web_push: 8030, notification }), origin)).toEqual({
      title: 'Paid',
      options: {
        body: '12 €', tag: 't', renotify: true, icon: '/icon-192.png', badge: '/icon-badge.png',
        data: { navigate: `${origin}/events/1?project=shop` },
      },
    });
  });
  it('has buttons that lead to our own pages', () => {
    const actions = [
      { action: 'ship', title: 'Ship it', navigate: '/events/1/actions/ship' },
      { action: 'away', title: 'Away', navigate: 'https://elsewhere.example/' },
      { action: 'half', title: 'Half' },
      null,
    ];
    const { options } = noticeOf(JSON.stringify({ notification: { title: 'Paid', navigate: '/events/1', actions } }), origin);
    expect(options.actions).toEqual([{ action: 'ship', title: 'Ship it' }, { action: 'away', title: 'Away' }]);
    expect(targetOf(options.data, '')).toBe(`${origin}/events/1`);
    expect(targetOf(options.data, 'ship')).toBe(`${origin}/events/1/actions/ship`);
    expect(targetOf(options.data, 'away')).toBe(`${origin}/`);
    expect(targetOf(options.data, 'other')).toBe(`${origin}/events/1`);
    expect(targetOf(null, '')).toBe('/');
  });
  it.each(['', 'no JSON', 'null', '[]', '{"notification": 1}', '{"notification": {"title": {}}}'])('shows something for %j', (text) => {
    expect(noticeOf(text, origin).title).toBe('Ensue');
    expect(noticeOf(text, origin).options.data.navigate).toBe(`${origin}/`);
  });
  it.each(['https://elsewhere.example/', 'javascript:alert(1)', '//elsewhere.example', 'http://['])('never leads to %s', (address) => {
    expect(inside(address, origin)).toBe(`${origin}/`);
  });
});

it('reads keys of the server', () => {
  expect([...bytesOf('AP-_')]).toEqual([0, 255, 191]);
});
