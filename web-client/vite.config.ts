import react from '@vitejs/plugin-react';
import { build, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { compressed, firstLoad } from './build/firstLoad';
import { proxy } from './build/proxy';
import { partsOfPath } from './src/ui/i18n/catalog';

/** The screens by their paths; the last is shown where no other is. */
const SCREENS = [
  ['/control', 'ui/control/ControlScreen.tsx'],
  ['/admin', 'ui/admin/AdminScreen.tsx'],
  ['/sign-in', 'ui/sign-in/SignInScreen.tsx'],
  ['/', 'ui/customer/CustomerScreen.tsx'],
] as const;

export default defineConfig({
  plugins: [
    react(),
    firstLoad(SCREENS.map(([path, screen]) => ({ path, screen, parts: partsOfPath(path) }))),
    cleanersApp(),
    compressed(),
  ],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What several screens use comes as one file: each of its own costs more in headers than it saves.
        codeSplitting: {
          groups: [
            {
              name: 'shared',
              test: /\/src\/(ui\/(parts\/|i18n\/plural|objection|useTitle)|state\/)|\/lucide-react\//,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy,
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
});

/** A build of its own, into a folder of this one's: whoever builds the client builds both. */
function cleanersApp(): Plugin {
  return {
    name: 'cleaners-app',
    apply: 'build',
    async closeBundle(error?: Error) {
      if (error === undefined) await build({ configFile: `${import.meta.dirname}/vite.work.config.ts` });
    },
  };
}
