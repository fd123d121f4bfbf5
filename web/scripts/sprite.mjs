// Makes src/generated/icons.svg, one file with every icon that the console uses, and the type of their names.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const icons = join(dirname(createRequire(import.meta.url).resolve('lucide-static/package.json')), 'icons');
const names = readFileSync(join(root, 'src/parts/icons.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));

function symbol(name) {
  const svg = readFileSync(join(icons, `${name}.svg`), 'utf8');
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>[\s\S]*$/, '').replace(/\s*\n\s*/g, '');
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
}

const sorted = [...new Set(names)].sort();
mkdirSync(join(root, 'src/generated'), { recursive: true });
writeFileSync(
  join(root, 'src/generated/icons.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide, ISC License -->${sorted.map(symbol).join('')}</svg>\n`,
);
writeFileSync(
  join(root, 'src/generated/icons.ts'),
  `/** Every icon of the sprite (src/parts/icons.txt). */\nexport type IconName =\n${sorted.map((name) => `  | '${name}'`).join('\n')};\n`,
);
