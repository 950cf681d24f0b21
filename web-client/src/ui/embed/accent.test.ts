import { describe, expect, it } from 'vitest';
import { type AccentTokens, accentTokens, contrast } from './accent';

type Rgb = readonly [number, number, number];
const rgb = (hex: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
const themes = (tokens: AccentTokens, name: keyof AccentTokens) =>
  [...(tokens[name].match(/#[0-9a-f]{6}/g) ?? [])].map(rgb);
const GROUNDS = [
  ['#ffffff', '#f3f6f5', '#eaefed'],
  ['#11181a', '#0b1012', '#1b2628'],
];

const steps = [0, 51, 102, 153, 204, 255];
const colours = steps.flatMap((r) =>
  steps.flatMap((g) =>
    steps.map((b) => `#${[r, g, b].map((v) => v.toString(16).padStart(2, '0')).join('')}`),
  ),
);

describe("another site's colour", () => {
  it('can be read in both themes, whatever it is', () => {
    for (const colour of colours) {
      const tokens = accentTokens(colour);
      if (tokens === null) throw new Error(colour);
      for (const theme of [0, 1]) {
        const of = (name: keyof AccentTokens) => themes(tokens, name)[theme] ?? [0, 0, 0];
        expect(contrast(of('--on-accent'), of('--accent')), colour).toBeGreaterThanOrEqual(4.5);
        expect(contrast(of('--accent-text'), of('--accent-soft')), colour).toBeGreaterThanOrEqual(4.5);
        for (const ground of GROUNDS[theme] ?? []) {
          expect(contrast(of('--accent'), rgb(ground)), colour).toBeGreaterThanOrEqual(4.5);
          expect(contrast(of('--accent-text'), rgb(ground)), colour).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });

  it('stays what it is where it can be read as it is', () => {
    expect(accentTokens('#0b7565')?.['--accent']).toContain('light-dark(#0b7565,');
    expect(accentTokens('7A1FA2')?.['--accent']).toContain('#7a1fa2');
  });

  it('is a colour or nothing', () => {
    for (const text of ['', 'red', '#123', '#12345g', 'url(x)', '#0b7565; color: red']) {
      expect(accentTokens(text)).toBeNull();
    }
  });
});
