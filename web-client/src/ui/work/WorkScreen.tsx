/** The cleaner's part, made for one hand: today, open jobs, the coming days, and themselves. */
import { CalendarDays, type LucideIcon, Sun, UserRound, Waypoints } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { Outbox } from '../../hub/outbox';
import type { Rows } from '../../hub/reducer';
import type { ViewState } from '../../hub/view';
import { foresee } from '../../state/foresight';
import { useHandset, useOutbox } from '../../state/handset';
import { useNow } from '../../state/now';
import type { Remembered } from '../../state/offlineDay';
import { useObservable, useView } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { useViews } from '../../state/useViews';
import { isAtWork } from '../../state/work';
import type { CleanerRow, OpenJobRow, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { SyncPill } from '../parts/SyncPill';
import { setSearch, useSearch } from '../router';
import { useTitle } from '../useTitle';
import { AgendaTab } from './AgendaTab';
import { DutySwitch } from './DutySwitch';
import { MeTab } from './MeTab';
import { NetworkStrip } from './NetworkStrip';
import { OpenTab } from './OpenTab';
import { TodayTab } from './TodayTab';
import css from './WorkScreen.module.css';

type Tab = 'today' | 'open' | 'agenda' | 'me';
const TABS: readonly { readonly tab: Tab; readonly Icon: LucideIcon }[] = [
  { tab: 'today', Icon: Sun },
  { tab: 'open', Icon: Waypoints },
  { tab: 'agenda', Icon: CalendarDays },
  { tab: 'me', Icon: UserRound },
];

/** What every tab knows. */
export interface Desk {
  readonly me: CleanerRow;
  /** As they will be once the outbox is sent. */
  readonly rows: Rows;
  readonly open: readonly OpenJobRow[];
  readonly openLoading: boolean;
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  readonly outbox: Outbox;
  /** Server time of what is shown. */
  readonly at: string | null;
}

export default function WorkScreen({ userId }: { userId: string }) {
  const { t } = useTexts();
  useTitle(t.work.title);
  const search = useSearch();
  const tab = TABS.find((each) => each.tab === search.get('tab'))?.tab ?? 'today';
  const desk = useDesk(userId);
  const openCount = desk.kind === 'ready' ? desk.desk.open.length : 0;
  return (
    <div className={css.screen}>
      <header className={css.bar}>
        {desk.kind === 'ready' ? <DutySwitch me={desk.desk.me} outbox={desk.desk.outbox} /> : <span />}
        <SyncPill compact />
      </header>
      <main className={css.main}>{content(tab, desk)}</main>
      <NetworkStrip
        at={desk.kind === 'ready' ? desk.desk.at : null}
        timeZone={desk.kind === 'ready' ? timeZoneOf(desk.desk.zones, desk.desk.me.zones[0] ?? '') : 'UTC'}
      />
      {desk.kind === 'ready' && <AtWork rows={desk.desk.rows} />}
      <nav className={css.tabs} aria-label={t.work.title}>
        {TABS.map(({ tab: each, Icon }) => (
          <button
            key={each}
            type="button"
            className={cx(css.tab, tab === each && css.here)}
            aria-current={tab === each ? 'page' : undefined}
            onClick={() => {
              setSearch({ tab: each === 'today' ? null : each });
              window.scrollTo(0, 0);
            }}
          >
            <span className={css.icon}>
              <Icon size={22} aria-hidden />
              {each === 'open' && openCount > 0 && <span className={css.count}>{openCount}</span>}
            </span>
            {t.work[each]}
          </button>
        ))}
      </nav>
    </div>
  );
}

/** Keeps the position reports to the time at work. */
function AtWork({ rows }: { rows: Rows }) {
  const { position } = useHandset();
  const atWork = isAtWork(rows, useNow(30_000));
  useEffect(() => position.setAtWork(atWork), [position, atWork]);
  return null;
}

type DeskState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: string; readonly retry: (() => void) | null }
  | { readonly kind: 'ready'; readonly desk: Desk };

function useDesk(userId: string): DeskState {
  const handset = useHandset();
  const outbox = useOutbox();
  const view = useView(`agenda:${userId}`);
  const catalogs = useCatalogs();
  useEffect(() => handset.day.heard(view, catalogs), [handset, view, catalogs]);
  const remembered = useObservable(handset.day.remembered);
  const heard = view.content.kind === 'rows' && view.content.rows.cleaner.has(userId) ? view : null;
  const known = knownDay(heard, remembered);
  const before = known?.rows ?? null;
  const rows = useMemo(() => (before === null ? null : foresee(before, outbox)), [before, outbox]);
  const me = rows?.cleaner.get(userId) ?? null;
  const boards = useViews((me?.zones ?? []).map((zone) => `board:${zone}`));
  const open = useMemo(() => openJobs(boards, userId), [boards, userId]);
  const { phase } = view;
  if (phase.kind === 'closed') return { kind: 'failed', code: `${phase.code} ${phase.reason}`, retry: null };
  const lists = catalogs.kind === 'ready' ? catalogs : remembered.kind === 'day' ? remembered.day : null;
  if (rows === null || me === null || lists === null) {
    if (catalogs.kind === 'failed') return { kind: 'failed', code: catalogs.code, retry: catalogs.retry };
    return { kind: 'loading' };
  }
  const openLoading = boards.some((board) => board === null || board.phase.kind === 'loading');
  const { zones, services } = lists;
  const at = known?.at ?? null;
  return { kind: 'ready', desk: { me, rows, open, openLoading, zones, services, outbox, at } };
}

/** What was heard on this page, or else what was kept from before. */
function knownDay(heard: ViewState | null, remembered: Remembered) {
  if (heard?.content.kind === 'rows') return { rows: heard.content.rows, at: heard.at };
  return remembered.kind === 'day' ? { rows: remembered.rows, at: remembered.day.at } : null;
}

function openJobs(boards: readonly (ViewState | null)[], userId: string): readonly OpenJobRow[] {
  const all = boards.flatMap((board) =>
    board?.content.kind === 'rows' ? [...board.content.rows.open_job.values()] : [],
  );
  return all
    .filter((job) => !job.crew.includes(userId))
    .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
}

function content(tab: Tab, state: DeskState) {
  switch (state.kind) {
    case 'loading':
      return <Skeleton rows={3} height={120} />;
    case 'failed':
      return <Broken code={state.code} retry={state.retry} />;
    case 'ready':
      break;
    default:
      return state satisfies never;
  }
  const { desk } = state;
  switch (tab) {
    case 'today':
      return <TodayTab desk={desk} />;
    case 'open':
      return <OpenTab desk={desk} />;
    case 'agenda':
      return <AgendaTab desk={desk} />;
    case 'me':
      return <MeTab desk={desk} />;
    default:
      return tab satisfies never;
  }
}

function Broken({ code, retry }: { code: string; retry: (() => void) | null }) {
  const { t } = useTexts();
  return retry === null ? (
    <Failure title={t.common.closedChannel} hint={t.common.closedChannelHint} code={code}>
      <a href="/sign-in">{t.common.signIn}</a>
    </Failure>
  ) : (
    <Failure title={t.common.unreachable} hint={t.common.unreachableHint} code={code} onRetry={retry} />
  );
}

/** The wall clock of a zone; UTC for one that is not known. */
export function timeZoneOf(zones: readonly Zone[], slug: string): string {
  return zones.find((zone) => zone.slug === slug)?.time_zone ?? 'UTC';
}
