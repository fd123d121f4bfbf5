import { beforeEach, expect, test, vi } from 'vitest';

const allTriggers = vi.fn();
vi.mock('../src/triggers', () => ({ allTriggers: () => allTriggers() }));

const trigger = (id: string, name: string) => ({ id, name });
const answered = (...value: object[]) => ({ ok: true, value, status: 200 });

beforeEach(() => {
  vi.resetModules();
  allTriggers.mockReset();
});

test('a trigger is called deleted only when all of them were read and it was not there', async () => {
  const { learnNamesOf, nameOf } = await import('../src/deliveries/names.svelte');
  expect(nameOf('trg_1')).toBe('–');
  allTriggers.mockResolvedValueOnce({ ok: false, error: { status: 401 } });
  await learnNamesOf(['trg_1']);
  expect(nameOf('trg_1')).toBe('–');
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_2', 'Mail')));
  await learnNamesOf(['trg_1', 'trg_2']);
  expect([nameOf('trg_1'), nameOf('trg_2')]).toEqual(['deleted trigger', 'Mail']);
});

test('what is known is not asked for again, what was made since is', async () => {
  const { learnNamesOf, nameOf } = await import('../src/deliveries/names.svelte');
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_1', 'Mail')));
  await learnNamesOf(['trg_1', null, undefined]);
  await learnNamesOf(['trg_1']);
  expect(allTriggers).toHaveBeenCalledTimes(1);
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_1', 'Mail'), trigger('trg_2', 'Chat')));
  await learnNamesOf(['trg_1', 'trg_2']);
  expect(nameOf('trg_2')).toBe('Chat');
});
