/** Hides how tries are told: as bars, as one line, with the waits between them, and as a curl command. Pure. */
import type { components } from '../generated/api';
import type { DeliveryView } from '../api/types';
import { statusText } from '../events/followed';
import { duration } from '../lengths';
import { words } from '../words';

export type AttemptView = components['schemas']['AttemptView'];
const said = words.deliveries;

export type Bar = 'failed' | 'arrived' | 'left';
const DRAWN = 12;

/** One bar a try, and hollow ones still to come; `most` is how many there may be, null where nobody knows. */
export function bars(delivery: Pick<DeliveryView, 'state' | 'tries'>, most: number | null): Bar[] {
  const arrived = delivery.state === 'delivered' ? 1 : 0;
  const failed = Math.max(0, delivery.tries - arrived);
  const left = delivery.state === 'pending' && most !== null ? Math.max(0, most - delivery.tries) : 0;
  const all: Bar[] = [...repeat('failed', failed), ...repeat('arrived', arrived), ...repeat('left', left)];
  return all.length <= DRAWN ? all : all.slice(Math.max(0, Math.min(failed + arrived - DRAWN + 2, all.length - DRAWN))).slice(0, DRAWN);
}

const repeat = (bar: Bar, count: number): Bar[] => Array.from({ length: count }, () => bar);

/** How often what has no trigger is tried, by its kind. */
export const TRIES: Readonly<Record<string, number>> = { action: 1, webpush: 6 };

/** How many tries it has in all; a retried one may have had more than its trigger gives. */
export const mostOf = (tries: number, attempts: number | undefined): number | null => (attempts === undefined ? null : Math.max(tries, attempts));

/** `503 Service Unavailable`, `No answer in 15 s`: the first line of a try. */
export function outcome(attempt: AttemptView): string {
  if (attempt.response) return statusText(attempt.response.status);
  if (attempt.result === 'interrupted') return capital(said.interrupted);
  return capital(failing(attempt.error, attempt.duration_ms));
}

/** What an error without an answer was, in a few words: its kind stands before the colon. */
function failing(error: string | null | undefined, took: number): string {
  const kind = /^(\w+): /.exec(error ?? '')?.[1] ?? '';
  if (kind === 'timeout') return said.noAnswerIn(duration(took));
  return said.kinds[kind] ?? (error ? (error.split(/[.;] |\n/, 1)[0] ?? '') : said.noAnswer);
}

/** The whole error in a sentence, without its kind; one that begins with a host's name keeps it as it is. */
export function sentence(error: string): string {
  const text = error.replace(/^(connect|timeout|tls|resolve|refused|protocol): /, '');
  return /^\S*\w\.\w/.test(text) ? text : capital(text);
}

export const isGood = (attempt: AttemptView): boolean => attempt.result === 'sent';

export interface Step {
  attempt: AttemptView;
  /** Milliseconds waited before it, null for the first. */
  waited: number | null;
}

/** Newest first, each with the wait before it. */
export function steps(attempts: readonly AttemptView[]): Step[] {
  return attempts
    .map((attempt, at) => {
      const before = attempts[at - 1];
      const ended = before ? Date.parse(before.started_at) + before.duration_ms : 0;
      return { attempt, waited: before ? Math.max(0, Date.parse(attempt.started_at) - ended) : null };
    })
    .reverse();
}

/** `200 OK`, `503, gave up`, `again in 41 s`: what stands in a row. */
export function lastAnswer(delivery: DeliveryView, now: number): { text: string; bad: boolean } {
  const last = delivery.last;
  const what = last?.status ? String(last.status) : last ? failing(last.error, last.duration_ms) : '';
  if (delivery.state === 'delivered') return { text: last?.status ? statusText(last.status) : '–', bad: false };
  if (delivery.state === 'dead') return { text: what ? said.gaveUp(what) : (delivery.reason ?? '–'), bad: true };
  if (delivery.state === 'cancelled') return { text: delivery.reason ?? '–', bad: false };
  if (delivery.in_flight) return { text: said.tryingNow, bad: false };
  const left = delivery.due_at ? Date.parse(delivery.due_at) - now : 0;
  const when = left > 0 ? said.againIn(duration(left < 60_000 ? Math.ceil(left / 1000) * 1000 : left)) : said.dueNow;
  return { text: what ? `${what}, ${when}` : when, bad: false };
}

/** A body as JSON where it is JSON. */
export function bodyOf(text: string): { value: unknown } | { text: string } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { value } : { text };
  } catch {
    return { text };
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a command; masked headers stay masked. */
export function curl(method: string, url: string, headers: Record<string, string>, data?: string): string {
  const lines = [`curl -X ${method} ${quoted(url)}`, ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)];
  if (data !== undefined) lines.push(`-d ${quoted(data)}`);
  return lines.join(' \\\n  ');
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
