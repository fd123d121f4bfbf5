/**
 * Hides that all words stand in one file, while a screen loads only its own: at build time `words.keys.title` becomes a
 * read of the module `words.ts?group=keys`, which holds that group alone and goes where it is used.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Plugin } from 'vite';

const WORDS = join(import.meta.dirname, '../src/words.ts');
const IMPORT = /import\s*\{\s*words\s*\}\s*from\s*['"]([^'"]*\/words)(?:\.ts)?['"];?/;
const GROUP = '?group=';

export function wordsByGroup(): Plugin {
  return {
    name: 'words-by-group',
    apply: 'build',
    enforce: 'post',
    transform(code, id) {
      const found = IMPORT.exec(code);
      if (!found || id.includes(GROUP)) return null;
      const rest = code.replace(found[0], '');
      const known = properties(readFileSync(WORDS, 'utf8')).map((property) => property.name?.getText());
      const reads = new RegExp(`\\bwords\\.(${known.join('|')})\\b`, 'g');
      const groups = [...new Set([...rest.matchAll(reads)].map((match) => match[1] ?? ''))];
      const imports = groups.map((group) => `import { words as words_${group} } from '${found[1]}.ts${GROUP}${group}';`);
      // The import of all words stays for whoever reads them by a computed name; the others drop it as unused.
      return { code: `${found[0]}\n${imports.join('\n')}${rest.replace(reads, 'words_$1')}`, map: null };
    },
    load(id) {
      const [file, group] = id.split(GROUP);
      return file && group ? alone(readFileSync(file, 'utf8'), group) : null;
    },
  };
}

/** The file's beginning, and of its words that group alone. */
function alone(text: string, group: string): string {
  const property = properties(text).find((one) => one.name?.getText() === group);
  if (!property) throw new Error(`words.ts has no group ${group}`);
  const value = ts.isPropertyAssignment(property) ? property.initializer.getText() : group;
  return `${text.slice(0, text.indexOf('export const words'))}\nexport const words = ${value};`;
}

/** The groups of `export const words = { … } as const`. */
function properties(text: string): readonly ts.ObjectLiteralElementLike[] {
  const source = ts.createSourceFile('words.ts', text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText() !== 'words' || !initializer) continue;
      const object = ts.isAsExpression(initializer) ? initializer.expression : initializer;
      if (ts.isObjectLiteralExpression(object)) return object.properties;
    }
  }
  throw new Error('words.ts exports no words');
}
