// @vitest-environment node
/** Every pair of colours that text or marks are drawn with is read and measured here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...source.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
);
const STATES = [
  'unassigned',
  'held',
  'offered',
  'assigned',
  'en-route',
  'active',
  'paused',
  'completed',
  'cancelled',
  'risk',
  'late',
];
const THEMES = ['light', 'dark'] as const;

function colour(name: string, theme: (typeof THEMES)[number]): string {
  const token = tokens.get(name);
  if (token === undefined) throw new Error(`no token ${name}`);
  return token[theme];
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe.each(THEMES)('%s', (theme) => {
  const ratio = (text: string, ground: string) => contrast(colour(text, theme), colour(ground, theme));

  it.each(STATES)('%s reads on its own ground, and its rail shows', (state) => {
    expect(ratio(`${state}-text`, `${state}-bg`)).toBeGreaterThanOrEqual(4.5);
    expect(ratio(`${state}-rail`, 'surface')).toBeGreaterThanOrEqual(3);
    expect(ratio(`${state}-rail`, `${state}-bg`)).toBeGreaterThanOrEqual(3);
  });

  it.each(['text', 'text-2', 'text-3', 'accent-text'])('%s reads on every ground', (text) => {
    for (const ground of ['canvas', 'surface', 'sunken', 'raised']) {
      expect(ratio(text, ground), ground).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('actions read, and the focus ring shows', () => {
    expect(ratio('on-accent', 'accent')).toBeGreaterThanOrEqual(4.5);
    expect(ratio('on-accent', 'accent-hover')).toBeGreaterThanOrEqual(4.5);
    expect(ratio('accent-text', 'accent-soft')).toBeGreaterThanOrEqual(4.5);
    for (const ground of ['canvas', 'surface', 'raised'])
      expect(ratio('focus', ground)).toBeGreaterThanOrEqual(3);
  });
});
