/** Hides who looks, which project they see, and what they may do there. */
import { ask, calling, type Failure, type Result } from '../api/client';
import { ROLES, type ConsoleView, type Project, type Role, type SessionView } from '../api/types';
import { here } from '../here.svelte';
import { contact } from './contact.svelte';
import { forgetDrafts } from './drafts';
import { preferences } from './preferences.svelte';

/** What is kept for the time without a server; loaded when the first screen stands. */
const offline = () => import('../offline/keeper');

/** Milliseconds that the server has for its first answer before what was kept is shown. */
const PATIENCE = 5000;

type State = 'unknown' | 'setup' | 'out' | 'in' | 'unreachable';

class Session {
  state = $state<State>('unknown');
  view = $state.raw<SessionView | null>(null);
  console = $state.raw<ConsoleView | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** The session ended while its page was open: a dialog asks to log in, and what is there stays. */
  ended = $state(false);
  /** The name of a project that we were taken out of, or that was deleted, while its page was open. */
  lost = $state<string | null>(null);
  project = $derived.by(() => this.#chosen());

  /** Ask the server who we are; where it does not say, go on with what was kept here. */
  async start(): Promise<void> {
    calling.ended = () => {
      this.ended = this.state === 'in';
      void offline().then((keeper) => keeper.leave());
    };
    calling.removed = () => void this.#removed();
    calling.forbidden = () => void this.refresh();
    calling.heard = () => contact.heard();
    addEventListener('focus', () => preferences.keepProject());
    if (preferences.leaving) await this.#end();
    const slow = setTimeout(() => void this.#fromKept(), PATIENCE);
    const [found, told] = await Promise.all([
      ask<SessionView>('GET', '/api/v1/session'),
      ask<ConsoleView>('GET', '/api/v1/console'),
    ]);
    clearTimeout(slow);
    if (told.ok) this.console = told.value;
    if (found.ok) {
      this.enter(found.value, location.search);
    } else if (found.error.status === 401) this.state = told.ok && told.value.setup_needed ? 'setup' : 'out';
    else if (found.error.status || !(await this.#fromKept())) {
      this.failure = found.error;
      this.state = 'unreachable';
    }
  }

  /** Whoever was here last sees what was kept for them, until the server answers; whether anything was. */
  async #fromKept(): Promise<boolean> {
    const keeper = await offline().catch(() => null);
    const kept = preferences.leaving ? undefined : await keeper?.last();
    if (!keeper || !kept || this.state !== 'unknown') return this.state === 'in';
    contact.lost = kept.at;
    this.#stand(kept.view, location.search);
    keeper.waitFor(async () => {
      const found = await this.refresh();
      if (!found.ok) return found.error.status !== 0;
      const told = await ask<ConsoleView>('GET', '/api/v1/console');
      if (told.ok) this.console = told.value;
      return true;
    });
    return true;
  }

  /** A session has begun, or has been read again; `target` is where one goes now: a push names the project of its event. */
  enter(view: SessionView, target = ''): void {
    preferences.leaving = false;
    this.#stand(view, target);
    void offline().then((keeper) => keeper.enter(view, this.project?.id), () => {});
  }

  #stand(view: SessionView, target: string): void {
    const named = new URL(target, location.origin).searchParams.get('project');
    if (view.projects.some((project) => project.slug === named)) preferences.project = named ?? '';
    const refused = this.ended;
    this.view = view;
    this.ended = false;
    this.state = 'in';
    calling.member = view.member.id;
    calling.project = preferences.project = this.project?.slug ?? '';
    if (refused) contact.again();
  }

  /** Read projects, roles and names again, after one has been changed. */
  async refresh(): Promise<Result<SessionView>> {
    const found = await ask<SessionView>('GET', '/api/v1/session');
    if (found.ok) this.enter(found.value);
    return found;
  }

  /** Nothing of it stays in this browser; where the server does not hear of it, it is told as soon as it answers. */
  async leave(): Promise<void> {
    const keeper = await offline().catch(() => null);
    await keeper?.leave();
    await (await import('../push/browser')).silence();
    preferences.leaving = true;
    if (!(await this.#end())) keeper?.waitFor(() => this.#end());
    this.view = this.lost = null;
    this.state = 'out';
    this.ended = false;
    calling.project = calling.member = '';
    forgetDrafts();
  }

  /** End the session on the server, if that is still wanted; whether it has been told. */
  async #end(): Promise<boolean> {
    if (!preferences.leaving) return true;
    const done = await ask('DELETE', '/api/v1/session');
    if (done.ok || done.error.status) preferences.leaving = false;
    return !preferences.leaving;
  }

  /** The project that is open is gone, or we are out of it: the page says so, and nothing else takes its place unasked. */
  async #removed(): Promise<void> {
    const before = this.project;
    const found = await ask<SessionView>('GET', '/api/v1/session');
    if (!found.ok || !before || found.value.projects.some(({ id }) => id === before.id)) return;
    this.lost = before.name;
    this.enter(found.value);
  }

  /** Look at another project; screens are built anew. */
  choose(slug: string): void {
    preferences.project = slug;
    calling.project = slug;
    this.lost = null;
    if (here.query.get('project') !== null) here.setQuery({ project: null });
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
