/** Hides which screens stand in the side bar and in the tabs, and what is counted at them. */
import type { IconName } from '../generated/icons';
import { shell } from '../state/shell.svelte';
import { count } from '../times';
import { words } from '../words';

export interface NavEntry {
  name: string;
  href: string;
  text: string;
  icon: IconName;
  /** Screens that belong to it. */
  also?: string[];
  tab?: boolean;
  /** Read where it is shown. */
  badge?: () => { text: string; bad?: boolean } | null;
}

const number = (value: number | undefined): { text: string } | null => (value ? { text: count(value) } : null);

export const ENTRIES: readonly NavEntry[] = [
  { name: 'feed', href: '/', text: words.shell.feed, icon: 'activity', also: ['event'], tab: true },
  { name: 'overview', href: '/overview', text: words.shell.overview, icon: 'chart-no-axes-column', tab: true },
  { name: 'triggers', href: '/triggers', text: words.shell.triggers, icon: 'zap', also: ['trigger'], tab: true, badge: () => number(shell.counts.triggers) },
  {
    name: 'deliveries',
    href: '/deliveries',
    text: words.shell.deliveries,
    icon: 'send',
    tab: true,
    badge: () => (shell.counts.dead ? { text: words.frame.dead(shell.counts.dead), bad: true } : null),
  },
  { name: 'scheduled', href: '/scheduled', text: words.shell.scheduled, icon: 'calendar-clock', badge: () => number(shell.counts.scheduled) },
  { name: 'playground', href: '/playground', text: words.shell.playground, icon: 'flask-conical' },
];

export const belongs = (entry: NavEntry, screen: string | undefined): boolean =>
  screen !== undefined && (entry.name === screen || (entry.also?.includes(screen) ?? false));
