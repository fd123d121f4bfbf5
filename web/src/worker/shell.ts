/**
 * Hides what stands without a server: the page and the files of one build, kept together under the name of that build.
 * The page comes from the server whenever it answers; nothing of the API is ever kept here.
 */

/** What `scripts/worker.mjs` writes before this: the files of the build, the paths of its screens, and its name. */
export interface Build {
  version: string;
  files: readonly string[];
  screens: readonly string[];
}

export type Source = 'page' | 'asset' | 'file';

const FAMILY = 'ensue-shell-';
const PAGE = '/';
const HASHED = '/assets/';
/** Milliseconds that the server has before the page that is kept is taken. */
const PATIENCE = 5000;
/** What a proxy answers for a server that is not there. */
const AWAY = [502, 503, 504];

export const nameOf = (build: Build): string => FAMILY + build.version;

/** Whether a cache is one of ours that no build needs any more. */
export const isOld = (name: string, build: Build): boolean => name.startsWith(FAMILY) && name !== nameOf(build);

/** What a request is for, as far as it is ours to answer. Pure. */
export function sourceOf(request: { method: string; mode: string; url: string }, origin: string, build: Build): Source | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin) return null;
  if (request.mode === 'navigate') return build.screens.some((screen) => matches(screen, url.pathname)) ? 'page' : null;
  if (url.pathname.startsWith(HASHED)) return 'asset';
  return build.files.includes(url.pathname) ? 'file' : null;
}

function matches(screen: string, path: string): boolean {
  const [template, given] = [screen, path].map((text) => text.split('/').filter(Boolean)) as [string[], string[]];
  return template.length === given.length && template.every((part, at) => part.startsWith(':') || part === given[at]);
}

/** Keeps the build, all of it or nothing. Without room for it pushes still arrive. */
export async function keep(build: Build): Promise<void> {
  if (!build.files.length) return;
  try {
    const cache = await caches.open(nameOf(build));
    await cache.addAll(build.files.map(requestOf));
  } catch {
    await caches.delete(nameOf(build)).catch(() => false);
  }
}

function requestOf(path: string): Request {
  if (path.startsWith(HASHED)) return new Request(path);
  return new Request(path, { cache: 'no-cache', headers: { accept: path === PAGE ? 'text/html' : '*/*' } });
}

/** Drops what older builds kept. */
export async function tidy(build: Build): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => isOld(name, build)).map((name) => caches.delete(name)));
}

export async function answer(request: Request, source: Source, build: Build): Promise<Response> {
  const kept = (): Promise<Response | undefined> => match(build, source === 'page' ? PAGE : request.url);
  if (source === 'asset') return (await kept()) ?? fetched(request, build);
  const asked = fetch(request);
  asked.catch(() => {}); // told by whoever awaits it
  try {
    const found = await Promise.race([asked, patience()]);
    if (found && !AWAY.includes(found.status)) return found;
    return (await kept()) ?? found ?? (await asked);
  } catch (error) {
    const instead = await kept();
    if (instead) return instead;
    throw error;
  }
}

const match = async (build: Build, url: string): Promise<Response | undefined> =>
  (await caches.open(nameOf(build))).match(url, { ignoreVary: true, ignoreSearch: true });

/** A file whose name says what is in it: kept as soon as it was seen once. */
async function fetched(request: Request, build: Build): Promise<Response> {
  const found = await fetch(request);
  if (found.ok && build.version) {
    const copy = found.clone();
    void caches.open(nameOf(build)).then((cache) => cache.put(request, copy)).catch(() => {});
  }
  return found;
}

const patience = (): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), PATIENCE));
