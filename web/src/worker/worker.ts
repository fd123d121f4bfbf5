/** Hides what goes on without a page: pushes are shown, and a click on one opens its event. Built to /worker.js. */
import { inside, noticeOf } from './notice';

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Pushed extends Waiting {
  data: { text(): string } | null;
}
interface Clicked extends Waiting {
  notification: Notification;
}
interface Page {
  focus(): Promise<Page>;
  navigate(url: string): Promise<Page | null>;
}
// What a worker has, as far as it is used here: its types and those of pages cannot stand in one program.
const worker = self as unknown as {
  location: Location;
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<Page | null>;
  };
  addEventListener(name: 'push', listener: (event: Pushed) => void): void;
  addEventListener(name: 'notificationclick', listener: (event: Clicked) => void): void;
  addEventListener(name: 'install' | 'activate', listener: (event: Waiting) => void): void;
};

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('push', (event) => {
  const { title, options } = noticeOf(event.data?.text() ?? '', worker.location.origin);
  event.waitUntil(worker.registration.showNotification(title, options));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const data = event.notification.data as { navigate?: string } | null;
  event.waitUntil(open(inside(data?.navigate ?? '/', worker.location.origin)));
});

/** In a window that is open already, else in a new one. */
async function open(url: string): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  try {
    if (page) {
      await (await page.navigate(url))?.focus();
      return;
    }
  } catch {
    // A window that this worker does not control yet cannot be sent anywhere.
  }
  await worker.clients.openWindow(url);
}
