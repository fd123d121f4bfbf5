/**
 * Hides what goes on without a page: pushes are shown, a click on one opens its event, a subscription that the browser
 * replaced is told to the server, and what was built is there while the server is not. Built to /worker.js.
 */
import { inside, noticeOf, targetOf } from './notice';
import { answer, keep, sourceOf, tidy, type Build } from './shell';
import { renewed, type Changed } from './subscription';

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Installing extends Waiting {
  /** Paths that the browser need not wake this worker for; not every browser has it. */
  addRoutes?(rules: { condition: { urlPattern: string }; source: 'network' }[]): Promise<void>;
}
interface Pushed extends Waiting {
  data: { text(): string } | null;
}
interface Clicked extends Waiting {
  action: string;
  notification: Notification;
}
interface Fetching extends Waiting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Page {
  focus(): Promise<Page>;
  navigate(url: string): Promise<Page | null>;
}
// What a worker has, as far as it is used here: its types and those of pages cannot stand in one program.
const worker = self as unknown as {
  build?: Build;
  location: Location;
  navigator: Navigator & { setAppBadge?: (count: number) => Promise<void> };
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<Page | null>;
  };
  addEventListener(name: 'push', listener: (event: Pushed) => void): void;
  addEventListener(name: 'notificationclick' | 'notificationclose', listener: (event: Clicked) => void): void;
  addEventListener(name: 'pushsubscriptionchange', listener: (event: Waiting & Changed) => void): void;
  addEventListener(name: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(name: 'install', listener: (event: Installing) => void): void;
  addEventListener(name: 'activate', listener: (event: Waiting) => void): void;
};
const build: Build = worker.build ?? { version: '', files: [], screens: [] };

let turn: Promise<unknown> = Promise.resolve();

worker.addEventListener('install', (event) => {
  event.waitUntil(keep(build).then(() => worker.skipWaiting()));
  event.addRoutes?.([{ condition: { urlPattern: '/api/*' }, source: 'network' }]).catch(() => {});
});
worker.addEventListener('activate', (event) => event.waitUntil(tidy(build).then(() => worker.clients.claim())));

worker.addEventListener('fetch', (event) => {
  const source = sourceOf(event.request, worker.location.origin, build);
  if (source) event.respondWith(answer(event.request, source, build));
});

worker.addEventListener('push', (event) => {
  const { title, options } = noticeOf(event.data?.text() ?? '', worker.location.origin);
  event.waitUntil(inTurn(() => worker.registration.showNotification(title, options)).then(badge));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(Promise.all([badge(), open(inside(targetOf(event.notification.data, event.action), worker.location.origin))]));
});
worker.addEventListener('notificationclose', (event) => event.waitUntil(badge()));

worker.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renewed(event, worker.registration.pushManager)));

/**
 * One behind the other: Chromium forgets a notification that is still being shown while the others are counted, and of two
 * pushes at once one was lost.
 */
function inTurn<Found>(step: () => Promise<Found>): Promise<Found> {
  const done = turn.then(step);
  turn = done.catch(() => {});
  return done;
}

/** The icon says how many notifications stand. */
async function badge(): Promise<void> {
  const { length } = await inTurn(() => worker.registration.getNotifications());
  await worker.navigator.setAppBadge?.(length).catch(() => {});
}

/** In a window that is open already, else in a new one. */
async function open(url: string): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  let went: Page | null = null;
  try {
    went = (await page?.navigate(url)) ?? null;
  } catch {
    // A window that this worker does not control yet cannot be sent anywhere.
  }
  if (went) await went.focus().catch(() => {});
  else await worker.clients.openWindow(url);
}
