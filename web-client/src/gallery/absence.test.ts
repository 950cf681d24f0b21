// @vitest-environment node
/** The gallery is for development: no build takes it in, and no part of the product leads to it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { resolveConfig } from 'vite';
import { describe, expect, it } from 'vitest';

const HERE = path.resolve(import.meta.dirname, '../..');
const SOURCES = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!./**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

describe('the gallery', () => {
  it('is a page of its own', () => {
    expect(existsSync(path.join(HERE, 'gallery.html'))).toBe(true);
  });

  it.each(['vite.config.ts', 'vite.work.config.ts'])('is no input of %s', async (file) => {
    const { root, publicDir, build } = await resolveConfig(
      { root: HERE, configFile: path.join(HERE, file) },
      'build',
    );
    expect(build.rolldownOptions.input ?? path.join(root, 'index.html')).toBe(path.join(root, 'index.html'));
    expect(existsSync(path.join(publicDir, 'gallery.html'))).toBe(false);
  });

  it('is imported by nothing but itself, and no more is what tests are made of', () => {
    expect(Object.keys(SOURCES).length).toBeGreaterThan(100);
    const product = Object.entries(SOURCES).filter(([file]) => !file.startsWith('../testing/'));
    const leading = product.filter(([, source]) => /from '[^']*\/(gallery|testing)\//.test(source));
    expect(leading.map(([file]) => file)).toEqual([]);
  });
});
