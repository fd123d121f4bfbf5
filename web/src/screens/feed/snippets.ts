/** Hides how the first event is sent from a terminal or a program; highlighted by hand, as there is little of it. Pure. */

export type Language = 'curl' | 'python' | 'node' | 'php';
export const LANGUAGES: readonly { value: Language; text: string }[] = [
  { value: 'curl', text: 'curl' },
  { value: 'python', text: 'Python' },
  { value: 'node', text: 'Node' },
  { value: 'php', text: 'PHP' },
];

export interface Piece {
  kind: 'plain' | 'string' | 'word';
  text: string;
}

const BODY = `{
    "type": "order.paid",
    "data": {"order": 1, "total": 42},
    "card": {
      "title": "First order paid",
      "avatar": "🎉",
      "actions": [{"key": "ship", "label": "Ship it"}]
    }
  }`;

/** `token` is that of a key, or null: then it is read from the environment, where it must be put first. */
const SOURCES: Record<Language, (origin: string, token: string | null) => string> = {
  curl: (origin, token) => `curl ${origin}/api/v1/events \\
  -H "Authorization: Bearer ${token ?? '$ENSUE_TOKEN'}" \\
  -H "Content-Type: application/json" \\
  -d '${BODY}'`,
  python: (origin, token) => `${token ? '' : 'import os\n'}from ensue import Client

client = Client("${origin}", ${token ? `"${token}"` : 'os.environ["ENSUE_TOKEN"]'})
client.send(
  "order.paid",
  {"order": 1, "total": 42},
  card={
    "title": "First order paid",
    "avatar": "🎉",
    "actions": [{"key": "ship", "label": "Ship it"}],
  },
)`,
  node: (origin, token) => `await fetch("${origin}/api/v1/events", {
  method: "POST",
  headers: {
    "Authorization": ${token ? `"Bearer ${token}"` : '`Bearer ${process.env.ENSUE_TOKEN}`'},
    "Content-Type": "application/json",
  },
  body: JSON.stringify(${BODY}),
});`,
  php: (origin, token) => `<?php
file_get_contents("${origin}/api/v1/events", false,
  stream_context_create(["http" => [
    "method" => "POST",
    "header" => ["Authorization: Bearer ${token ? `${token}"` : '" . getenv("ENSUE_TOKEN")'},
                 "Content-Type: application/json"],
    "content" => '${BODY}',
  ]]));`,
};

const STRING = /"(?:[^"\\\n]|\\.)*"|'[^']*'|`[^`]*`/g;
const WORDS = /\b(?:curl|import|from|await|new)\b|<\?php/g;

/** A snippet in pieces that are coloured apart. */
export function snippet(language: Language, origin: string, token: string | null = null): Piece[] {
  const source = SOURCES[language](origin, token);
  return cut(source, STRING, 'string').flatMap((piece) => (piece.kind === 'plain' ? cut(piece.text, WORDS, 'word') : [piece]));
}

export function cut(text: string, what: RegExp, kind: Piece['kind']): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(what)) {
    if (found.index > from) pieces.push({ kind: 'plain', text: text.slice(from, found.index) });
    pieces.push({ kind, text: found[0] });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ kind: 'plain', text: text.slice(from) });
  return pieces;
}
