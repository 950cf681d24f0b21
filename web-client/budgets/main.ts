/** Measures the built client in a real browser against what is wanted, and tells it as a table. A figure
 * that is missed makes it fail. `--heap-minutes 30` for the long run; `--only first-load`, `--only control`. */
import path from 'node:path';
import { chromium } from 'playwright-core';
import { controlRoom } from './control';
import { type Figure, isMissed, table } from './figures';
import { firstPaints } from './pages';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--enable-precise-memory-info',
];

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return (at === -1 ? undefined : process.argv[at + 1]) ?? fallback;
}

export async function main(): Promise<void> {
  const dist = path.resolve(import.meta.dirname, '../dist');
  const executablePath = process.env.CHROMIUM ?? 'chromium';
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const only = option('only', '');
  const figures: Figure[] = [];
  try {
    if (only !== 'control') figures.push(...(await firstPaints(browser, dist)));
    if (only !== 'first-load')
      figures.push(...(await controlRoom(browser, dist, Number(option('heap-minutes', '2')))));
  } finally {
    await browser.close();
  }
  process.stdout.write(`${table(figures)}\n`);
  const missed = figures.filter(isMissed).length;
  if (missed === 0) return;
  process.stdout.write(`\n${missed} missed\n`);
  process.exitCode = 1;
}
