/**
 * Hides how the API is called: one fetch, the project in a header, and errors as values, never thrown.
 *
 *     const found = await api.get('/api/v1/events/{id}', { path: { id }, query: { thread: true } });
 *     if (found.ok) show(found.value); else fail(found.error.message);
 */
import type { paths } from '../generated/api';

export interface Failure {
  /** For programs: `not_found`, `conflict`, …; `offline` when the server did not answer. */
  code: string;
  /** For people, in the server's words. */
  message: string;
  /** The field that is wrong, if one is. */
  field?: string;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Seconds to wait, where the server says so. */
  retryAfter?: number;
}

export type Result<T> = { ok: true; value: T; status: number } | { ok: false; error: Failure };

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** What all calls share; `project` is a slug, `ended` is told when a session holds no more. */
export const calling = {
  project: '',
  /** Whose drafts are kept; empty for whoever is not signed in. */
  member: '',
  offline: 'The server does not answer. Check the connection; it is tried again.',
  ended: (): void => {},
  /** The server answered. */
  heard: (): void => {},
  /** The project is none of ours any more. */
  removed: (): void => {},
  /** We may do less than was offered: our role is another one. */
  forbidden: (): void => {},
  /** Something could not be done: the server may not be well. */
  troubled: (): void => {},
};

export function queryOf(query: Query = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) pairs.append(name, one);
    else if (value !== undefined && value !== null && value !== '') pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

export interface Asked {
  body?: unknown;
  query?: Query;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Any call by its whole path. `T` is taken on trust: use `api` where the document knows the path. */
export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<Result<T>> {
  const headers: Record<string, string> = { accept: 'application/json', ...asked.headers };
  if (calling.project) headers['ensue-project'] = calling.project;
  if (method !== 'GET') headers['content-type'] = 'application/json';
  const body = asked.body === undefined ? null : JSON.stringify(asked.body);
  try {
    const answer = await fetch(path + queryOf(asked.query), { method, headers, body, signal: asked.signal ?? null });
    const text = await answer.text();
    const value: unknown = text ? JSON.parse(text) : undefined;
    calling.heard();
    if (answer.ok) return { ok: true, value: value as T, status: answer.status };
    const error = failure(answer, value);
    if (error.status === 401) calling.ended();
    else if (error.status === 404 && error.field === 'Ensue-Project') calling.removed();
    else if (error.status === 403) calling.forbidden();
    else if (error.status === 503) calling.troubled();
    return { ok: false, error };
  } catch (error) {
    const code = error instanceof DOMException && error.name === 'AbortError' ? 'aborted' : 'offline';
    if (code === 'offline') calling.troubled();
    return { ok: false, error: { code, message: calling.offline, status: 0 } };
  }
}

function failure(answer: Response, value: unknown): Failure {
  const told = (value as { error?: { code?: string; message?: string; field?: string } } | undefined)?.error;
  const wait = Number(answer.headers.get('retry-after'));
  return {
    code: told?.code ?? 'internal',
    message: told?.message ?? `The server answered ${answer.status}.`,
    status: answer.status,
    ...(told?.field && { field: told.field }),
    ...(wait > 0 && { retryAfter: wait }),
  };
}

type Verb = 'get' | 'post' | 'patch' | 'put' | 'delete';
type PathsOf<V extends Verb> = {
  [P in keyof paths]: paths[P] extends { [K in V]: { responses: unknown } } ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, V extends Verb> = V extends keyof paths[P] ? paths[P][V] : never;
type Json<R> = R extends { content: { 'application/json': infer J } } ? J : undefined;
type Success<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202 | 204)]> : never;
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? B : never;
type Parameters<O> = O extends { parameters: { query?: infer Q } } ? Q : never;
type InPath<O> = O extends { parameters: { path: infer I extends object } } ? { path: I } : { path?: undefined };

export type Options<O> = InPath<O> & {
  query?: Parameters<O>;
  body?: Body<O>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

type Call<V extends Verb> = <P extends PathsOf<V>>(
  path: P,
  ...options: InPath<Operation<P, V>> extends { path: object } ? [Options<Operation<P, V>>] : [Options<Operation<P, V>>?]
) => Promise<Result<Success<Operation<P, V>>>>;

function verb<V extends Verb>(method: V): Call<V> {
  return ((path: string, options: Asked & { path?: Record<string, string> } = {}) =>
    ask(
      method.toUpperCase(),
      path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.path?.[name] ?? '')),
      options,
    )) as Call<V>;
}

/** The calls that the API's document knows, typed by it. */
export const api = { get: verb('get'), post: verb('post'), patch: verb('patch'), put: verb('put'), delete: verb('delete') };
