/** Hides whether typed text is JSON, and where not: the line, and what is wrong in words. Pure. */

export type TypedJson = { kind: 'empty' } | { kind: 'value'; value: unknown } | { kind: 'wrong'; at: number; line: number; text: string };

export function typedJson(text: string): TypedJson {
  if (!text.trim()) return { kind: 'empty' };
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown };
  } catch (error) {
    const at = place(text, error instanceof Error ? error.message : '');
    return { kind: 'wrong', at, line: text.slice(0, at).split('\n').length, text: reason(text, at) };
  }
}

/** Where the parser stopped: as it says, else the longest beginning that can go on. */
function place(text: string, message: string): number {
  const told = /position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Math.min(Number(told), text.length);
  if (/end of (JSON|data)|Unterminated/i.test(message)) return text.trimEnd().length;
  const near = /Unexpected token .*?, (?:\.\.\.)?"([\s\S]*?)"(?:\.\.\.)? is not/.exec(message)?.[1];
  const found = near ? text.indexOf(near) : -1;
  return found < 0 ? text.trimEnd().length : found;
}

function reason(text: string, at: number): string {
  const rest = text.slice(at).trimStart();
  const before = text.slice(0, at).trimEnd();
  if (!rest) return before.endsWith(',') ? 'something must follow the comma.' : 'it ends too early; a bracket or quote is open.';
  if (rest.startsWith("'")) return "write \" instead of '.";
  if (/^[}\]]/.test(rest) && before.endsWith(',')) return 'take the comma before the bracket away.';
  if (/^[A-Za-z_]/.test(rest) && /[{,]$/.test(before)) return 'names stand in "quotes".';
  if (/^["\d[{tfn]/.test(rest) && /["\d\]}el]$/.test(before)) return 'a comma is missing.';
  return `“${[...rest][0]}” is not expected here.`;
}
