/** Hides what this browser has to do with pushes: whether it can, whether it does, and how it begins and ends. */
import { ask } from '../api/client';

export type Standing = 'off' | 'on' | 'refused' | 'impossible';

/** What the server's public key is in bytes. Pure. */
export function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export const possible = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** How this browser stands; it asks nobody anything. */
export async function standing(): Promise<{ kind: Standing; endpoint?: string }> {
  if (!possible()) return { kind: 'impossible' };
  if (Notification.permission === 'denied') return { kind: 'refused' };
  const found = await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription();
  return found ? { kind: 'on', endpoint: found.endpoint } : { kind: 'off' };
}

/** Subscribes, by a click only: the browser asks its user. Null where that is refused; what the browser throws is thrown. */
export async function subscribe(key: string): Promise<PushSubscriptionJSON | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  await navigator.serviceWorker.register('/worker.js');
  const { pushManager } = await navigator.serviceWorker.ready;
  const asked = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  try {
    return (await pushManager.subscribe(asked)).toJSON();
  } catch (error) {
    const old = await pushManager.getSubscription(); // one that another server's key made stands in the way
    if (!old) throw error;
    await old.unsubscribe();
    return (await pushManager.subscribe(asked)).toJSON();
  }
}

/** Ends the subscription of this browser, if it has one, and tells which it was. */
export async function unsubscribe(): Promise<string | undefined> {
  if (!possible()) return undefined;
  const found = await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription();
  await found?.unsubscribe();
  return found?.endpoint;
}

/** Whoever logs out hears no more of it in this browser; the server is told, if it answers. */
export async function silence(): Promise<void> {
  const endpoint = await unsubscribe().catch(() => undefined);
  if (!endpoint) return;
  const found = await ask<{ items: { id: string; endpoint: string }[] }>('GET', '/api/v1/devices');
  const mine = found.ok ? found.value.items.find((one) => one.endpoint === endpoint) : undefined;
  if (mine) await ask('DELETE', `/api/v1/devices/${mine.id}`);
}
