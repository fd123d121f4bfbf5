/** Hides what comes from where: the document's types by short names, and those of accounts, which it does not tell. */
import type { components } from '../generated/api';

type Schemas = components['schemas'];

export type EventView = Schemas['EventView'];
export type ActionView = Schemas['ActionView'];
export type ButtonView = Schemas['ButtonView'];
export type DeliveryView = Schemas['DeliveryView'];
export type TriggerView = Schemas['TriggerView'];
export type KeyView = Schemas['KeyView'];
export type NewKeyView = Schemas['NewKeyView'];

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Role = 'owner' | 'admin' | 'member' | 'viewer';
export const ROLES: readonly Role[] = ['owner', 'admin', 'member', 'viewer'];

export interface Member {
  id: string;
  name: string;
  email: string;
}

export interface Project {
  id: string;
  slug: string;
  name: string;
  role: Role;
}

/** One login: `agent` is what the browser calls itself, `client` where it is. */
export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  agent: string;
  client: string;
  current: boolean;
}

export interface SessionView {
  member: Member;
  projects: Project[];
  session: Session;
}

export interface ConsoleView {
  version: string;
  setup_needed: boolean;
  mail: boolean;
  /** The server's public key for pushes, in base64url. */
  push_key: string;
}

export interface MemberView extends Member {
  role: Role;
  created_at: string;
  last_seen_at?: string | null;
}

/** What a link invites to; `account`: whether its address has one, to log in by. */
export interface Offer {
  email: string;
  role: Role;
  project: string;
  by: string;
  expires_at: string;
  account: boolean;
}

export interface InvitationView {
  id: string;
  email: string;
  role: Role;
  by: string;
  created_at: string;
  expires_at: string;
  link?: string;
}
