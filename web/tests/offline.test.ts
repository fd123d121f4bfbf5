import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventView } from '../src/api/types';
import { MOST_TEXT, bounded } from '../src/offline/store';
import { answer, isOld, keep, nameOf, sourceOf, tidy, type Build } from '../src/worker/shell';

const origin = 'https://ensue.example';
const build: Build = { version: 'b2', files: ['/', '/theme.js', '/assets/index-1.js'], screens: ['/', '/events/:id', '/settings/devices'] };
const get = (url: string, mode = 'cors', method = 'GET') => sourceOf({ method, mode, url: new URL(url, origin).href }, origin, build);

describe('the worker answers', () => {
  it.each(['/', '/?project=shop', '/events/01ABC?project=shop', '/settings/devices/'])('the page for the screen %s', (path) => {
    expect(get(path, 'navigate')).toBe('page');
  });
  it('files of the build, hashed or not', () => {
    expect(get('/assets/later-9.js')).toBe('asset');
    expect(get('/theme.js?x=1')).toBe('file');
  });
  it.each([
    ['/api/v1/events', 'cors'],
    ['/api/v1/stream', 'cors'],
    ['/readyz', 'cors'],
    ['/docs', 'navigate'],
    ['/v1/api/shop/eventing', 'navigate'],
    ['/events/01ABC/actions/ship', 'navigate'],
    ['https://elsewhere.example/assets/x.js', 'cors'],
    ['https://elsewhere.example/', 'navigate'],
  ])('nothing for %s (%s)', (url, mode) => expect(get(url, mode)).toBeNull());
  it('nothing that changes something', () => expect(get('/', 'navigate', 'POST')).toBeNull());
});

it('drops what other builds kept, and nothing else', () => {
  expect(nameOf(build)).toBe('ensue-shell-b2');
  expect(['ensue-shell-b1', 'ensue-shell-b2', 'others'].filter((name) => isOld(name, build))).toEqual(['ensue-shell-b1']);
});

it('keeps the newest events, as many as there is room for', () => {
  const event = (id: string, size = 0) => ({ id, data: 'x'.repeat(size) }) as unknown as EventView;
  const all = Array.from({ length: 9 }, (_, at) => event(`${at}`));
  expect(bounded(all, 3).map(({ id }) => id)).toEqual(['0', '1', '2']);
  const large = [event('a', MOST_TEXT / 2), event('b', MOST_TEXT / 2), event('c', 10)];
  expect(bounded(large, 9).map(({ id }) => id)).toEqual(['a']);
});

/** What a worker has of caches and network, as far as it is used. */
class Stage {
  caches = new Map<string, Map<string, Response>>();
  network = new Map<string, () => Promise<Response>>();
  asked: string[] = [];

  constructor() {
    const pathOf = (given: string | Request): string => new URL(typeof given === 'string' ? given : given.url, origin).pathname;
    const fetched = (given: string | Request): Promise<Response> => {
      this.asked.push(pathOf(given));
      return this.network.get(pathOf(given))?.() ?? Promise.reject(new TypeError('lost'));
    };
    vi.stubGlobal('fetch', fetched);
    vi.stubGlobal('Request', class { url: string; constructor(path: string) { this.url = new URL(path, origin).href; } });
    vi.stubGlobal('caches', {
      open: async (name: string) => {
        const cache = this.caches.get(name) ?? new Map<string, Response>();
        this.caches.set(name, cache);
        return {
          match: async (url: string) => cache.get(pathOf(url))?.clone(),
          put: async (request: Request, response: Response) => void cache.set(pathOf(request), response),
          addAll: async (requests: Request[]) => {
            for (const one of requests) cache.set(pathOf(one), await fetched(one));
          },
        };
      },
      keys: async () => [...this.caches.keys()],
      delete: async (name: string) => this.caches.delete(name),
    });
  }

  serve(paths: Record<string, string>, status = 200): void {
    for (const [path, text] of Object.entries(paths)) this.network.set(path, async () => new Response(text, { status }));
  }

  answer = async (path: string, source: 'page' | 'asset' | 'file'): Promise<string> =>
    (await answer({ url: new URL(path, origin).href } as Request, source, build)).text();
}

describe('with and without a server', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage();
    stage.serve({ '/': 'page', '/theme.js': 'theme', '/assets/index-1.js': 'script' });
    await keep(build);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('the page is the server\'s whenever that answers, and the kept one when it does not', async () => {
    stage.serve({ '/events/1': 'newer page' });
    expect(await stage.answer('/events/1', 'page')).toBe('newer page');
    for (const away of [502, 503, 504]) {
      stage.serve({ '/events/1': 'a proxy says' }, away);
      expect(await stage.answer('/events/1', 'page')).toBe('page');
    }
    stage.network.clear();
    expect(await stage.answer('/settings/devices', 'page')).toBe('page');
  });

  it('a file whose name tells its content is asked for once', async () => {
    stage.asked = [];
    expect(await stage.answer('/assets/index-1.js', 'asset')).toBe('script');
    expect(stage.asked).toEqual([]);
    stage.serve({ '/assets/later-9.js': 'later' });
    expect(await stage.answer('/assets/later-9.js', 'asset')).toBe('later');
    stage.network.clear();
    await vi.waitFor(() => expect(stage.caches.get('ensue-shell-b2')?.has('/assets/later-9.js')).toBe(true));
  });

  it('what is missing is an error as ever', async () => {
    stage.network.clear();
    await expect(stage.answer('/assets/none.js', 'asset')).rejects.toThrow('lost');
    await expect(stage.answer('/other.js', 'file')).rejects.toThrow('lost');
  });

  it('a build is kept whole or not at all, and alone', async () => {
    await caches.open('ensue-shell-b1');
    await caches.open('of-others');
    await tidy(build);
    expect([...stage.caches.keys()]).toEqual(['ensue-shell-b2', 'of-others']);
    stage.network.delete('/assets/index-1.js');
    await keep(build);
    expect(stage.caches.has('ensue-shell-b2')).toBe(false);
  });
});
