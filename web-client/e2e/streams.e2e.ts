/**
 * The unmodified client library in a browser, over both kinds of HTTP streams, on a page of another origin:
 * replies come from one instance, commands go to another.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { uuid7 } from '../src/hub/uuid7';
import { foundCompany, MARTA, PASSWORD } from './support/company';
import { launch } from './support/pages';
import { freePort, Installation, type Instance } from './support/processes';

const ADMIN = 'admin@example.test';
const PAGE = `<!doctype html><title>A page of another origin</title>
<script type=module>import * as centrifuge from './centrifuge.mjs'; globalThis.centrifuge = centrifuge</script>`;
const LIBRARY = path.join(import.meta.dirname, '../node_modules/centrifuge/build/index.mjs');

let installation: Installation;
let a: Instance;
let b: Instance;
let browser: Browser;
let page: Server;
let pageUrl: string;
let token: string;

beforeAll(async () => {
  const port = await freePort();
  pageUrl = `http://127.0.0.1:${port}`;
  page = createServer(({ url }, response) => {
    const library = url === '/centrifuge.mjs';
    response.setHeader('content-type', library ? 'text/javascript' : 'text/html');
    response.end(library ? readFileSync(LIBRARY) : PAGE);
  }).listen(port, '127.0.0.1');
  installation = new Installation({ DISPATCH_HUB_HTTP__ALLOWED_ORIGINS: pageUrl });
  await installation.startRedis();
  a = await installation.startInstance();
  b = await installation.startInstance();
  await installation.createAdmin(ADMIN, PASSWORD);
  await foundCompany(a.url, ADMIN);
  const signedIn = await fetch(`${a.url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: MARTA.email, password: PASSWORD }),
  });
  token = ((await signedIn.json()) as { access_token: string }).access_token;
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
  page?.close();
});

describe.each([
  ['http_stream', '/connection/http_stream'],
  ['sse', '/connection/sse'],
] as const)('the client library over %s', (transport, endpoint) => {
  it('subscribes, calls and hears what it changed, with commands through the other instance', async () => {
    onTestFailed(() => {
      process.stderr.write(installation.logs());
    });
    const tab = await (await browser.newContext()).newPage();
    const sent: string[] = [];
    tab.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/emulation')) sent.push(request.url());
    });
    await tab.goto(pageUrl);
    const seen = await tab.evaluate(story, {
      transport,
      endpoint: `${a.url}${endpoint}`,
      emulationEndpoint: `${b.url}/emulation`,
      token,
      ids: [uuid7(Date.now()), uuid7(Date.now())],
    });
    expect(seen.transport).toBe(transport);
    expect(seen.outcome).toBe('accepted');
    expect(seen.snapshot).toBe(true);
    expect(seen.heard).toBe(seen.customer);
    expect(new Set(sent)).toEqual(new Set([`${b.url}/emulation`]));
    await tab.context().close();
  });
});

interface Setting {
  readonly transport: 'http_stream' | 'sse';
  readonly endpoint: string;
  readonly emulationEndpoint: string;
  readonly token: string;
  /** Of the commands. */
  readonly ids: string[];
}

interface Seen {
  readonly transport: string;
  readonly outcome: string;
  readonly snapshot: boolean;
  readonly customer: string;
  readonly heard: string;
}

/** Runs in the page. */
async function story({ transport, endpoint, emulationEndpoint, token, ids }: Setting): Promise<Seen> {
  const { Centrifuge } = (globalThis as unknown as { centrifuge: typeof import('centrifuge') }).centrifuge;
  const client = new Centrifuge([{ transport, endpoint }], { emulationEndpoint, token });
  const connected = new Promise<string>((resolve, reject) => {
    client.on('connected', (context) => resolve(context.transport));
    client.on('disconnected', ({ code, reason }) => reject(new Error(`disconnected: ${code} ${reason}`)));
  });
  client.connect();
  const over = await connected;
  const run = async (method: string, parameters: object) => {
    const { data } = await client.rpc(method, { command_id: ids.pop(), ...parameters });
    return data as { outcome: string; result: Record<string, string> };
  };
  const created = await run('customer.create', { name: `Of ${transport}`, phone: '+49 30 1234567' });
  const customer = created.result.customer ?? '';
  const subscription = client.newSubscription(`customer:${customer}`);
  const subscribed = new Promise<unknown>((resolve, reject) => {
    subscription.on('subscribed', (context) => resolve(context.data));
    subscription.on('error', ({ error }) => reject(new Error(error.message)));
  });
  const published = new Promise<string>((resolve) => {
    subscription.on('publication', ({ data }) => {
      const rows = (data as { set?: { kind: string; id: string; name?: string }[] }).set ?? [];
      const renamed = rows.find((row) => row.kind === 'customer' && row.name === 'Renamed');
      if (renamed !== undefined) resolve(renamed.id);
    });
  });
  subscription.subscribe();
  const snapshot = await subscribed;
  const renamed = await run('customer.update', { customer, name: 'Renamed', expected_version: 1 });
  const heard = await published;
  client.removeAllListeners('disconnected');
  client.disconnect();
  return {
    ...{ transport: over, outcome: renamed.outcome, customer, heard },
    snapshot: typeof snapshot === 'object' && snapshot !== null,
  };
}
