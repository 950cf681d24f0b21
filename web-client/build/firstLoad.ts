/**
 * Two things that the first load of a page gains by:
 *
 * - `firstLoad`: a small script in the head that asks for all files of the page at once. Which screen and
 *   which language it needs is known by the address and the reader's choice, long before the application runs;
 * - `compressed`: every text file of the build also as small as can be, for the server to send as it is.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

type Bundle = Rollup.OutputBundle;
type Chunk = Rollup.OutputChunk;

export interface Page {
  /** The path at and below which it is shown; the last page of the list is shown anywhere else. */
  readonly path: string;
  /** The module of its screen, from src; `null` where that is part of the entry. */
  readonly screen: string | null;
  /** The parts of the catalog that it says. */
  readonly parts: readonly string[];
}

const LANGUAGES = ['en', 'ru'] as const;
const FONTS: Record<(typeof LANGUAGES)[number], readonly string[]> = { en: [], ru: ['inter-cyrillic'] };
/** Read by every language: digits and names of what is sold. */
const FONT = 'inter-latin';

export function firstLoad(pages: readonly Page[]): Plugin {
  let first: { readonly name: string; readonly source: string } | null = null;
  let [folder, base] = ['', '/'];
  return {
    name: 'first-load',
    apply: 'build',
    configResolved: (config) => {
      folder = path.resolve(config.root, config.build.outDir);
      base = config.base;
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle }) => {
        if (bundle === undefined) return html;
        const template = readFileSync(path.join(import.meta.dirname, 'first.js'), 'utf8');
        const files = JSON.stringify({ base, ...filesOf(bundle, pages) });
        const source = template.replace(/^\/\/.*\n/gm, '').replace(/\(FILES\);\s*$/, () => `(${files});\n`);
        const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8);
        first = { name: `assets/first-${hash}.js`, source };
        const font = assetOf(bundle, FONT);
        return {
          html,
          tags: [
            { tag: 'script', attrs: { src: base + first.name }, injectTo: 'head' },
            {
              tag: 'link',
              attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: '', href: base + font },
              injectTo: 'head',
            },
          ],
        };
      },
    },
    writeBundle: () => {
      if (first !== null) writeFileSync(path.join(folder, first.name), first.source);
    },
  };
}

function filesOf(bundle: Bundle, pages: readonly Page[]) {
  const entry = chunksOf(bundle).find((chunk) => chunk.isEntry);
  const known = new Set(entry === undefined ? [] : withImports(bundle, entry));
  const fresh = (files: readonly string[]) => [...new Set(files)].filter((file) => !known.has(file));
  const inEach = (files: (language: (typeof LANGUAGES)[number]) => readonly string[]) =>
    Object.fromEntries(LANGUAGES.map((language) => [language, fresh(files(language))]));
  const said = (language: string, part: string) => moduleFiles(bundle, `ui/i18n/${language}/${part}.ts`);
  return {
    languages: inEach((language) => [
      ...said(language, 'core'),
      ...FONTS[language].map((font) => assetOf(bundle, font)),
    ]),
    pages: pages.map((page) => [
      page.path,
      fresh(page.screen === null ? [] : moduleFiles(bundle, page.screen)),
      inEach((language) => page.parts.flatMap((part) => said(language, part))),
    ]),
  };
}

function chunksOf(bundle: Bundle): Chunk[] {
  return Object.values(bundle).filter((file) => file.type === 'chunk');
}

/** What a module that is loaded on demand brings with it. */
function moduleFiles(bundle: Bundle, module: string): readonly string[] {
  const chunk = chunksOf(bundle).find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/src/${module}`));
  if (chunk === undefined) throw new Error(`first load: ${module} is no chunk of its own`);
  return withImports(bundle, chunk);
}

function withImports(bundle: Bundle, chunk: Chunk, seen = new Set<string>()): readonly string[] {
  if (seen.has(chunk.fileName)) return [];
  seen.add(chunk.fileName);
  const imported = chunk.imports.flatMap((name) => {
    const file = bundle[name];
    return file?.type === 'chunk' ? withImports(bundle, file, seen) : [];
  });
  return [chunk.fileName, ...(chunk.viteMetadata?.importedCss ?? []), ...imported];
}

function assetOf(bundle: Bundle, name: string): string {
  const font = new RegExp(`/${name}-[\\w-]{8}\\.woff2$`);
  const found = Object.keys(bundle).find((file) => font.test(file));
  if (found === undefined) throw new Error(`first load: no file for ${name}`);
  return found;
}

const TEXT = /\.(js|css|html|svg|json|webmanifest)$/;

/** To be the last of the plugins: it takes what all others have written. */
export function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = path.resolve(config.root, config.build.outDir);
    },
    closeBundle: { sequential: true, order: 'post', handler: () => compressAll(folder) },
  };
}

function compressAll(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !TEXT.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = readFileSync(file);
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
    writeFileSync(`${file}.br`, brotliCompressSync(text, { params }));
    writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
  }
}
