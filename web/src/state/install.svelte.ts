/** Hides how the console becomes an app of its own: what the browser offers is taken by a click, later, where people look for it. */

/** What Chromium fires when a page can be installed. */
interface Offer extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Install {
  offer = $state.raw<Offer | null>(null);
  done = $state(matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true);

  /** The offer comes once, early: it is kept, and the browser shows nothing by itself. */
  start(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.offer = event as Offer;
    });
    addEventListener('appinstalled', () => {
      this.offer = null;
      this.done = true;
    });
  }

  /** Asks its reader; an offer can be taken once only. */
  async take(): Promise<void> {
    const offer = this.offer;
    this.offer = null;
    await offer?.prompt();
  }
}

export const install = new Install();
