/** Hides what this browser remembers of its reader: theme, zone, and whether single keys act. */

export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

function read(name: string, from: 'localStorage' | 'sessionStorage' = 'localStorage'): string | null {
  try {
    return globalThis[from].getItem(`ensue.${name}`);
  } catch {
    return null; // storage may be forbidden; nothing depends on it
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`ensue.${name}`);
    else localStorage.setItem(`ensue.${name}`, value);
  } catch {
    // as above
  }
}

class Preferences {
  #theme = $state<Theme>((read('theme') as Theme | null) ?? 'system');
  #zone = $state<Zone>(read('zone') === 'utc' ? 'utc' : 'local');
  #keys = $state(read('keys') !== 'off');
  #project = $state(read('project', 'sessionStorage') ?? read('project') ?? '');

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    write('theme', theme === 'system' ? null : theme);
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  get zone(): Zone {
    return this.#zone;
  }
  set zone(zone: Zone) {
    this.#zone = zone;
    write('zone', zone);
  }

  /** Whether single keys (j, k, t, …) act. */
  get keys(): boolean {
    return this.#keys;
  }
  set keys(on: boolean) {
    this.#keys = on;
    write('keys', on ? null : 'off');
  }

  /** Whether somebody logged out whom the server has not heard of yet. */
  get leaving(): boolean {
    return read('leaving') !== null;
  }
  set leaving(on: boolean) {
    write('leaving', on ? 'yes' : null);
  }

  /** The slug of this tab's project; a new tab begins with the one that was looked at last. */
  get project(): string {
    return this.#project;
  }
  set project(slug: string) {
    this.#project = slug;
    this.keepProject();
    try {
      sessionStorage.setItem('ensue.project', slug);
    } catch {
      // as above
    }
  }
  /** Tabs that are opened from here begin with its project. */
  keepProject(): void {
    write('project', this.#project);
  }
}

export const preferences = new Preferences();
