/**
 * Makes src/ui/fonts from Inter as npm's @fontsource-variable/inter brings it: the characters, features
 * and weights that the screens use. Run by hand, its result is committed:
 *
 *   npm install --no-save @fontsource-variable/inter@5.3.0 subset-font@2.9.0 && node build/subset-fonts.mjs
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import subsetFont from 'subset-font';

const client = path.resolve(import.meta.dirname, '..');
const source = path.join(client, 'node_modules/@fontsource-variable/inter');
const target = path.join(client, 'src/ui/fonts');

const range = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)).join('');

/** The same ranges stand in base.css, where they tell the browser which file has what. */
const FILES = {
  latin: `${range(0x20, 0x7e)}${range(0xa0, 0xff)}${range(0x2010, 0x2027)}\u202f\u2032\u2033\u2039\u203a\u20ac\u2122\u2190\u2191\u2192\u2193\u2212\u2318`,
  'latin-ext': range(0x100, 0x17f),
  cyrillic: `${range(0x400, 0x45f)}\u0490\u0491\u20bd\u2116`,
};

mkdirSync(target, { recursive: true });
for (const [name, characters] of Object.entries(FILES)) {
  const font = readFileSync(path.join(source, `files/inter-${name}-wght-normal.woff2`));
  const made = await subsetFont(font, characters, {
    targetFormat: 'woff2',
    keepFeatures: ['kern', 'tnum', 'ccmp', 'locl', 'mark'],
    variationAxes: { wght: { min: 400, max: 700 } },
    noHinting: true,
  });
  writeFileSync(path.join(target, `inter-${name}.woff2`), made);
  process.stdout.write(`inter-${name}.woff2 ${made.length} bytes, from ${font.length}\n`);
}
copyFileSync(path.join(source, 'LICENSE'), path.join(target, 'LICENSE'));
