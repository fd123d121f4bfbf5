/** Hides how all drafts of this tab are told from what else is stored, and how they go. */
export const PREFIX = 'ensue.draft.';

/** Whoever logs out leaves nothing behind. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // forbidden: then there are none
  }
}
