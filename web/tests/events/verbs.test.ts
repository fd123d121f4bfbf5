import { describe, expect, it } from 'vitest';
import { doing, done, verbOf } from '../../src/events/verbs';
import { words } from '../../src/words';

describe('a label', () => {
  it.each([
    ['Promote', 'Promoting', 'Promoted'],
    ['Refund', 'Refunding', 'Refunded'],
    ['Approve order', 'Approving order', 'Order approved'],
    ['Cancel order', 'Cancelling order', 'Order cancelled'],
    ['Grow volume', 'Growing volume', 'Volume grown'],
    ['Ban', 'Banning', 'Banned'],
    ['Ship it', 'Shipping it', 'Shipped it'],
    ['Ping again', 'Pinging again', 'Pinged again'],
    ['Roll back', 'Rolling back', 'Rolled back'],
    ['Refuse', 'Refusing', 'Refused'],
    ['Block session', 'Blocking session', 'Session blocked'],
    ['Retry', 'Retrying', 'Retried'],
    ['Reply', 'Replying', 'Replied'],
    ['Turn off', 'Turning off', 'Turned off'],
    ['Turn the heater off', 'Turning the heater off', 'Turn the heater off'],
    ['Pay invoice 4711', 'Paying invoice 4711', 'Invoice 4711 paid'],
    ['send', 'sending', 'sent'],
  ])('%s reads %s, then %s', (label, running, ended) => {
    expect([doing(label), done(label)]).toEqual([running, ended]);
  });
  it.each(['Freigeben', 'Order 7', 'OK', '👍', '', 'constructor', 'Approved', 'Genehmigen Sie'])('%s, which begins with no verb that we know, stays', (label) => {
    expect([doing(label), done(label), verbOf(label)]).toEqual([label, label, null]);
  });
  it('doubles only verbs that it knows, and each verb stands once', () => {
    const known = words.actions.verbs.split(' ');
    expect(new Set(known).size).toBe(known.length);
    expect(words.actions.doubled.split(' ').filter((verb) => !known.includes(verb))).toEqual([]);
    expect(Object.keys(words.actions.participles).filter((verb) => !known.includes(verb))).toEqual([]);
  });
});
