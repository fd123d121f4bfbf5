/** Hides which screens there are: each is a chunk of its own, loaded when its path is opened. */
import type { Component } from 'svelte';
import { type Route } from './router';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- props are the parameters of the path
export type Load = () => Promise<{ default: Component<any> }>;

/** `bare` screens stand alone, without side bar and without a session. */
export interface ScreenRoute extends Route<Load> {
  bare?: boolean;
}

export const routes: readonly ScreenRoute[] = [
  { name: 'feed', path: '/', load: () => import('./screens/feed/Live.svelte') },
  { name: 'event', path: '/events/:id', load: () => import('./screens/event/Event.svelte') },
  { name: 'overview', path: '/overview', load: () => import('./screens/overview/Overview.svelte') },
  { name: 'triggers', path: '/triggers', load: () => import('./screens/triggers/Triggers.svelte') },
  { name: 'trigger', path: '/triggers/:id', load: () => import('./screens/trigger/Trigger.svelte') },
  { name: 'deliveries', path: '/deliveries', load: () => import('./screens/deliveries/Deliveries.svelte') },
  { name: 'scheduled', path: '/scheduled', load: () => import('./screens/scheduled/Scheduled.svelte') },
  { name: 'playground', path: '/playground', load: () => import('./screens/playground/Playground.svelte') },
  { name: 'settings', path: '/settings', load: () => import('./screens/settings/Settings.svelte') },
  { name: 'keys', path: '/settings/keys', load: () => import('./screens/keys/Keys.svelte') },
  { name: 'members', path: '/settings/members', load: () => import('./screens/members/Members.svelte') },
  { name: 'projects', path: '/settings/projects', load: () => import('./screens/projects/Projects.svelte') },
  { name: 'sessions', path: '/settings/sessions', load: () => import('./screens/sessions/Sessions.svelte') },
  { name: 'server', path: '/settings/server', load: () => import('./screens/server/Server.svelte') },
  { name: 'devices', path: '/settings/devices', load: () => import('./screens/devices/Devices.svelte') },
  { name: 'login', path: '/login', load: () => import('./screens/login/Login.svelte'), bare: true },
  { name: 'setup', path: '/setup', load: () => import('./screens/setup/Setup.svelte'), bare: true },
  { name: 'invitation', path: '/invitation', load: () => import('./screens/invitation/Invitation.svelte'), bare: true },
  { name: 'forgotten', path: '/forgotten', load: () => import('./screens/forgotten/Forgotten.svelte'), bare: true },
  { name: 'reset', path: '/reset', load: () => import('./screens/reset/Reset.svelte'), bare: true },
];
