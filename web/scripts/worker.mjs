// After the build: tells the worker which files it keeps for the time without a server, and which paths are screens.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2] ?? join(import.meta.dirname, '../../src/ensue/static');
const chunks = JSON.parse(readFileSync(join(out, 'build.json'), 'utf8'));

// Too heavy to be kept before they were used: the JSON editor and the charts, which show nothing without a server.
const HEAVY = ['src/run/editor.ts', 'src/screens/overview/plot.ts'].map((key) => chunks[key]?.file);

const assets = readdirSync(join(out, 'assets')).map((name) => `assets/${name}`);
const loose = readdirSync(out).filter((name) => /\.(js|svg|png|webmanifest)$/.test(name) && name !== 'worker.js');
const files = [...loose, ...assets.filter((name) => /\.(js|css|svg)$/.test(name) && !HEAVY.includes(name))].sort();
const kept = ['/', ...files.map((name) => `/${name}`)];
const hash = createHash('sha256').update(kept.join('\n'));
for (const name of ['index.html', ...loose]) hash.update(readFileSync(join(out, name)));
const routes = readFileSync(join(import.meta.dirname, '../src/routes.ts'), 'utf8');
const screens = [...routes.matchAll(/\bpath: '([^']+)'/g)].map((match) => match[1]);

const build = { version: hash.digest('hex').slice(0, 12), files: kept, screens };
const worker = join(out, 'worker.js');
const before = readFileSync(worker, 'utf8').replace(/^self\.build=.*\n/, '');
writeFileSync(worker, `self.build=${JSON.stringify(build)};\n${before}`);
console.log(`${kept.length} files are kept for the time without a server`);
