/**
 * Hides what of our libraries is built for others: taking over a page that a server rendered (we have none; said as a
 * constant, those branches fall away), and loading style sheets and modules ahead of a chunk (here is one style sheet, and
 * each chunk imports its own). A version of Svelte in which it is not found any more ends the build, so that it cannot come
 * back unseen.
 */
import type { Plugin } from 'vite';

const CHANGES: readonly (readonly [from: string, to: string])[] = [
  ['export let hydrating = false', 'export const hydrating = false'],
  ['hydrating = value;', ''],
];
const HYDRATION = /svelte\/src\/internal\/client\/dom\/hydration\.js$/;
/** Loading one of these does nothing, so whoever needs nothing of it need not load it; their package does not say so. */
const SVELTE = /svelte\/src\/(internal\/(client|shared)|reactivity|legacy)\//;

function changed(code: string, id: string): string {
  return CHANGES.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${id} has no "${from}": look at what became of it`);
    return text.replace(from, to);
  }, code);
}

export function lean(): Plugin {
  return {
    name: 'lean',
    apply: 'build',
    enforce: 'pre',
    load: (id) => (id.endsWith('vite/preload-helper.js') ? 'export const __vitePreload = (load) => load();' : null),
    transform(code, id) {
      if (!SVELTE.test(id)) return null;
      return { code: HYDRATION.test(id) ? changed(code, id) : code, map: null, moduleSideEffects: false };
    },
  };
}
