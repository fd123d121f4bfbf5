/** Hides what the server says of itself, and how sizes are written. Pure. */
import type { components } from '../../generated/api';

export type ServerView = components['schemas']['ServerView'];
export type Finding = ServerView['checks'][number];

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `0 B`, `512 KB`, `1.2 GB`: of 1,024. */
export function size(bytes: number): string {
  const at = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** at;
  return `${value < 10 && at > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[at]}`;
}
