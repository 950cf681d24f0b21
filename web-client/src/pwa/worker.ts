/** The service worker of the cleaner's app. A new version waits until a page asks for it. */
import { type Shell, ShellKeeper } from './shell';

declare const __SHELL__: Shell;

/** Of the worker's scope, what is used here; its types and those of pages exclude each other. */
interface LifecycleEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface RequestEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifecycleEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

const worker = self as unknown as WorkerScope;
const { origin } = worker.location;
const keeper = new ShellKeeper(__SHELL__, caches, (request) => fetch(request));

worker.addEventListener('install', (event) => event.waitUntil(keeper.install(origin)));
worker.addEventListener('activate', (event) =>
  event.waitUntil(keeper.activate().then(() => worker.clients.claim())),
);
worker.addEventListener('fetch', (event) => {
  const answer = keeper.answerTo(event.request, origin);
  if (answer !== null) event.respondWith(answer);
});
worker.addEventListener('message', (event) => {
  if (event.data === 'take-over') void worker.skipWaiting();
});
