/** The cleaner's part, made for one hand: today, open jobs, the coming days, and themselves. */
import { CalendarDays, type LucideIcon, Sun, UserRound, Waypoints } from 'lucide-react';
import { useMemo } from 'react';
import type { Rows } from '../../hub/reducer';
import { useRows } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { useViews } from '../../state/useViews';
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
  readonly rows: Rows;
  readonly open: readonly OpenJobRow[];
  readonly openLoading: boolean;
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
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
        {desk.kind === 'ready' ? <DutySwitch me={desk.desk.me} /> : <span />}
        <SyncPill compact />
      </header>
      <main className={css.main}>{content(tab, desk)}</main>
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

type DeskState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: string; readonly retry: (() => void) | null }
  | { readonly kind: 'ready'; readonly desk: Desk };

function useDesk(userId: string): DeskState {
  const { rows, phase } = useRows(`agenda:${userId}`);
  const catalogs = useCatalogs();
  const me = rows.cleaner.get(userId) ?? null;
  const boards = useViews((me?.zones ?? []).map((zone) => `board:${zone}`));
  const open = useMemo(() => {
    const all = boards.flatMap((board) =>
      board?.content.kind === 'rows' ? [...board.content.rows.open_job.values()] : [],
    );
    return all
      .filter((job) => !job.crew.includes(userId))
      .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  }, [boards, userId]);
  if (phase.kind === 'closed') return { kind: 'failed', code: `${phase.code} ${phase.reason}`, retry: null };
  if (catalogs.kind === 'failed') return { kind: 'failed', code: catalogs.code, retry: catalogs.retry };
  if (me === null || catalogs.kind === 'loading') return { kind: 'loading' };
  const openLoading = boards.some((board) => board === null || board.phase.kind === 'loading');
  const { zones, services } = catalogs;
  return { kind: 'ready', desk: { me, rows, open, openLoading, zones, services } };
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
