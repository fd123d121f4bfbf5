/** Hides which types of events there are: all that were counted, the commonest first, and the patterns that hold some of them. */
import { ask } from '../api/client';

const PLATFORM = 'ensue.';

/** All that ever came and are kept, the platform's own left out; none where that cannot be told. */
export async function knownTypes(): Promise<string[]> {
  const found = await ask<{ items: { type?: string; count: number }[] }>('GET', '/api/v1/stats', { query: { of: 'events', by: 'type' } });
  if (!found.ok) return [];
  return found.value.items.flatMap(({ type }) => (type && !type.startsWith(PLATFORM) ? [type] : []));
}

/** With a pattern for each beginning that several of them share: `order.*`, or `order.**` where some go deeper. */
export function withPatterns(types: readonly string[]): string[] {
  const shared = new Map<string, string[]>();
  for (const type of types) {
    const dot = type.indexOf('.');
    if (dot > 0) shared.set(type.slice(0, dot), [...(shared.get(type.slice(0, dot)) ?? []), type]);
  }
  const patterns = [...shared].flatMap(([begin, all]) => (all.length < 2 ? [] : [`${begin}.${all.some((type) => type.split('.').length > 2) ? '**' : '*'}`]));
  return [...types, ...patterns.filter((pattern) => !types.includes(pattern))];
}

/** Whether a pattern holds a type: `*` is one segment, `**` any number of them. Greedy, with one step back to the last `**`. */
export function holdsType(pattern: string, type: string): boolean {
  const [parts, rest] = [pattern.split('.'), type.split('.')];
  let [at, segment, anchor, resumed] = [0, 0, -1, 0];
  while (segment < rest.length) {
    if (parts[at] === '**') [anchor, resumed, at] = [at, segment, at + 1];
    else if (at < parts.length && (parts[at] === '*' || parts[at] === rest[segment])) [at, segment] = [at + 1, segment + 1];
    else if (anchor >= 0) [resumed, at, segment] = [resumed + 1, anchor + 1, resumed + 1];
    else return false;
  }
  return parts.slice(at).every((part) => part === '**');
}
