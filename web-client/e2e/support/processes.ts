/** What the browser tests run against: the real binary, more than once, over one PostgreSQL and one Redis,
 * and nginx before them where a test wants it. All of it lives in one temporary folder and on free ports,
 * and is gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const HERE = import.meta.dirname;
const STOP_MS = 15_000;

export interface Running {
  readonly process: ChildProcess;
  readonly name: string;
  log: string;
}

export interface Instance extends Running {
  readonly port: number;
  readonly url: string;
  /** Of its operations: health and metrics. */
  readonly opsUrl: string;
}

export class Installation {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'dispatch-hub-e2e-'));
  private readonly running: Running[] = [];
  private redisUrl = '';

  /** With settings of the product as environment variables. */
  constructor(private readonly settings: Readonly<Record<string, string>> = {}) {
    // PostgreSQL runs as another user where the tests run as root.
    chmodSync(this.folder, 0o755);
  }

  async startRedis(): Promise<void> {
    const port = await freePort();
    const redis = this.start('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1'],
      ...['--save', '', '--appendonly', 'no', '--dir', this.folder],
    ]);
    this.redisUrl = `redis://127.0.0.1:${port}`;
    await until(() => redis.log.includes('Ready to accept connections'), 'Redis to be ready', redis);
  }

  /** The first instance runs PostgreSQL; the next find it by the note in the data folder. */
  async startInstance(): Promise<Instance> {
    const [port, ops] = [await freePort(), await freePort()];
    const running = this.start(binary(), [
      ...['serve', '--data', this.data()],
      ...['--listen', `127.0.0.1:${port}`, '--ops-listen', `127.0.0.1:${ops}`],
      ...['--redis-url', this.redisUrl],
    ]);
    const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${ops}`];
    await until(() => answers(`${opsUrl}/readyz`), `${opsUrl} to be ready`, running);
    return Object.assign(running, { port, url, opsUrl });
  }

  /** nginx before these instances, with the settings that operators get; its address. */
  async startBalancer(instances: readonly Instance[]): Promise<string> {
    const folder = path.join(this.folder, 'balancer');
    mkdirSync(folder);
    const port = await freePort();
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const own = temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`);
    const servers = instances.map((each) => `server 127.0.0.1:${each.port} max_fails=3 fail_timeout=1s;`);
    copyFileSync(path.join(HERE, '../../../deploy/nginx.conf'), path.join(folder, 'nginx.conf'));
    writeFileSync(path.join(folder, 'listen.conf'), [`listen 127.0.0.1:${port};`, ...own].join('\n'));
    writeFileSync(path.join(folder, 'instances.conf'), servers.join('\n'));
    const nginx = this.start('nginx', [
      ...['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr'],
      ...['-g', `daemon off; pid ${folder}/nginx.pid; error_log stderr warn;`],
    ]);
    const url = `http://127.0.0.1:${port}`;
    await until(() => answers(`${url}/api/v1/zones`), `${url} to answer`, nginx);
    return url;
  }

  async createAdmin(email: string, password: string): Promise<void> {
    const admin = this.start(binary(), ['admin', 'create', '--data', this.data(), '--email', email]);
    admin.process.stdin?.end(`${password}\n`);
    await exit(admin);
    if (admin.process.exitCode !== 0) throw new Error(`no admin was created:\n${admin.log}`);
  }

  /** Stops everything, the last first. */
  async stop(): Promise<void> {
    for (const running of this.running.reverse()) {
      if (running.process.exitCode !== null || running.process.signalCode !== null) continue;
      running.process.kill('SIGTERM');
      const killed = setTimeout(() => running.process.kill('SIGKILL'), STOP_MS);
      await exit(running);
      clearTimeout(killed);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** What the processes said, for a failed test. */
  logs(): string {
    return this.running.map(({ name, log }) => `--- ${name}\n${log}`).join('\n');
  }

  private data(): string {
    return path.join(this.folder, 'data');
  }

  private start(command: string, args: readonly string[]): Running {
    const env = { ...cleanEnvironment(), ...this.settings };
    const child = spawn(command, args, { cwd: path.join(HERE, '../../..'), env });
    const running: Running = { process: child, name: path.basename(command), log: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        running.log += chunk.toString();
      });
    }
    child.on('error', (error) => {
      running.log += `${error.message}\n`;
    });
    this.running.push(running);
    return running;
  }
}

/** Without settings of the product: the tests bring their own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string) => /^(DATABASE_URL|REDIS_URL|DISPATCH_HUB_.*)$/.test(name);
  const kept = Object.entries(process.env).filter(([name]) => !foreign(name));
  // Where nginx is, for those who are not root.
  return { ...Object.fromEntries(kept), PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` };
}

function binary(): string {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(HERE, '../../../target');
  const found = process.env.HUB_BIN ?? path.join(target, 'debug/dispatch-hub');
  if (!existsSync(found)) throw new Error(`${found} is missing: build the server, or set HUB_BIN`);
  if (!existsSync(path.join(HERE, '../../dist/work/sw.js'))) {
    throw new Error('dist/ is missing: build the client before the browser tests');
  }
  return found;
}

export function chromium(): string {
  const places = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const found = places.find((place) => place !== undefined && place !== '' && existsSync(place));
  if (found === undefined) throw new Error('no Chromium found: install one, or name it by CHROMIUM');
  return found;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

const START_MS = 60_000;

async function until(holds: () => boolean | Promise<boolean>, what: string, running: Running): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await holds())) {
    if (running.process.exitCode !== null) throw new Error(`${running.name} ended:\n${running.log}`);
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}:\n${running.log}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function exit({ process: child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
