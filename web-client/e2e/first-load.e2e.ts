/**
 * What the first visit costs in bytes and in text that moves, against the budgets. How long it takes is
 * measured by the script in budgets/, on a quiet machine.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstLoad, type Visit } from '../budgets/firstLoad';
import { type Company, foundCompany, MARTA, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';
const KB = 1024;

let installation: Installation;
let server: Instance;
let browser: Browser;
let company: Company;

beforeAll(async () => {
  installation = new Installation();
  await installation.startRedis();
  server = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  company = await foundCompany(server.url, ADMIN);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

/** What a browser keeps of a sign-in. */
async function signedIn(area: 'cleaner' | 'staff', email: string): Promise<Record<string, string>> {
  const response = await fetch(`${server.url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { refresh_token, user } = (await response.json()) as { refresh_token: string; user: object };
  return { [`dispatch-hub.session.${area}`]: JSON.stringify({ refresh_token, user }) };
}

const phone = { width: 390, height: 844, slow: false };
const desk = { width: 1440, height: 900, slow: false };

async function visit(path: string, rest: Omit<Visit, 'url'>) {
  const measured = await firstLoad(browser, { ...rest, url: `${server.url}${path}` });
  const { files, bytes, shift } = measured;
  process.stdout.write(
    `${path} ${rest.locale}: ${(bytes / KB).toFixed(1)} KB in ${files.length} answers, shift ${shift.toFixed(4)}\n`,
  );
  return measured;
}

describe('the first load', () => {
  it.each(['en-GB', 'ru-RU'])('of a customer in %s stays within its budget', async (locale) => {
    const { bytes, shift } = await visit('/?service=standard&zone=center', {
      ...{ ...phone, locale, until: '[data-start]' },
    });
    expect(bytes).toBeLessThanOrEqual(160 * KB);
    expect(shift).toBeLessThanOrEqual(0.02);
  });

  it.each(['en-GB', 'ru-RU'])('of a cleaner in %s stays within its budget', async (locale) => {
    const kept = await signedIn('cleaner', company.irina.email);
    const { bytes, shift } = await visit('/work', { ...phone, locale, kept, until: 'h1' });
    expect(bytes).toBeLessThanOrEqual(160 * KB);
    expect(shift).toBeLessThanOrEqual(0.02);
  });

  it.each(['en-GB', 'ru-RU'])('of a dispatcher in %s stays within its budget', async (locale) => {
    const kept = await signedIn('staff', MARTA.email);
    const { bytes, shift } = await visit('/control', { ...desk, locale, kept, until: '[role=grid]' });
    expect(bytes).toBeLessThanOrEqual(220 * KB);
    expect(shift).toBeLessThanOrEqual(0.02);
  });

  it('sends files as small as their reader takes them', async () => {
    const coded = async (accepts: string) => {
      const response = await fetch(server.url, { headers: { 'accept-encoding': accepts } });
      expect(await response.text()).toContain('<div id="root">');
      expect(response.headers.get('vary')).toBe('accept-encoding');
      return response.headers.get('content-encoding');
    };
    expect(await coded('gzip, deflate, br')).toBe('br');
    expect(await coded('gzip, br;q=0')).toBe('gzip');
    expect(await coded('identity')).toBeNull();
  });

  it('asks for the files of its page, and for nothing of others', async () => {
    const { files } = await visit('/', { ...phone, locale: 'en-GB', until: 'h1' });
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => /Work|Control|cyrillic/.test(path))).toEqual([]);
    const named = paths.filter((path) => path.startsWith('/assets/'));
    expect(named.filter((path, at) => named.indexOf(path) !== at)).toEqual([]);
  });
});
