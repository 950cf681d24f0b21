/**
 * When the first visit to a page paints, on a phone of the middle and a network of the middle. The files come
 * from a small server that sends what the hub would, compressed as it would; bytes with a real hub are held
 * by e2e/first-load.e2e.ts.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { Figure } from './figures';
import { firstLoad } from './firstLoad';

const KINDS: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
const PAINT = { is: 'at most', value: 1500 } as const;
const SHIFT = { is: 'at most', value: 0.02 } as const;
/** Rounds of each page; the middle one counts. */
const ROUNDS = 3;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
const PAGES = [
  ['a customer, English', '/', 'en-GB', PHONE],
  ['a customer, Russian', '/', 'ru-RU', PHONE],
  ['a cleaner', '/work', 'en-GB', PHONE],
  ['the control room', '/control', 'en-GB', DESK],
] as const;

/** First paints and shifts of the parts of the product. */
export async function firstPaints(browser: Browser, dist: string): Promise<Figure[]> {
  const server = await serve(dist);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const figures: Figure[] = [];
  try {
    for (const [who, at, locale, window] of PAGES) {
      const visit = { ...window, locale, url: url + at, slow: true, until: '#root :not([class^=shell])' };
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await firstLoad(browser, visit));
      const paint = middle(rounds.map(({ firstPaintMs }) => firstPaintMs));
      const shift = Math.max(...rounds.map((round) => round.shift));
      figures.push({
        what: `first paint of ${who}, CPU ÷ 4, 9 Mbit`,
        measured: paint,
        unit: 'ms',
        wanted: PAINT,
      });
      figures.push({ what: `layout shift of ${who}`, measured: shift, unit: '', wanted: SHIFT });
    }
  } finally {
    server.close();
  }
  return figures;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function serve(dist: string): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://any');
    if (pathname.startsWith('/api/')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
      return;
    }
    const file = fileOf(dist, pathname);
    const small = `${file}.br`;
    const compressed = existsSync(small);
    response.writeHead(200, {
      'content-type': KINDS[path.extname(file)] ?? 'application/octet-stream',
      ...(compressed ? { 'content-encoding': 'br' } : {}),
    });
    response.end(readFileSync(compressed ? small : file));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** The file of a path, or the page that the path belongs to. */
function fileOf(dist: string, pathname: string): string {
  const file = path.join(dist, pathname);
  if (existsSync(file) && statSync(file).isFile()) return file;
  return path.join(dist, pathname.startsWith('/work') ? 'work/index.html' : 'index.html');
}
