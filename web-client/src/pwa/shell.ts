/**
 * What the service worker does, without a service worker: keeps one version of the app's files, whole, and
 * answers with them. A page and its files are always of one version; data is never kept here.
 */
export interface Shell {
  /** Changes with any byte of the files. */
  readonly version: string;
  /** Paths, the page's own among them. */
  readonly files: readonly string[];
}

/** What of `caches` is needed. */
export interface Stores {
  open(name: string): Promise<Store>;
  keys(): Promise<readonly string[]>;
  delete(name: string): Promise<boolean>;
}
export interface Store {
  put(request: string, response: Response): Promise<void>;
  match(request: string): Promise<Response | undefined>;
}

const PREFIX = 'dispatch-hub.work.';
const PAGE = '/work/index.html';
const HASHED = /^\/work\/assets\//;
/** Pages of the app: `/work` and whatever is below it. */
const OWN_PAGE = /^\/work(\/|$)/;

export class ShellKeeper {
  constructor(
    private readonly shell: Shell,
    private readonly stores: Stores,
    private readonly load: (request: Request) => Promise<Response>,
  ) {}

  /** Brings every file, or fails as a whole: a version is never half there. */
  async install(origin: string): Promise<void> {
    const store = await this.stores.open(this.name());
    const bring = async (file: string) => {
      // What is named by its content has just been loaded by the page, and cannot be another.
      const cache = HASHED.test(file) ? 'default' : 'no-cache';
      const response = await this.load(new Request(new URL(file, origin), { cache }));
      if (!response.ok) throw new Error(`${file}: ${response.status}`);
      await store.put(file, response);
    };
    await Promise.all(this.shell.files.map(bring));
  }

  /** Forgets the versions before. */
  async activate(): Promise<void> {
    const old = (await this.stores.keys()).filter((name) => name.startsWith(PREFIX) && name !== this.name());
    await Promise.all(old.map((name) => this.stores.delete(name)));
  }

  /** The kept answer; `null` where the network is to be asked as if there was no worker. */
  answerTo(request: Pick<Request, 'method' | 'mode' | 'url'>, origin: string): Promise<Response> | null {
    const url = new URL(request.url);
    if (request.method !== 'GET' || url.origin !== origin) return null;
    if (request.mode === 'navigate') return OWN_PAGE.test(url.pathname) ? this.kept(PAGE, request.url) : null;
    return this.shell.files.includes(url.pathname) ? this.kept(url.pathname, request.url) : null;
  }

  private async kept(file: string, url: string): Promise<Response> {
    const store = await this.stores.open(this.name());
    // The browser may have cleared the store under pressure.
    return (await store.match(file)) ?? this.load(new Request(url));
  }

  private name(): string {
    return PREFIX + this.shell.version;
  }
}
