/** Hides the browser's history: where one is, and how to go elsewhere. Links are plain `<a href>`. */
import { match } from './router';
import { routes, type ScreenRoute } from './routes';

class Here {
  url = $state.raw(new URL(location.href));
  found = $derived(match(routes, this.url.pathname));
  route = $derived(this.found?.route as ScreenRoute | undefined);
  params = $derived(this.found?.params ?? {});
  /** The query; change it with `setQuery`. */
  query = $derived(this.url.searchParams);

  start(): void {
    addEventListener('popstate', () => (this.url = new URL(location.href)));
    document.addEventListener('click', (event) => this.#clicked(event));
  }

  /** Go to a path of the console; `replace` leaves no entry behind. */
  go(target: string, { replace = false } = {}): void {
    const url = new URL(target, location.href);
    history[replace ? 'replaceState' : 'pushState'](null, '', url);
    this.url = url;
  }

  /** Change some of the query's parameters; null takes one away. */
  setQuery(changes: Record<string, string | null>, { replace = true } = {}): void {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    this.go(url.href, { replace });
  }

  #clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link?.href || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !match(routes, url.pathname)) return;
    event.preventDefault();
    if (url.href !== location.href) this.go(url.href);
  }
}

export const here = new Here();
