import { describe, expect, it, vi } from 'vitest';
import { AppVersion } from './registration';

/** A browser's service workers, as far as a page sees them. */
function browser(first: boolean) {
  const registration = Object.assign(new EventTarget(), {
    waiting: null,
    installing: null as (EventTarget & { state: string; postMessage(said: string): void }) | null,
    update: vi.fn(async () => undefined),
  });
  const container = Object.assign(new EventTarget(), {
    controller: first ? null : {},
    register: vi.fn(async () => registration),
  });
  const told: string[] = [];
  const found = () => {
    const worker = Object.assign(new EventTarget(), {
      state: 'installed',
      postMessage: (said: string) => void told.push(said),
    });
    registration.installing = worker;
    registration.dispatchEvent(new Event('updatefound'));
    worker.dispatchEvent(new Event('statechange'));
  };
  return { registration, container, told, found };
}

async function started(first: boolean) {
  const world = browser(first);
  const reload = vi.fn();
  let now = 0;
  const container = world.container as unknown as ServiceWorkerContainer;
  const version = new AppVersion(container, reload, () => now);
  await version.start('/work/sw.js', '/work');
  const later = (ms: number) => {
    now += ms;
    window.dispatchEvent(new Event('online'));
  };
  return { ...world, version, reload, later };
}

describe('the version of the app', () => {
  it('is the first one that comes, without a word', async () => {
    const { found, version } = await started(true);
    found();
    expect(version.update.value).toBeNull();
  });

  it('is offered when a newer one has come, and only then taken when somebody says so', async () => {
    const { found, version, told, reload, container } = await started(false);
    found();
    expect(told).toEqual([]);
    container.dispatchEvent(new Event('controllerchange'));
    expect(reload).not.toHaveBeenCalled();
    version.update.value?.take();
    expect(told).toEqual(['take-over']);
    expect(reload).not.toHaveBeenCalled();
    container.dispatchEvent(new Event('controllerchange'));
    expect(reload).toHaveBeenCalledOnce();
  });

  it('is looked for now and then', async () => {
    const { registration, later } = await started(false);
    later(60_000);
    expect(registration.update).not.toHaveBeenCalled();
    later(30 * 60_000);
    later(60_000);
    expect(registration.update).toHaveBeenCalledOnce();
  });

  it('does not matter where workers are not allowed', async () => {
    const { container } = browser(true);
    container.register.mockRejectedValue(new Error('blocked'));
    const version = new AppVersion(container as unknown as ServiceWorkerContainer, () => undefined);
    await version.start('/work/sw.js', '/work');
    expect(version.update.value).toBeNull();
  });
});
