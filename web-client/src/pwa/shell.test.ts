import { describe, expect, it } from 'vitest';
import { type Shell, ShellKeeper, type Store } from './shell';

const ORIGIN = 'https://hub.test';
const FILES = ['/work/index.html', '/work/assets/a-1.js'];

function world(missing: readonly string[] = []) {
  const stores = new Map<string, Map<string, Response>>();
  const asked: string[] = [];
  const storage = {
    open: async (name: string): Promise<Store> => {
      const kept = stores.get(name) ?? new Map<string, Response>();
      stores.set(name, kept);
      return {
        put: async (url, response) => void kept.set(url, response),
        match: async (url) => kept.get(url)?.clone(),
      };
    },
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  };
  const keeper = (version: string) => {
    const shell: Shell = { version, files: FILES };
    return new ShellKeeper(shell, storage, async ({ url }) => {
      const path = new URL(url).pathname;
      asked.push(path);
      return new Response(`${version} ${path}`, { status: missing.includes(path) ? 404 : 200 });
    });
  };
  return { stores, asked, keeper };
}

const request = (path: string, mode: RequestMode = 'no-cors', method = 'GET') => ({
  method,
  mode,
  url: new URL(path, ORIGIN).href,
});
const text = async (answer: Promise<Response> | null) => (answer === null ? null : (await answer).text());

describe('the app on the device', () => {
  it('answers with its own page and files, and leaves everything else to the network', async () => {
    const { keeper, asked } = world();
    const one = keeper('1');
    await one.install(ORIGIN);
    asked.length = 0;
    for (const path of ['/work', '/work/', '/work?tab=open']) {
      expect(await text(one.answerTo(request(path, 'navigate'), ORIGIN))).toBe('1 /work/index.html');
    }
    expect(await text(one.answerTo(request('/work/assets/a-1.js'), ORIGIN))).toBe('1 /work/assets/a-1.js');
    expect(asked).toEqual([]);
    for (const other of [
      request('/works', 'navigate'),
      request('/control', 'navigate'),
      request('/api/v1/zones'),
      request('/work', 'navigate', 'POST'),
      request('https://elsewhere.test/work/index.html'),
    ]) {
      expect(one.answerTo(other, ORIGIN)).toBeNull();
    }
  });

  it('keeps a version whole or not at all', async () => {
    const { keeper } = world(['/work/assets/a-1.js']);
    await expect(keeper('1').install(ORIGIN)).rejects.toThrow('/work/assets/a-1.js: 404');
  });

  it('serves the version before until the next takes over, which forgets it', async () => {
    const { keeper, stores } = world();
    const [one, two] = [keeper('1'), keeper('2')];
    await one.install(ORIGIN);
    await two.install(ORIGIN);
    expect(await text(one.answerTo(request('/work', 'navigate'), ORIGIN))).toBe('1 /work/index.html');
    await two.activate();
    expect([...stores.keys()]).toEqual(['dispatch-hub.work.2']);
    expect(await text(two.answerTo(request('/work', 'navigate'), ORIGIN))).toBe('2 /work/index.html');
  });

  it('asks the network for what the browser has cleared', async () => {
    const { keeper, stores } = world();
    const one = keeper('1');
    await one.install(ORIGIN);
    stores.clear();
    expect(await text(one.answerTo(request('/work/assets/a-1.js'), ORIGIN))).toBe('1 /work/assets/a-1.js');
  });
});
