// After the build: holds the first load to its budget, and packs what shrinks, so that the server never has to.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const BUDGET = 40 * 1024; // bytes of gzipped JavaScript before the first screen shows
const out = join(import.meta.dirname, '../../src/ensue/static');
const chunks = JSON.parse(readFileSync(join(out, 'build.json'), 'utf8'));

const size = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;
const script = (key) => chunks[key].file;
const withImports = (key, seen = new Set()) => {
  if (!seen.has(key)) {
    seen.add(key);
    for (const inner of chunks[key].imports ?? []) withImports(inner, seen);
  }
  return seen;
};

// What index.html loads: the file that every screen needs. The feed's is the other that is cut by hand (chunks.ts).
const named = (name) => Object.keys(chunks).find((key) => chunks[key].name === name);
const scripts = [...readFileSync(join(out, 'index.html'), 'utf8').matchAll(/src="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const entry = new Set(Object.keys(chunks).filter((key) => scripts.includes(chunks[key].file)).flatMap((key) => [...withImports(key)]));
const shell = [...entry].map(script).reduce((sum, file) => sum + size(file), size('theme.js'));
const keys = Object.keys(chunks).filter((key) => /^src\/screens\/[^/]+\/[^/]+\.svelte$/.test(key) && chunks[key].isDynamicEntry);
const loads = [['feed', named('feed')], ...keys.map((key) => [key.replace(/^src\/screens\/|\.svelte$/g, ''), key])].map(([name, key]) => {
  const extra = [...withImports(key)].filter((inner) => !entry.has(inner)).map(script).reduce((sum, file) => sum + size(file), 0);
  return [name, shell + extra];
});
// The first load is the shell with what may be the first screen: a form, or the feed's rows. One opened later may weigh more.
const FIRST = /^(feed|login\/Login|setup\/Setup)$/;
const first = loads.filter(([name]) => FIRST.test(name));
const heavy = first.filter(([, bytes]) => bytes > BUDGET);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`Scripts of the first load, gzipped: ${first.map(([name, bytes]) => `${name.replace(/\/.*/, '')} ${kilobytes(bytes)}`).join(', ')}.`);
if (shell > BUDGET || heavy.length) {
  console.error(`Too heavy: the first load may be ${BUDGET / 1024} KB. Load lazily what ${heavy[0]?.[0] ?? 'the shell'} does not need at once.`);
  process.exit(1);
}

for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
  if (!/\.(js|css|svg|html|json|webmanifest)$/.test(file) || file === 'build.json') continue;
  const path = join(out, file);
  const body = readFileSync(path);
  if (body.length < 512) continue;
  writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
