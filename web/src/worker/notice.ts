/** Hides how a push becomes a notification: Declarative Web Push, as browsers that know it read it by themselves. Pure. */

export interface Notice {
  title: string;
  options: { body: string; tag?: string; icon: string; badge: string; actions?: Button[]; data: Targets };
}

/** A button of a notification. */
interface Button {
  action: string;
  title: string;
}

/** Where a click on a notification leads, and one on each of its buttons. */
interface Targets {
  navigate: string;
  actions?: Record<string, string>;
}

/** What is shown. Something always is: browsers take the right to push from pages that stay silent. */
export function noticeOf(text: string, origin: string): Notice {
  const said = read(text);
  const tag = textOf(said.tag);
  const buttons = buttonsOf(said.actions);
  const data: Targets = { navigate: inside(textOf(said.navigate), origin) };
  if (buttons.length) data.actions = Object.fromEntries(buttons.map(({ action, navigate }) => [action, inside(navigate, origin)]));
  return {
    title: textOf(said.title) || 'Ensue',
    options: {
      body: textOf(said.body),
      icon: '/icon-192.png',
      badge: '/icon-badge.png',
      data,
      ...(tag && { tag, renotify: true }),
      ...(buttons.length && { actions: buttons.map(({ action, title }) => ({ action, title })) }),
    },
  };
}

/** Where a click leads; `action` is the button's, empty for the notification itself. */
export function targetOf(data: unknown, action: string): string {
  const targets = data as Partial<Targets> | null;
  return (action && targets?.actions?.[action]) || targets?.navigate || '/';
}

function buttonsOf(given: unknown): (Button & { navigate: string })[] {
  const all = Array.isArray(given) ? (given as Partial<Button & { navigate: string }>[]) : [];
  return all.flatMap((one) => {
    const [action, title, navigate] = [one?.action, one?.title, one?.navigate].map(textOf) as [string, string, string];
    return action && title && navigate ? [{ action, title, navigate }] : [];
  });
}

/** The address within our own pages, whatever a push says; else the feed. */
export function inside(address: string, origin: string): string {
  try {
    const url = new URL(address, origin);
    return url.origin === origin ? url.href : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}

function read(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as { notification?: unknown } | null;
    const said = value?.notification;
    return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
