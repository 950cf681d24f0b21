/** Says how live the board is, and on a click what that is made of: each channel with its place in its log,
 * and how far behind messages are. */
import { useEffect, useRef, useState } from 'react';
import type { Freshness } from '../../state/freshness';
import { useNow } from '../../state/now';
import { useLink, useServices } from '../../state/services';
import { type Texts, useTexts } from '../i18n';
import { cx } from '../parts/cx';
import pill from '../parts/SyncPill.module.css';
import css from './SyncStatus.module.css';
import { useFreshness } from './useTrust';

export function SyncStatus({ timeZone }: { timeZone: string }) {
  const texts = useTexts();
  const { hub } = useServices();
  const link = useLink();
  const fresh = useFreshness();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener('pointerdown', elsewhere);
    return () => window.removeEventListener('pointerdown', elsewhere);
  }, [open]);
  const { text, extra, mark, tone } = words(fresh, texts, timeZone);
  const again = fresh.kind === 'reconnecting' || fresh.kind === 'offline' || fresh.kind === 'stopped';
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what its button has opened
    <span
      ref={box}
      className={css.box}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          setOpen(false);
        }
      }}
    >
      <span className={cx(pill.pill, pill[tone], css.pill)} data-link={link.kind} data-fresh={fresh.kind}>
        <button
          type="button"
          className={css.open}
          aria-expanded={open}
          title={texts.t.link.explain}
          onClick={() => setOpen(!open)}
        >
          <span className={cx(pill.mark, pill[mark])} aria-hidden />
          <span role="status">{text}</span>
          {extra !== null && <span className={pill.extra}>{extra}</span>}
        </button>
        {again && (
          <button type="button" className={pill.retry} onClick={() => hub.retry()}>
            {texts.t.common.retry}
          </button>
        )}
      </span>
      {open && <Details />}
    </span>
  );
}

interface Said {
  readonly text: string;
  readonly extra: string | null;
  readonly mark: 'full' | 'half' | 'empty' | 'barred';
  /** Of the pill's colours. */
  readonly tone: 'live' | 'connecting' | 'reconnecting' | 'offline';
}

function words(fresh: Freshness, { t, format }: Texts, timeZone: string): Said {
  const said = t.room.sync;
  const seconds = (ms: number) => format.decimal(Math.round(ms / 100) / 10);
  switch (fresh.kind) {
    case 'connecting':
      return { text: t.link.connecting, extra: null, mark: 'half', tone: 'connecting' };
    case 'live':
      return {
        text: t.link.live,
        extra: fresh.rttMs === null ? null : t.link.ms(fresh.rttMs),
        mark: 'full',
        tone: 'live',
      };
    case 'behind':
      return { text: said.behind(seconds(fresh.ms)), extra: null, mark: 'half', tone: 'connecting' };
    case 'catching_up':
      return { text: t.link.catchingUp, extra: null, mark: 'half', tone: 'connecting' };
    case 'reconnecting':
      return {
        text: t.link.reconnecting,
        extra: said.seconds(Math.floor(fresh.forMs / 1000)),
        mark: 'empty',
        tone: 'reconnecting',
      };
    case 'offline':
      return {
        text: t.link.offline(format.time(fresh.since, timeZone)),
        extra: null,
        mark: 'barred',
        tone: 'offline',
      };
    case 'stopped':
      return { text: t.link.stopped, extra: null, mark: 'barred', tone: 'offline' };
    default:
      return fresh satisfies never;
  }
}

function Details() {
  const { t } = useTexts();
  const { hub } = useServices();
  // Drawn anew every second, as offsets move on.
  useNow(1_000);
  const said = t.room.sync;
  const p95 = hub.lag.p95Ms();
  const channels = hub.channels();
  return (
    <section className={css.details} aria-label={said.title}>
      <dl className={css.figures}>
        <dt>{said.p95}</dt>
        <dd>{p95 === null ? '–' : t.link.ms(Math.round(p95))}</dd>
        <dt>{said.silent}</dt>
        <dd>{said.seconds(Math.floor(hub.lag.silentMs() / 1000))}</dd>
      </dl>
      <table className={css.channels}>
        <thead>
          <tr>
            <th scope="col">{said.channel}</th>
            <th scope="col">{said.state}</th>
            <th scope="col">{said.offset}</th>
            <th scope="col">{said.epoch}</th>
          </tr>
        </thead>
        <tbody>
          {channels.map((view) => (
            <tr key={view.channel}>
              <th scope="row">{view.channel}</th>
              <td>{said.phases[view.phase.kind]}</td>
              <td>{view.position.value?.offset ?? '–'}</td>
              <td>{view.position.value?.epoch.slice(0, 6) ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
