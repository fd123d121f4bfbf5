/** Hides what screens lend to the frame around them: counts at its entries, the side bar's second half, test mode. */
import type { Snippet } from 'svelte';

class Shell {
  /** Shown at the entries of the side bar; undefined is not known, and shows nothing. */
  counts = $state<{ triggers?: number; dead?: number; scheduled?: number }>({});
  /** What a screen puts under the side bar's entries (the feed: its categories). Set it in an effect, and take it back. */
  side = $state.raw<Snippet | null>(null);
  /** Only test events are shown, and the page says so. */
  test = $state(false);
  /** A drawer is open over the page: nothing else can be reached until it is closed. */
  drawer = $state(false);
  /** What every page must say until it is over (a full disk), or null. */
  alarm = $state<string | null>(null);
}

export const shell = new Shell();
