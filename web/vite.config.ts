import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { groups } from './scripts/chunks.ts';
import { lean } from './scripts/lean.ts';
import { wordsByGroup } from './scripts/words.ts';

const server = process.env.ENSUE_URL ?? 'http://127.0.0.1:4122';

export default defineConfig({
  plugins: [svelte(), wordsByGroup(), lean()],
  build: {
    outDir: '../src/ensue/static',
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'build.json',
    modulePreload: false,
    cssCodeSplit: false,
    // The policy of the page knows no data: URLs but for images, and a sprite is referred to, not inlined.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false }, // how long which part of the build took is nothing to those who run it
      input: { index: 'index.html', worker: 'src/worker/worker.ts' },
      // A worker's scope is the path that it lies at: the whole site.
      output: { codeSplitting: { groups }, entryFileNames: (chunk) => (chunk.name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: { proxy: { '/api': server, '/docs': server } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
});
