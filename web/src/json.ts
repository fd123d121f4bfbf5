/** Hides how JSON becomes lines: folded beyond the first level, each line with where it can be opened. Pure. */

export interface Piece {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark' | 'fold';
  text: string;
}

export interface Line {
  depth: number;
  pieces: Piece[];
  /** What a press on the fold opens; undefined where there is none. */
  path?: string;
}

const mark = (text: string): Piece => ({ kind: 'mark', text });

/** The lines of `value`; objects and arrays deeper than `open` levels are folded, unless their path is in `opened`. */
export function jsonLines(value: unknown, opened: ReadonlySet<string>, open = 1): Line[] {
  const lines: Line[] = [];
  const add = (depth: number, pieces: Piece[], path?: string): void => void lines.push({ depth, pieces, ...(path !== undefined && { path }) });

  function write(inner: unknown, depth: number, path: string, head: Piece[], tail: Piece[]): void {
    if (typeof inner !== 'object' || inner === null) return add(depth, [...head, scalar(inner), ...tail]);
    const list = Array.isArray(inner);
    const entries = Object.entries(inner);
    const [left, right] = list ? ['[', ']'] : ['{', '}'];
    if (!entries.length) return add(depth, [...head, mark(left + right), ...tail]);
    if (depth >= open && !opened.has(path)) return add(depth, [...head, fold(entries.length, list), ...tail], path);
    add(depth, [...head, mark(left)]);
    for (const [at, [key, child]] of entries.entries()) {
      const name = list ? [] : [{ kind: 'key', text: JSON.stringify(key) } as const, mark(': ')];
      write(child, depth + 1, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, name, at < entries.length - 1 ? [mark(',')] : []);
    }
    add(depth, [mark(right), ...tail]);
  }

  write(value, 0, '', [], []);
  return lines;
}

function scalar(value: unknown): Piece {
  const kind = typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'word';
  return { kind, text: JSON.stringify(value) };
}

function fold(count: number, list: boolean): Piece {
  const what = list ? (count === 1 ? 'item' : 'items') : count === 1 ? 'key' : 'keys';
  return { kind: 'fold', text: list ? `[ ${count} ${what} ]` : `{ ${count} ${what} }` };
}
