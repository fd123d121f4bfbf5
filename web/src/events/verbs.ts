/**
 * Hides how a button's label reads while it runs and when it is done: "Approve order" is "Approving order…", then "Order
 * approved". Only where the label begins with a verb that we know; any other, in any language, stays as it was sent.
 */
import { words } from '../words';

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const { participles } = words.actions;
const verbs = set(words.actions.verbs);
const doubled = set(words.actions.doubled);
const particles = set(words.actions.particles);

/** The verb that a label begins with, in small letters; null where we know none. */
export function verbOf(label: string): string | null {
  const first = split(label)[0].toLowerCase();
  return verbs.has(first) ? first : null;
}

/** "Approving order": what goes on. */
export function doing(label: string): string {
  const verb = verbOf(label);
  return verb ? [like(label, progressive(verb)), split(label)[1]].filter(Boolean).join(' ') : label;
}

/** "Refunded", "Order approved", "Rolled back": what happened. */
export function done(label: string): string {
  const verb = verbOf(label);
  if (!verb) return label;
  const [, rest] = split(label);
  const past = participle(verb);
  if (!rest) return like(label, past);
  const parts = rest.toLowerCase().split(' ');
  if (particles.has(parts[0] ?? '')) return `${like(label, past)} ${rest}`;
  return parts.length > 3 || parts.some((part) => particles.has(part)) ? label : `${capital(rest)} ${past}`;
}

/** Its first word, and all that follows. */
function split(label: string): [string, string] {
  const [first = '', ...rest] = label.trim().split(/\s+/);
  return [first, rest.join(' ')];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const like = (label: string, word: string): string => (/^\p{Lu}/u.test(label.trim()) ? capital(word) : word);

function progressive(verb: string): string {
  if (doubled.has(verb)) return `${verb}${verb.at(-1)}ing`;
  return `${/[^eoy]e$/.test(verb) ? verb.slice(0, -1) : verb}ing`;
}

function participle(verb: string): string {
  if (participles[verb]) return participles[verb];
  if (doubled.has(verb)) return `${verb}${verb.at(-1)}ed`;
  if (verb.endsWith('e')) return `${verb}d`;
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${verb}ed`;
}
