/** Hides who looks, which project they see, and what they may do there. */
import { ask, calling, type Failure, type Result } from '../api/client';
import { ROLES, type ConsoleView, type Project, type Role, type SessionView } from '../api/types';
import { preferences } from './preferences.svelte';

type State = 'unknown' | 'setup' | 'out' | 'in' | 'unreachable';

class Session {
  state = $state<State>('unknown');
  view = $state.raw<SessionView | null>(null);
  console = $state.raw<ConsoleView | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The session ended while its page was open: a dialog asks to log in, and what is there stays. */
  ended = $state(false);
  project = $derived.by(() => this.#chosen());

  /** Ask the server who we are. */
  async start(): Promise<void> {
    calling.ended = () => (this.ended = this.state === 'in');
    const [found, told] = await Promise.all([
      ask<SessionView>('GET', '/api/v1/session'),
      ask<ConsoleView>('GET', '/api/v1/console'),
    ]);
    if (told.ok) this.console = told.value;
    if (found.ok) {
      const named = new URLSearchParams(location.search).get('project'); // a push names the project of its event
      if (found.value.projects.some((project) => project.slug === named)) preferences.project = named ?? '';
      this.enter(found.value);
    } else if (found.error.status === 401) this.state = told.ok && told.value.setup_needed ? 'setup' : 'out';
    else {
      this.failure = found.error;
      this.state = 'unreachable';
    }
  }

  /** A session has begun, or has been read again. */
  enter(view: SessionView): void {
    this.view = view;
    this.ended = false;
    this.state = 'in';
    calling.project = this.project?.slug ?? '';
  }

  /** Read projects, roles and names again, after one has been changed. */
  async refresh(): Promise<Result<SessionView>> {
    const found = await ask<SessionView>('GET', '/api/v1/session');
    if (found.ok) this.enter(found.value);
    return found;
  }

  async leave(): Promise<void> {
    await this.#silence();
    await ask('DELETE', '/api/v1/session');
    this.view = null;
    this.state = 'out';
    this.ended = false;
    calling.project = '';
  }

  /** Whoever logs out hears no more of it in this browser. */
  async #silence(): Promise<void> {
    const { unsubscribe } = await import('../push/browser');
    const endpoint = await unsubscribe().catch(() => undefined);
    if (!endpoint) return;
    const found = await ask<{ items: { id: string; endpoint: string }[] }>('GET', '/api/v1/devices');
    const mine = found.ok ? found.value.items.find((one) => one.endpoint === endpoint) : undefined;
    if (mine) await ask('DELETE', `/api/v1/devices/${mine.id}`);
  }

  /** Look at another project; screens are built anew. */
  choose(slug: string): void {
    preferences.project = slug;
    calling.project = slug;
  }

  /** Whether our role in this project is `role` or more. */
  may(role: Role): boolean {
    const ours = this.project?.role;
    return ours !== undefined && ROLES.indexOf(ours) <= ROLES.indexOf(role);
  }

  #chosen(): Project | undefined {
    const projects = this.view?.projects ?? [];
    return projects.find((project) => project.slug === preferences.project) ?? projects[0];
  }
}

export const session = new Session();
