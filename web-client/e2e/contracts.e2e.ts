/** The published documents, as tools and people meet them: the AsyncAPI document is one by AsyncAPI's own
 * schema, and the reference page works under the site's policy, light and dark, on any screen. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accessibilityFaults } from './support/accessible';
import { launch } from './support/pages';
import { Installation, type Instance } from './support/processes';

const REFERENCE = '/api/v1/reference';

let installation: Installation;
let server: Instance;
let browser: Browser;

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

it('the AsyncAPI document is one', async () => {
  const response = await fetch(`${server.url}/api/v1/asyncapi.json`);
  const document: unknown = await response.json();
  const path = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json');
  const schema = JSON.parse(readFileSync(path, 'utf8')) as object;
  // The specification brings draft 7's own schema with it.
  const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
  addFormats(ajv);
  const isOne = ajv.compile(schema);
  isOne(document);
  const faults = (isOne.errors ?? []).slice(0, 10);
  expect(faults.map(({ instancePath, message }) => `${instancePath}: ${message}`)).toEqual([]);
});

it.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
] as const)('the reference reads well, %s and %i wide', async (colorScheme, width) => {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  const strangers: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) strangers.push(request.url());
  });
  await page.goto(`${server.url}${REFERENCE}`);
  await page.getByRole('link', { name: 'hold.place', exact: true }).click();
  expect(await page.locator('article:target h3').innerText()).toContain('/api/v1/commands/hold.place');
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  expect(await page.evaluate('getComputedStyle(document.querySelector("nav")).paddingTop')).not.toBe('0px');
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(errors).toEqual([]);
  expect(strangers).toEqual([]);
  await context.close();
});
