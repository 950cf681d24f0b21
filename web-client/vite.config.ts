import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.DISPATCH_HUB_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
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
