/** Hides how a push becomes a notification: Declarative Web Push, as browsers that know it read it by themselves. Pure. */

export interface Notice {
  title: string;
  options: { body: string; tag?: string; icon: string; data: { navigate: string } };
}

/** What is shown. Something always is: browsers take the right to push from pages that stay silent. */
export function noticeOf(text: string, origin: string): Notice {
  const said = read(text);
  const tag = textOf(said.tag);
  return {
    title: textOf(said.title) || 'Ensue',
    options: { body: textOf(said.body), icon: '/icon-192.png', data: { navigate: inside(textOf(said.navigate), origin) }, ...(tag && { tag }) },
  };
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
