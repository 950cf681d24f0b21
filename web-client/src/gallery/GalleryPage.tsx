/** All states of all screens side by side, in the language, theme and size of text chosen above. */

import type { Said } from '../ui/i18n/load';
import css from './GalleryPage.module.css';
import { addressOf, type Look } from './look';
import { PartStage } from './PartStage';
import { type Size, todayAt } from './preset';
import { ENTRIES, type Entry, sizesOf } from './registry';

const CHOICES = {
  language: ['en', 'ru'],
  theme: ['auto', 'light', 'dark'],
  text: ['normal', 'large', 'huge'],
} as const satisfies { readonly [K in keyof Look]: readonly Look[K][] };

const SIZES: Record<Size, { readonly width: number; readonly height: number; readonly scale: number }> = {
  phone: { width: 390, height: 700, scale: 0.8 },
  desk: { width: 1440, height: 900, scale: 0.5 },
};

export function GalleryPage({ look, said }: { look: Look; said: Said }) {
  const groups = [...new Set(ENTRIES.map(({ screen }) => screen))];
  return (
    <PartStage said={said}>
      <header className={css.bar}>
        <h1>Gallery</h1>
        <nav className={css.groups} aria-label="Screens">
          {groups.map((group) => (
            <a key={group} href={`#${anchor(group)}`}>
              {group}
            </a>
          ))}
        </nav>
        {(Object.keys(CHOICES) as (keyof Look)[]).map((name) => (
          <Choice key={name} name={name} look={look} />
        ))}
      </header>
      <main className={css.main}>
        {groups.map((group) => (
          <section key={group} id={anchor(group)} className={css.group}>
            <h2>{group}</h2>
            {ENTRIES.filter(({ screen }) => screen === group).map((entry) => (
              <Shown key={entry.state} entry={entry} look={look} />
            ))}
          </section>
        ))}
      </main>
    </PartStage>
  );
}

const anchor = (group: string) => group.replaceAll(' ', '-');

function Choice({ name, look }: { name: keyof Look; look: Look }) {
  const choose = (value: string) => {
    const address = new URL(window.location.href);
    address.search = new URLSearchParams({ ...look, [name]: value }).toString();
    window.location.assign(address);
  };
  return (
    <label className={css.choice}>
      <span>{name}</span>
      <select value={look[name]} onChange={(event) => choose(event.target.value)}>
        {CHOICES[name].map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
}

function Shown({ entry, look }: { entry: Entry; look: Look }) {
  const address = addressOf(look, entry.screen, entry.state);
  return (
    <article className={css.entry}>
      <h3>
        <a href={address} target="_blank" rel="noreferrer">
          {entry.state}
        </a>
      </h3>
      {entry.kind === 'part' && !entry.framed ? (
        <div className={css.part}>
          <entry.Shown />
        </div>
      ) : (
        <div className={css.frames}>
          {sizesOf(entry, todayAt(Date.now())).map((size) => (
            <Frame
              key={size}
              size={size}
              address={address}
              title={`${entry.screen}: ${entry.state}, ${size}`}
            />
          ))}
        </div>
      )}
    </article>
  );
}

function Frame({ size, address, title }: { size: Size; address: string; title: string }) {
  const { width, height, scale } = SIZES[size];
  return (
    <div className={css.frame} style={{ width: width * scale, height: height * scale }}>
      <iframe
        title={title}
        src={address}
        loading="lazy"
        style={{ width, height, transform: `scale(${scale})` }}
      />
    </div>
  );
}
