/** Hides how a filled form becomes the body of an event, and that body code in four languages. Pure. */
import { typedJson } from '../../typedJson';
import { cut, type Language, type Piece } from '../feed/snippets';

export const KINDS = ['none', 'text', 'rows', 'json', 'image'] as const;
export type Kind = (typeof KINDS)[number];

export interface Button {
  label: string;
  url: string;
  style: 'plain' | 'danger' | 'link';
}

export interface Form {
  type: string;
  title: string;
  category: string;
  avatar: string;
  subject: string;
  context: string;
  data: string;
  kind: Kind;
  content: string;
  actions: Button[];
  test: boolean;
  notify: boolean;
  muted: boolean;
}

export const FIRST: Form = {
  type: 'order.paid', title: 'First order paid', category: 'Orders', avatar: '🎉', subject: '', context: '',
  data: '{\n  "order": 1,\n  "total": 42\n}', kind: 'text', content: 'Two bags of Sidamo, ground for a moka pot.',
  actions: [], test: false, notify: false, muted: false,
};

/** What a kind of content begins with. */
export const EXAMPLES: Record<Kind, string> = {
  none: '', text: FIRST.content, rows: 'Customer: Ada Lund\nTotal: € 42.00', json: '{"bags": 2, "grind": "moka"}', image: '',
};

/** The form with another kind of content; what was typed stays, an example gives way. */
export const ofKind = (form: Form, kind: Kind): Form =>
  Object.values(EXAMPLES).includes(form.content) ? { ...form, kind, content: EXAMPLES[kind] } : { ...form, kind };

export type Body = { type: string; data?: unknown; subject?: string; context?: { id: string }; card?: Record<string, unknown> };

/** What is sent; what is empty, or no JSON yet, is left out. */
export function bodyOf(form: Form): Body {
  const data = typedJson(form.data);
  const content = contentOf(form);
  const actions = form.actions.filter((one) => one.label.trim() && (one.url.trim() || one.style !== 'link')).map(actionOf);
  const card = {
    ...text('title', form.title), ...text('avatar', form.avatar), ...text('category', form.category),
    ...(content && { content }),
    ...(actions.length && { actions }),
    ...(form.muted && { muted: true }), ...(form.notify && { notify: true }), ...(form.test && { test: true }),
  };
  return {
    type: form.type.trim(),
    ...(data.kind === 'value' && { data: data.value }),
    ...text('subject', form.subject),
    ...(form.context.trim() && { context: { id: form.context.trim() } }),
    ...(Object.keys(card).length && { card }),
  };
}

const text = (name: string, value: string): Record<string, string> => (value.trim() ? { [name]: value.trim() } : {});

function contentOf({ kind, content }: Form): { type: Kind; value: unknown } | null {
  if (kind === 'none' || !content.trim()) return null;
  if (kind === 'text') return { type: kind, value: content };
  if (kind === 'image') return { type: kind, value: content.trim() };
  if (kind === 'rows') return { type: kind, value: rows(content) };
  const found = typedJson(content);
  return found.kind === 'value' ? { type: kind, value: found.value } : null;
}

/** `Customer: Ada` on each line; without a colon a row without a label. */
function rows(content: string): string[][] {
  return content.split('\n').filter((line) => line.trim()).map((line) => {
    const at = line.indexOf(':');
    return at < 0 ? ['', line.trim()] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

/** A button's key is made of its label, with its number so that two are never the same. */
function actionOf({ label, url, style }: Button, at: number): Record<string, unknown> {
  const key = `${label.trim().toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'action'}-${at + 1}`;
  return { key, label: label.trim(), ...text('url', url), ...(style === 'link' && { external: true }), ...(style === 'danger' && { style: 'danger' }) };
}

/** The field of the form that an error of the server is about. */
export function fieldOf(field: string | undefined): 'type' | 'content' | 'actions' | 'avatar' | 'subject' | 'context' | 'title' | 'category' | null {
  const last = field?.replace(/^card\./, '') ?? '';
  if (last.startsWith('actions')) return 'actions';
  if (last.startsWith('content')) return 'content';
  if (last.startsWith('context')) return 'context';
  const known = ['type', 'avatar', 'subject', 'title', 'category'] as const;
  return known.find((name) => name === last) ?? null;
}

const indented = (value: unknown, by: string): string => JSON.stringify(value, null, 2).replaceAll('\n', `\n${by}`);
const single = (json: string, quote: string): string => json.replaceAll("'", quote);

/** JSON as a Python expression. */
export function python(value: unknown, by = ''): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return value.length ? `[\n${value.map((one) => `${by}    ${python(one, `${by}    `)},\n`).join('')}${by}]` : '[]';
  if (typeof value !== 'object') return JSON.stringify(value);
  const pairs = Object.entries(value as object);
  return pairs.length ? `{\n${pairs.map(([name, one]) => `${by}    ${JSON.stringify(name)}: ${python(one, `${by}    `)},\n`).join('')}${by}}` : '{}';
}

const SOURCES: Record<Language, (origin: string, body: Body) => string> = {
  curl: (origin, body) => `curl ${origin}/api/v1/events \\
  -H "Authorization: Bearer $ENSUE_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '${single(indented(body, '  '), `'\\''`)}'`,
  python: (origin, { type, ...fields }) => `import os
from ensue import Client

client = Client("${origin}", os.environ["ENSUE_TOKEN"])
client.send(
    ${[JSON.stringify(type), ...Object.entries(fields).map(([name, value]) => `${name}=${python(value, '    ')}`)].join(',\n    ')},
)`,
  node: (origin, body) => `await fetch("${origin}/api/v1/events", {
  method: "POST",
  headers: {
    "Authorization": \`Bearer \${process.env.ENSUE_TOKEN}\`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify(${indented(body, '  ')}),
});`,
  php: (origin, body) => `<?php
file_get_contents("${origin}/api/v1/events", false,
  stream_context_create(["http" => [
    "method" => "POST",
    "header" => ["Authorization: Bearer " . getenv("ENSUE_TOKEN"),
                 "Content-Type: application/json"],
    "content" => '${single(indented(body, '    ').replaceAll('\\', '\\\\'), "\\'")}',
  ]]));`,
};

/** The call in pieces that are coloured apart. */
export function codeOf(language: Language, origin: string, body: Body): Piece[] {
  return cut(SOURCES[language](origin, body), /"(?:[^"\\\n]|\\.)*"/g, 'string');
}
