/** Hides since when the server has not answered: what is shown is old then, and buttons are locked. */

class Contact {
  /** Milliseconds UTC of the last sign of it; null while it answers. */
  lost = $state<number | null>(null);
  /** Called when it answers again, also to whoever it refused since their session had ended. */
  readonly back = new Set<() => void>();

  heard(): void {
    if (this.lost === null) return;
    this.lost = null;
    this.again();
  }

  again(): void {
    for (const call of [...this.back]) call();
  }
}

export const contact = new Contact();
