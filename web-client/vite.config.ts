import react from '@vitejs/plugin-react';
import { build, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.DISPATCH_HUB_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), cleanersApp()],
  build: { target: 'es2022', assetsInlineLimit: 0, sourcemap: false },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: server },
      '/connection': { target: server, ws: true },
    },
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
