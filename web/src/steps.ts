/** Hides how keys walk through a list: the focus moves to the next of what a selector names, or to the previous. */

/** Begin where the focus is, with the first where it is elsewhere. */
export function stepTo(selector: string, by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(selector)];
  const at = all.findIndex((one) => one === document.activeElement || one.closest('tr')?.contains(document.activeElement));
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.closest('tr')?.scrollIntoView({ block: 'nearest' });
}
