/** Hides what happens when a browser replaces its subscription by itself: the server learns the new one in place of the old. */

export interface Changed {
  oldSubscription?: PushSubscription | null;
  newSubscription?: PushSubscription | null;
}

/** Subscribes again where the browser has not done so, and tells the server; its cookie says whose browser this is. */
export async function renewed({ oldSubscription: old, newSubscription: given }: Changed, manager: PushManager): Promise<void> {
  const now = given ?? (await manager.getSubscription()) ?? (await again(old, manager));
  if (!now) return;
  const body = JSON.stringify({ subscription: now.toJSON(), replaces: old?.endpoint ?? '' });
  await fetch('/api/v1/devices', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

async function again(old: PushSubscription | null | undefined, manager: PushManager): Promise<PushSubscription | null> {
  const key = old?.options.applicationServerKey ?? (await keyOfServer());
  return key ? manager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : null;
}

async function keyOfServer(): Promise<string | null> {
  const answer = await fetch('/api/v1/console', { headers: { accept: 'application/json' } });
  const told = (await answer.json()) as { push_key?: string };
  return told.push_key ?? null;
}
