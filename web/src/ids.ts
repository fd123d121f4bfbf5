/** Hides by what one tells of what kind an id is. Pure. */

/** What an id that was typed or pasted is of; null where it is none. */
export function idOf(text: string): { event: string } | { delivery: string } | null {
  const id = text.trim();
  if (/^dlv_[0-9a-z]{26}$/.test(id)) return { delivery: id };
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? { event: id.toLowerCase() } : null;
}
