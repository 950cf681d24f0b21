/** Puts a preset on stage: the product over a fake server that has its rows, then what is done to it. */
import type { ReactElement } from 'react';
import { PageKeep } from '../hub/keep';
import { storageOf } from '../state/deviceStorage';
import { makeProduct, type Product } from '../testing/product';
import type { Said } from '../ui/i18n/load';
import type { Act, Preset } from './preset';

export interface Staged {
  readonly page: ReactElement;
  /** To be called once the page is in the document; done when all acts are and what they lead to is there. */
  readonly play: () => Promise<void>;
  readonly close: () => void;
}

/** Like the real server's, who tells who is there every few seconds. */
const SAY_AGAIN_MS = 4_000;
const LOOK_MS = 20;
const PATIENCE_MS = 30_000;

export async function putOnStage(preset: Preset, said: Said): Promise<Staged> {
  const keep = new PageKeep();
  await keep.changeEntries(preset.outbox ?? [], []);
  const made = makeProduct({
    area: preset.area,
    user: preset.user,
    said,
    keep,
    storage: ownStorage(),
    http: (call) => httpAnswer(preset, call),
  });
  furnish(made, preset);
  const live = Object.entries(preset.live ?? {});
  const sayAgain = () => {
    for (const [channel, rows] of live) made.server.publishLive(channel, rows);
  };
  const saying = preset.silent === true ? null : setInterval(sayAgain, SAY_AGAIN_MS);
  let ended = false;
  const play = async () => {
    for (const act of preset.acts ?? []) if (!ended) await perform(act, made);
    await found(preset.shows, () => ended);
  };
  const close = () => {
    ended = true;
    if (saying !== null) clearInterval(saying);
    made.services.hub.close();
    Reflect.deleteProperty(navigator, 'onLine');
  };
  return { page: made.page, play, close };
}

/** Frames stand side by side in one browser, each with somebody else signed in. */
function ownStorage(): Storage {
  return storageOf({
    get localStorage(): Storage {
      throw new Error('each frame has a storage of its own');
    },
  });
}

function httpAnswer({ zones, services, answers, http }: Preset, call: string): unknown {
  const [asked = call] = call.split('?');
  const told = http?.[asked];
  if (told !== undefined) return told;
  if (asked === 'GET /api/v1/zones') return zones;
  if (asked === 'GET /api/v1/services') return services.filter(({ active }) => active);
  const query = /^GET \/api\/v1\/queries\/(.+)$/.exec(asked)?.[1];
  return query === undefined ? undefined : (answers as Record<string, unknown> | undefined)?.[query];
}

function furnish({ server }: Product, preset: Preset): void {
  for (const [channel, rows] of Object.entries(preset.rows ?? {})) server.publish(channel, rows);
  for (const [channel, free] of Object.entries(preset.slots ?? {})) server.publishSlots(channel, free);
  for (const [channel, rows] of Object.entries(preset.live ?? {})) server.publishLive(channel, rows);
  for (const channel of preset.closed ?? []) server.close(channel);
  const answers = preset.answers as Record<string, unknown> | undefined;
  const targets = answers?.['job.targets'];
  if (targets !== undefined) server.targets = () => targets;
  const unanswered = { outcome: 'refused', code: 'unavailable', message: '', details: {} };
  server.onCommand((method) => answers?.[method] ?? preset.outcome ?? unanswered);
}

async function perform(act: Act, { server }: Product): Promise<void> {
  switch (act.kind) {
    case 'see':
      await found(act.what);
      return;
    case 'click':
      (await found(act.what)).click();
      return;
    case 'fill':
      fill((await found(act.what)) as HTMLInputElement, act.with);
      return;
    case 'key':
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: act.key, bubbles: true }));
      return;
    case 'network':
      if (act.as === 'stalled') server.stall();
      else {
        if (act.as === 'offline')
          Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true });
        server.cut();
      }
      return;
    default:
      return act satisfies never;
  }
}

/** As React hears of typing: past the value that it has set itself. */
function fill(input: HTMLInputElement, value: string): void {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value);
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

export async function found(selector: string, given: () => boolean = () => false): Promise<HTMLElement> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const element = document.querySelector<HTMLElement>(selector);
    if (element !== null || given()) return element ?? document.body;
    if (performance.now() > until) throw new Error(`the gallery does not find ${selector}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
