/** Hides how a trigger becomes a form and a form a trigger: everything as it is typed, checked when it is saved. Pure. */
import type { components } from '../../generated/api';
import type { TriggerView } from '../../api/types';
import { lengthList, milliseconds, typedLength } from '../../lengths';
import { words } from '../../words';
import { USUAL } from './retries';

export type Draft = components['schemas']['TriggerDraft'];
export const FORMATS = Object.keys(words.trigger.formats);
export const MASKED = '***';
const ATTEMPTS = 10;
const TIMEOUT = 15_000;

export interface Header {
  name: string;
  value: string;
  secret: boolean;
  /** Its value is on the server, and not here. */
  kept?: boolean;
}

export interface Form {
  name: string;
  type: string;
  filter: string;
  test: boolean;
  url: string;
  format: string;
  headers: Header[];
  attempts: string;
  waits: string;
  timeout: string;
  room: string;
}

export type Errors = Partial<Record<keyof Form, string>>;

export const fresh = (): Form => ({
  name: '', type: '', filter: '', test: false, url: '', format: 'cloudevents', headers: [],
  attempts: String(ATTEMPTS), waits: USUAL.map(typedLength).join(', '), timeout: typedLength(TIMEOUT), room: '',
});

export function formOf(trigger: TriggerView): Form {
  const { match, endpoint, retry } = trigger;
  const headers = Object.entries(endpoint.headers ?? {}).map(([name, value]) => ({ name, value, secret: false }));
  const secrets = Object.keys(endpoint.secret_headers ?? {}).map((name) => ({ name, value: '', secret: true, kept: true }));
  return {
    name: trigger.name,
    type: match.type.join(', '),
    filter: match.filter ?? '',
    test: match.test ?? false,
    url: endpoint.url,
    format: trigger.format,
    headers: [...headers, ...secrets],
    attempts: String(retry.attempts),
    waits: retry.schedule.map((seconds) => typedLength(seconds * 1000)).join(', '),
    timeout: typedLength(trigger.timeout_ms),
    room: trigger.concurrency == null ? '' : String(trigger.concurrency),
  };
}

/** Without the values of secrets, for keeping in the tab's storage. */
export const withoutSecrets = (form: Form): Form => ({
  ...form,
  headers: form.headers.map((header) => (header.secret && !header.kept ? { ...header, value: '' } : header)),
});

export const patterns = (text: string): string[] => text.split(',').map((part) => part.trim()).filter(Boolean);

const whole = (text: string, most: number): number | null => (/^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most ? Number(text) : null);

export function check(form: Form): Errors {
  const said = words.trigger;
  const timeout = milliseconds(form.timeout);
  const waits = lengthList(form.waits);
  const missing = form.headers.some((header) => (!header.name.trim() && Boolean(header.value)) || (header.secret && !header.kept && header.name.trim() && !header.value));
  return {
    ...(!form.name.trim() && { name: said.nameMissing }),
    ...(!patterns(form.type).length && { type: said.typeMissing }),
    ...(!/^https?:\/\/\S/i.test(form.url.trim()) && { url: said.addressBad }),
    ...(whole(form.attempts, 100) === null && { attempts: said.attemptsBad }),
    ...((waits === null || !waits.length) && { waits: said.waitsBad }),
    ...((timeout === null || timeout < 100 || timeout > 60_000) && { timeout: said.timeoutBad }),
    ...(form.room.trim() && whole(form.room, 1000) === null && { room: said.atOnceBad }),
    ...(missing && { headers: said.headerMissing }),
  };
}

/** What is sent; the match keeps what the form does not show. */
export function draftOf(form: Form, before?: TriggerView): Draft {
  const named = form.headers.filter((header) => header.name.trim());
  const object = (headers: Header[]): Record<string, string> =>
    Object.fromEntries(headers.map((header) => [header.name.trim(), header.kept ? MASKED : header.value]));
  const seconds = (lengthList(form.waits) ?? []).map((length) => length / 1000);
  return {
    name: form.name.trim(),
    match: { ...before?.match, type: patterns(form.type), filter: form.filter.trim() || null, test: form.test } as Draft['match'],
    endpoint: { url: form.url.trim(), headers: object(named.filter((header) => !header.secret)), secret_headers: object(named.filter((header) => header.secret)) } as Draft['endpoint'],
    format: form.format as Draft['format'],
    retry: { attempts: Number(form.attempts), schedule: seconds, jitter: before?.retry.jitter ?? 0.2 },
    timeout_ms: milliseconds(form.timeout) ?? TIMEOUT,
    concurrency: form.room.trim() ? Number(form.room) : null,
  } as Draft;
}

const FIELDS: Record<string, keyof Form> = {
  name: 'name', 'match.type': 'type', 'match.filter': 'filter', 'endpoint.url': 'url', timeout_ms: 'timeout', concurrency: 'room', 'retry.attempts': 'attempts', 'retry.schedule': 'waits', format: 'format',
};

/** The field of the form that the server's field means; null for none. */
export function fieldOf(field: string | undefined): keyof Form | null {
  if (!field) return null;
  if (/^endpoint\.(secret_)?headers/.test(field)) return 'headers';
  return FIELDS[field] ?? null;
}
