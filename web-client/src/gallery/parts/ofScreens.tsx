/** Parts of single screens that can stand alone. */
import type { Entry, Standing } from '../../hub/outbox';
import { GoneSheet } from '../../ui/customer/GoneSheet';
import { HoldClock } from '../../ui/customer/HoldClock';
import { StatusLine } from '../../ui/customer/StatusLine';
import { Actions } from '../../ui/work/Actions';
import { NetworkStrip } from '../../ui/work/NetworkStrip';
import type { HoldRow, JobStatus, VisitRow } from '../../wire';
import { ANNA, zonesOf } from '../company';
import css from '../GalleryPage.module.css';
import { Linked, Phone } from '../PartStage';
import { type Today, todayAt } from '../preset';
import type { Part } from './part';
import { STATUSES } from './shared';

const today: Today = todayAt(Date.now());
const nothing = () => undefined;

function StatusLines() {
  const times = Object.fromEntries(
    STATUSES.map((status, i) => [status, today.in(7 * (i - STATUSES.length))]),
  );
  const visit = (status: JobStatus): VisitRow => ({
    id: status,
    version: 1,
    number: 3001,
    status,
    times,
    crew: [],
  });
  return (
    <div className={css.columns}>
      {STATUSES.map((status) => (
        <StatusLine key={status} visit={visit(status)} timeZone={today.timeZone} now={today.now} />
      ))}
    </div>
  );
}

const hold = (minutes: number, extended: boolean): HoldRow => ({
  id: `hold-${minutes}`,
  version: 1,
  zone: 'center',
  service: 'standard',
  starts_at: today.at(10 + 24),
  expires_at: new Date(today.now + minutes * 60_000).toISOString(),
  extended,
});

function HoldClocks() {
  return (
    <>
      <HoldClock hold={hold(9, false)} />
      <HoldClock hold={hold(5, true)} />
      <HoldClock hold={hold(0.9, false)} />
      <HoldClock hold={hold(-1, true)} />
    </>
  );
}

function gone(hours: readonly number[]) {
  const [zone] = zonesOf(today);
  const alternatives = hours.map((hour) => ({ zone: 'center', service: 'standard', start: today.at(hour) }));
  return () =>
    zone !== undefined && (
      <GoneSheet alternatives={alternatives} zone={zone} onChoose={nothing} onClose={nothing} />
    );
}

const action = (order: number, standing: Standing): Entry => ({
  id: `action-${order}`,
  account: ANNA.id,
  action: { kind: 'job.depart', parameters: { job: 'job-2019' } },
  number: 2019,
  order,
  madeAt: today.now - 300_000,
  standing,
});
const at = today.now - 60_000;
const OUTBOX: readonly Entry[] = [
  action(1, { kind: 'waiting', tries: 2 }),
  action(2, { kind: 'done', at }),
  action(3, {
    kind: 'failed',
    at,
    objection: { outcome: 'rejected', code: 'too_early', message: '', details: { earliest: today.in(20) } },
    fate: null,
  }),
  action(4, {
    kind: 'failed',
    at,
    objection: { outcome: 'refused', code: 'not_found', message: '' },
    fate: { job: 'job-2019', parted: 'given_to_another', at: today.in(-10), to: 'Boris' },
  }),
  action(5, {
    kind: 'failed',
    at,
    objection: { outcome: 'refused', code: 'command_expired', message: '' },
    fate: null,
  }),
  action(6, { kind: 'dropped', at, because: 'job.depart' }),
];

function AllActions() {
  return (
    <Phone outbox={[]}>
      <Actions entries={OUTBOX} timeZone={today.timeZone} />
      <Actions entries={OUTBOX.slice(2, 3)} timeZone={today.timeZone} named />
    </Phone>
  );
}

/** One at a time: it lies at the lower edge of its page. */
const strip = (outbox: readonly Entry[]) => () => (
  <Linked link={{ kind: 'offline', since: today.now }}>
    <Phone outbox={outbox}>
      <p>{today.date}</p>
      <NetworkStrip at={today.in(-12)} timeZone={today.timeZone} />
    </Phone>
  </Linked>
);

export const OF_SCREENS: Readonly<Record<string, Part>> = {
  'status lines': { Shown: StatusLines },
  'hold clocks': { Shown: HoldClocks },
  'a time gone': { Shown: gone([34, 35, 58]), framed: true },
  'a time gone, none left': { Shown: gone([]), framed: true },
  'what became of actions': { Shown: AllActions, shows: '[data-standing]' },
  'network strip, away': { Shown: strip([]), framed: true, shows: '[data-strip]' },
  'network strip, away with actions': {
    Shown: strip(OUTBOX.slice(0, 1)),
    framed: true,
    shows: '[data-strip]',
  },
};
