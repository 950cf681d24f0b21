/** Every entry of the gallery is there: it throws nothing, and shows what it is there for. */
import { createRoot } from 'react-dom/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { en } from '../ui/i18n/en';
// Loaded before the first test, which does not wait for that.
import '../ui/admin/AdminScreen';
import '../ui/control/ControlScreen';
import '../ui/customer/CustomerScreen';
import '../ui/sign-in/SignInScreen';
import { GalleryPage } from './GalleryPage';
import { lookOf, sayEverything } from './look';
import { type Mounted, mount } from './mount';
import { type Size, todayAt } from './preset';
import { ENTRIES, sizesOf } from './registry';

declare const happyDOM: { setViewport(size: { width: number; height: number }): void };

const SIZES: Record<Size, { width: number; height: number }> = {
  phone: { width: 390, height: 700 },
  desk: { width: 1440, height: 900 },
};
const said = await sayEverything('en');
const shown = ENTRIES.flatMap((entry) =>
  sizesOf(entry, todayAt(Date.now())).map((size) => ({
    entry,
    size,
    name: `${entry.screen}: ${entry.state}`,
  })),
);
let mounted: Mounted | null = null;

afterEach(() => {
  mounted?.close();
  document.body.replaceChildren();
  localStorage.clear();
  history.replaceState(null, '', '/');
});

describe('the gallery', () => {
  it('names every entry once', () => {
    const names = ENTRIES.map(({ screen, state }) => `${screen}: ${state}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has a page with all of them', async () => {
    const root = createRoot(document.body);
    mounted = { shown: Promise.resolve(), close: () => root.unmount() };
    root.render(<GalleryPage look={lookOf(new URLSearchParams())} said={said} />);
    await vi.waitFor(() => expect(document.querySelectorAll('article')).toHaveLength(ENTRIES.length));
  });

  it.each(shown)('$name, $size', async ({ entry, size }) => {
    happyDOM.setViewport(SIZES[size]);
    const errors: unknown[] = [];
    const note = (error: unknown) => void errors.push(error);
    const root = document.createElement('div');
    document.body.append(root);
    mounted = await mount(entry, said, root, { onCaughtError: note, onUncaughtError: note });
    await mounted.shown;
    expect(errors).toEqual([]);
    expect(root.textContent).not.toContain(en.common.broken);
    expect(root.textContent?.trim()).not.toBe('');
  });
});
