/** Hides how a delivery is told in one line: what came of it, after how many tries, or what comes next. Pure. */
import type { DeliveryView } from '../api/types';
import { duration } from '../lengths';
import { words } from '../words';

export type Mark = 'delivered' | 'pending' | 'flying' | 'dead' | 'cancelled';

export const markOf = (delivery: DeliveryView): Mark =>
  delivery.state === 'pending' && delivery.in_flight ? 'flying' : delivery.state;

/** Whose device a push goes to. */
export function pushName({ device }: Pick<DeliveryView, 'device'>): string {
  if (!device) return words.event.push;
  return device.member ? words.event.pushTo(device.member.name, device.name ?? '') : words.event.pushGone;
}

const REASONS: Record<number, string> = {
  200: 'OK', 201: 'Created', 202: 'Accepted', 204: 'No Content', 301: 'Moved', 302: 'Found', 400: 'Bad Request', 401: 'Unauthorized',
  403: 'Forbidden', 404: 'Not Found', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone', 413: 'Content Too Large',
  422: 'Unprocessable Content', 429: 'Too Many Requests', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** `503 Service Unavailable`. */
export const statusText = (status: number): string => (REASONS[status] ? `${status} ${REASONS[status]}` : String(status));

const last = (delivery: DeliveryView) => delivery.attempts?.at(-1) ?? null;

/** What the receiver said last, and how long that took; null where nothing came back. */
export function answerOf(delivery: DeliveryView): { status: number | null; error: string | null; took: string } | null {
  const attempt = last(delivery);
  if (!attempt) return null;
  return { status: attempt.response?.status ?? null, error: attempt.error ?? null, took: duration(attempt.duration_ms) };
}

/** `first try`, `second try`, … for a sentence. */
export function ordinal(number: number): string {
  return ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'][number - 1] ?? `${number}th`;
}

/** Oldest first, as they followed. */
export const inOrder = (deliveries: readonly DeliveryView[]): DeliveryView[] =>
  [...deliveries].sort((one, other) => Date.parse(one.created_at) - Date.parse(other.created_at) || (one.id < other.id ? -1 : 1));
