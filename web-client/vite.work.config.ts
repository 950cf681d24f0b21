/**
 * The cleaner's app: a build of its own under /work, with a service worker whose scope that is. The worker
 * is built last, as one file, with the list of everything else.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';
import { firstLoad } from './build/firstLoad';
import { proxy } from './build/proxy';
import { partsOfPath } from './src/ui/i18n/catalog';

const HERE = import.meta.dirname;
const OUT = path.join(HERE, 'dist/work');
const BASE = '/work/';
/** Of the other build, shown on the sign-in page. */
const BRAND = { url: '/icon.svg', file: path.join(HERE, 'public/icon.svg') };

export default defineConfig({
  root: path.join(HERE, 'cleaner-app'),
  base: BASE,
  plugins: [
    react(),
    // Everything is one bundle; its pages differ by language only.
    firstLoad([{ path: '/work', screen: null, parts: partsOfPath('/work') }]),
    serviceWorker(),
  ],
  // The sources are beside this build's root, not below it.
  resolve: { alias: { '/src': path.join(HERE, 'src') } },
  // The development server has it at /work/, without a service worker.
  server: { host: '127.0.0.1', proxy, fs: { allow: [HERE] } },
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, sourcemap: false },
});

function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    async closeBundle(error?: Error) {
      if (error !== undefined) return;
      await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        define: { __SHELL__: JSON.stringify(shell()) },
        build: {
          outDir: OUT,
          emptyOutDir: false,
          target: 'es2022',
          lib: {
            entry: path.join(HERE, 'src/pwa/worker.ts'),
            formats: ['iife'],
            name: 'worker',
            fileName: () => 'sw.js',
          },
        },
      });
    },
  };
}

/** What the app needs to run, and a version that changes with any byte of it. */
function shell(): { version: string; files: string[] } {
  const files = readdirSync(OUT, { recursive: true, withFileTypes: true })
    // Icons are the launcher's, which keeps them itself.
    .filter((entry) => entry.isFile() && entry.name !== 'sw.js' && !entry.name.endsWith('.png'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ url: BASE + path.relative(OUT, file).split(path.sep).join('/'), file }))
    .concat(BRAND)
    .sort((a, b) => a.url.localeCompare(b.url));
  const hash = createHash('sha256');
  for (const { url, file } of files) hash.update(url).update('\0').update(readFileSync(file));
  return { version: hash.digest('hex').slice(0, 12), files: files.map(({ url }) => url) };
}
