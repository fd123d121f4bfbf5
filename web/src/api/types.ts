/** Hides what comes from where: the document's types by short names, and those of accounts, which it does not tell. */
import type { components } from '../generated/api';

type Schemas = components['schemas'];

export type EventView = Schemas['EventView'];
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

export interface Session {
  id: string;
  created_at?: string;
  last_seen_at?: string;
  current?: boolean;
  user_agent?: string;
  agent?: string;
  client?: string;
  address?: string;
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
}

export interface MemberView extends Member {
  role: Role;
  created_at: string;
  last_seen_at?: string | null;
}

export interface InvitationView {
  id: string;
  email: string;
  role: Role;
  expires_at: string;
  link?: string;
}
