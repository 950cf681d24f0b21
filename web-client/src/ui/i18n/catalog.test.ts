/** What a page loads is what it says: a part of the catalog that is not loaded is not there at run time. */
import { describe, expect, it } from 'vitest';
import { partsOfPath } from './catalog';
import { en } from './en';
import * as core from './en/core';
import { load } from './load';
import { ru } from './ru';

const SOURCES = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!../i18n/**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
/** Folders with a screen are named by its path; what lies elsewhere is shared by all. */
const folders = new Set(
  Object.keys(SOURCES).flatMap((file) => /^\.\.\/([\w-]+)\/\w+Screen\.tsx$/.exec(file)?.[1] ?? []),
);

const parts = Object.keys(en).filter((key) => !(key in core));
const said = (source: string) =>
  new Set([...source.matchAll(/\bt\.(\w+)/g)].map((match) => match[1] ?? '').filter((key) => key in en));

describe('the catalog', () => {
  it('says the same things in every language', () => {
    expect(Object.keys(ru)).toEqual(Object.keys(en));
  });

  it.each(Object.entries(SOURCES))('%s says what its page has loaded', (file, source) => {
    const folder = file.split('/')[1] ?? '';
    const path = folder === 'customer' ? '/' : `/${folder}`;
    const loaded: readonly string[] = folders.has(folder) ? partsOfPath(path) : [];
    expect([...said(source)].filter((key) => parts.includes(key) && !loaded.includes(key))).toEqual([]);
  });

  it('is loaded part by part', async () => {
    const { t } = await load('ru', ['customer']);
    expect(t.customer.title).toBe(ru.customer.title);
    expect(t.common.back).toBe(ru.common.back);
    expect(Object.keys(t).filter((key) => parts.includes(key))).toEqual(['customer']);
  });
});
