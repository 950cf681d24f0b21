/** Where the administration begins: on an empty installation the steps to the first bookable time, later
 * how much there is of everything. */
import { Check } from 'lucide-react';
import { daysRange } from '../../state/admin/moments';
import { pathOf, useAnswer, useRowsOf } from '../../state/admin/reading';
import { useNow } from '../../state/now';
import { useUser } from '../../state/services';
import { addDays, localDate } from '../../state/zoned';
import type { Service, ShiftEntry } from '../../wire';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { Link } from '../router';
import { Page } from './ListPage';
import css from './StartPage.module.css';
import { useAdminTexts } from './texts';

const HOUR_MS = 3_600_000;

interface Step {
  readonly key: 'zone' | 'service' | 'cleaner' | 'shift' | 'look';
  readonly done: boolean;
  readonly href: string;
}

export function StartPage() {
  const { a, t } = useAdminTexts();
  const user = useUser();
  const now = useNow(HOUR_MS);
  const today = localDate(now, 'UTC');
  const catalogue = useAnswer('catalogue.read', {});
  const cleaners = useRowsOf('cleaners.list', { active: true, limit: 1 }, (page) => page.cleaners);
  const shifts = useRowsOf(
    'shifts.list',
    { ...daysRange(today, addDays(today, 60), 'UTC'), limit: 1 },
    (page) => page.shifts,
  );
  if (catalogue.kind === 'failed') {
    return (
      <Page title={a.start.hello(user?.name ?? '')}>
        <Failure title={t.common.unreachable} code={catalogue.code} onRetry={() => void catalogue.reload()} />
      </Page>
    );
  }
  const loading = catalogue.kind === 'loading' || cleaners.kind === 'loading' || shifts.kind === 'loading';
  if (loading) return <Skeleton rows={5} height={72} />;
  const { zones, services } = catalogue.value;
  const steps: readonly Step[] = [
    { key: 'zone', done: zones.length > 0, href: '/admin/zones?edit=new' },
    { key: 'service', done: services.some(({ active }) => active), href: '/admin/services?edit=new' },
    { key: 'cleaner', done: cleaners.rows.length > 0, href: '/admin/cleaners?edit=new' },
    { key: 'shift', done: shifts.rows.length > 0, href: '/admin/shifts?edit=new' },
    { key: 'look', done: false, href: customersPage(services, shifts.rows[0]) },
  ];
  const ready = steps.slice(0, -1).every(({ done }) => done);
  return (
    <Page title={a.start.hello(user?.name ?? '')} lead={ready ? a.start.ready : a.start.empty}>
      {ready && (
        <p className={css.counts}>
          {a.start.counts(zones.length, services.filter(({ active }) => active).length)}
        </p>
      )}
      <Steps steps={steps} ready={ready} />
      {!ready && (
        <p className={css.other}>
          {a.start.orImport} <Link href="/admin/import">{a.nav.import}</Link>
        </p>
      )}
    </Page>
  );
}

/** The page on which the first shift makes times free. */
function customersPage(services: readonly Service[], shift: ShiftEntry | undefined): string {
  const service = services.find(({ active }) => active);
  if (service === undefined || shift === undefined) return '/';
  return pathOf('/', { service: service.slug, zone: shift.zone, date: shift.local_date });
}

function Steps({ steps, ready }: { steps: readonly Step[]; ready: boolean }) {
  const { a } = useAdminTexts();
  const current = ready ? 'look' : steps.find(({ done }) => !done)?.key;
  return (
    <ol className={css.steps}>
      {steps.map(({ key, done, href }, place) => {
        const here = key === current;
        const words = a.start.steps[key];
        return (
          <li key={key} className={cx(css.step, done && css.done, here && css.here)}>
            <span className={css.mark} aria-hidden>
              {done ? <Check size={18} /> : place + 1}
            </span>
            <div className={css.words}>
              <h2>
                {words.title}
                {done && <span className="visually-hidden"> – {a.start.done}</span>}
              </h2>
              <p>{words.text}</p>
            </div>
            {here && key !== 'look' && (
              <Link className={css.go} href={href}>
                {words.go}
              </Link>
            )}
            {key === 'look' && ready && (
              <a className={css.go} href={href} target="_blank" rel="noreferrer">
                {words.go}
              </a>
            )}
          </li>
        );
      })}
    </ol>
  );
}
