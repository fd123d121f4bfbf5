/** Hides that a part of a screen is loaded when it is first wanted. */

/** What a module exports as default: undefined until it is here; whoever reads it in a template is told. */
export function wanted<T>(load: () => Promise<{ default: T }>): { readonly now: T | undefined } {
  let value = $state.raw<T>();
  let asked = false;
  return {
    get now() {
      if (!asked) {
        asked = true;
        load().then(
          (found) => (value = found.default),
          () => (asked = false), // whoever wants it next tries again
        );
      }
      return value;
    },
  };
}
