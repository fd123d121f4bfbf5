// Makes src/generated/api.d.ts from the API's own document; no server needs to run, only Ensue be installed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';

const root = join(import.meta.dirname, '../..');
const own = join(root, '.venv/bin/python');
const python = process.env.ENSUE_PYTHON ?? (existsSync(own) ? own : 'python3');

const document = JSON.parse(execFileSync(python, ['-m', 'docs.openapi'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }));
mkdirSync(join(root, 'web/src/generated'), { recursive: true });
writeFileSync(join(root, 'web/src/generated/api.d.ts'), astToString(await openapiTS(document)));
