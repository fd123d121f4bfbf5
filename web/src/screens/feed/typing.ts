/** Hides how chips are typed: `category:Orders `, `category:"Big orders" `. Pure. */
import { isKey, type Chip } from './filters';

const CHIP = /(^|\s)([a-z]+):(?:"([^"]*)"|([^\s"]+))(?=\s)/i;

/** Typed text with its finished chips taken out: one is finished by the blank after it, or the quote and a blank. */
export function taken(text: string): { chips: Chip[]; rest: string } {
  const chips: Chip[] = [];
  let rest = text;
  let from = 0;
  for (;;) {
    const found = CHIP.exec(rest.slice(from));
    if (!found) return { chips, rest };
    const key = (found[2] ?? '').toLowerCase();
    const value = (found[3] ?? found[4] ?? '').trim();
    const at = from + found.index;
    if (isKey(key) && value) {
      chips.push({ key, value });
      rest = rest.slice(0, at) + (found[1] ?? '') + rest.slice(at + found[0].length).replace(/^\s+/, '');
      from = at;
    } else from = at + found[0].length;
  }
}

/** A chip as it would be typed. */
export const typed = ({ key, value }: Chip): string => (/\s/.test(value) ? `${key}:"${value}"` : `${key}:${value}`);
