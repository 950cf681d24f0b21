/**
 * Another site's colour as ours: kept as it is where text on it and in it can be read, and darkened or
 * lightened just as far as that needs where it cannot. In both themes, to WCAG's 4.5 : 1.
 */
type Rgb = readonly [number, number, number];

const ENOUGH = 4.5;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** The grounds of tokens.css that accents stand on, the hardest of each theme. */
const LIGHT_GROUND: Rgb = [0xea, 0xef, 0xed];
const DARK_GROUND: Rgb = [0x1b, 0x26, 0x28];
const ON_DARK: Rgb = [0x04, 0x21, 0x1b];

/** Values of the tokens that the accent is made of. */
export type AccentTokens = Readonly<
  Record<'--accent' | '--on-accent' | '--accent-hover' | '--accent-soft' | '--accent-text', string>
>;

/** `null`: not a colour as `#rrggbb`. */
export function accentTokens(colour: string): AccentTokens | null {
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (match === null) return null;
  const wanted: Rgb = [channel(match[1]), channel(match[2]), channel(match[3])];
  const [light, dark] = [lightAccent(wanted), darkAccent(wanted)];
  const themes = (a: Rgb, b: Rgb) => `light-dark(${hex(a)}, ${hex(b)})`;
  const softs = [mixed(light, WHITE, 0.88), mixed(dark, BLACK, 0.75)] as const;
  return {
    '--accent': themes(light, dark),
    '--on-accent': themes(WHITE, ON_DARK),
    '--accent-hover': themes(mixed(light, BLACK, 0.15), mixed(dark, WHITE, 0.2)),
    '--accent-soft': themes(...softs),
    '--accent-text': themes(
      towards(light, BLACK, (text) => contrast(text, softs[0])),
      towards(dark, WHITE, (text) => contrast(text, softs[1])),
    ),
  };
}

/** Dark enough to be read on the light grounds, and for white to be read on it. */
function lightAccent(wanted: Rgb): Rgb {
  return towards(wanted, BLACK, (colour) =>
    Math.min(contrast(colour, WHITE), contrast(colour, LIGHT_GROUND)),
  );
}

function darkAccent(wanted: Rgb): Rgb {
  return towards(wanted, WHITE, (colour) =>
    Math.min(contrast(colour, ON_DARK), contrast(colour, DARK_GROUND)),
  );
}

/** The first on the way that can be read. */
function towards(from: Rgb, to: Rgb, legibility: (colour: Rgb) => number): Rgb {
  for (let part = 0; part < 1; part += 0.02) {
    const colour = mixed(from, to, part);
    if (legibility(colour) >= ENOUGH) return colour;
  }
  return to;
}

function mixed(a: Rgb, b: Rgb, part: number): Rgb {
  const at = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * part);
  return [at(0), at(1), at(2)];
}

export function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (value: number) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function channel(text: string | undefined): number {
  return Number.parseInt(text ?? '0', 16);
}

function hex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
