/** Hides how a path finds its screen. Pure: what the browser's history has to do with it is in `here.svelte.ts`. */

export interface Route<Screen> {
  name: string;
  /** A template: `/events/:id`. */
  path: string;
  load: Screen;
}

export interface Found<Screen> {
  route: Route<Screen>;
  params: Record<string, string>;
}

/** The first route whose template the path has; a trailing slash is the same path. */
export function match<Screen>(routes: readonly Route<Screen>[], path: string): Found<Screen> | null {
  const parts = segments(path);
  for (const route of routes) {
    const params = parts && against(segments(route.path) ?? [], parts);
    if (params) return { route, params };
  }
  return null;
}

function segments(path: string): string[] | null {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return null; // a % that encodes nothing
  }
}

function against(template: string[], parts: string[]): Record<string, string> | null {
  if (template.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of template.entries()) {
    const given = parts[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return null;
  }
  return params;
}

/** Whether a page may be sent on to `target` after a login: a path of this console, nothing else. */
export function safeTarget(target: string | null | undefined, origin: string): string {
  if (!target?.startsWith('/')) return '/';
  try {
    const url = new URL(target, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : '/';
  } catch {
    return '/';
  }
}
