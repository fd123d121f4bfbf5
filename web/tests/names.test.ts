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

test('what was asked for another project is nothing of this one, however late it comes', async () => {
  const { calling } = await import('../src/api/client');
  const { learnNames, learnNamesOf, named, triggerOf } = await import('../src/deliveries/names.svelte');
  let answer!: (found: object) => void;
  calling.project = 'first';
  allTriggers.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
  learnNames();
  calling.project = 'second';
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_2', 'Mail')));
  learnNames();
  answer(answered(trigger('trg_1', 'Of the first project')));
  await learnNamesOf(['trg_2']);
  expect(triggerOf('trg_1')).toBeUndefined();
  expect(named().map((one) => one.name)).toEqual(['Mail']);
});

test('one that was deleted keeps its name, and is offered no more', async () => {
  const { learnNamesOf, nameOf, named } = await import('../src/deliveries/names.svelte');
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_1', 'Mail')));
  await learnNamesOf(['trg_1']);
  allTriggers.mockResolvedValueOnce(answered(trigger('trg_2', 'Chat')));
  await learnNamesOf(['trg_2']);
  expect(nameOf('trg_1')).toBe('Mail');
  expect(named().map((one) => one.id)).toEqual(['trg_2']);
});
