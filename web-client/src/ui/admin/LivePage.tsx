/** How every instance is, as it is told every few seconds: who is connected, what waits, what fails. */
import { useEffect, useState } from 'react';
import type { LiveRows } from '../../hub/reducer';
import { type Sample, type Samples, SILENT_MS, sampled } from '../../state/admin/samples';
import { useNow } from '../../state/now';
import { useView } from '../../state/services';
import type { InstanceRow } from '../../wire';
import { cx } from '../parts/cx';
import { Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { Page } from './ListPage';
import css from './LivePage.module.css';
import { Spark } from './Spark';
import { useAdminTexts } from './texts';

const NONE: LiveRows = new Map();

export function LivePage() {
  const { a, t } = useAdminTexts();
  const { content, phase } = useView('ops');
  const rows = content.kind === 'live' ? content.rows : NONE;
  const [samples, setSamples] = useState<Samples>(new Map());
  useEffect(() => {
    const instances = [...rows.values()].filter((row) => row.kind === 'instance');
    setSamples((known) => sampled(known, instances));
  }, [rows]);
  const instances = [...samples.values()].sort((one, other) =>
    one.last.started_at.localeCompare(other.last.started_at),
  );
  const sum = (of: (row: InstanceRow) => number) =>
    instances.reduce((total, { last }) => total + of(last), 0);
  return (
    <Page title={a.nav.live} lead={a.live.lead}>
      {phase.kind === 'closed' && (
        <Failure title={t.common.closedChannel} code={`${phase.code} ${phase.reason}`} />
      )}
      {phase.kind !== 'closed' && instances.length === 0 && <Skeleton rows={2} height={180} />}
      {instances.length > 0 && (
        <>
          <dl className={css.totals}>
            <Figure label={a.live.instances} value={instances.length} />
            <Figure label={a.live.connections} value={sum((row) => row.connections)} />
            <Figure label={a.live.channels} value={sum((row) => row.channels)} />
            <Figure label={a.live.queued} value={bytes(sum((row) => row.queued_bytes))} />
            <Figure
              label={a.live.errors}
              value={sum((row) => row.errors)}
              bad={sum((row) => row.errors) > 0}
            />
            <Figure
              label={a.live.overdue}
              value={Math.max(...instances.map(({ last }) => last.timers_overdue ?? 0))}
              bad={instances.some(({ last }) => (last.timers_overdue ?? 0) > 0)}
            />
          </dl>
          <ul className={css.instances}>
            {instances.map(({ last, series }) => (
              <li key={last.id}>
                <Instance row={last} series={series} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Page>
  );
}

function Figure({ label, value, bad = false }: { label: string; value: number | string; bad?: boolean }) {
  return (
    <div className={cx(css.figure, bad && css.bad)}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Instance({ row, series }: { row: InstanceRow; series: readonly Sample[] }) {
  const { a, format } = useAdminTexts();
  const now = useNow(1000);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const silent = now - Date.parse(row.at) > SILENT_MS;
  const { database_connections: open, database_connections_idle: idle } = row;
  return (
    <article className={cx(css.instance, silent && css.silent)}>
      <header>
        <h2>{a.live.instance(row.id.slice(0, 8))}</h2>
        <p>
          {a.live.version(row.release)} · {a.live.since(format.moment(row.started_at, zone, now))}
        </p>
        <p className={silent ? css.late : undefined}>
          {silent ? a.live.silent(format.time(row.at, zone)) : a.live.heard(format.time(row.at, zone))}
        </p>
      </header>
      <div className={css.charts}>
        <Chart
          label={a.live.connections}
          now={String(row.connections)}
          of={series}
          value={(s) => s.connections}
        />
        <Chart
          label={a.live.commands}
          now={format.decimal(series.at(-1)?.commandsPerSecond ?? 0)}
          of={series}
          value={(s) => s.commandsPerSecond}
        />
        <Chart label={a.live.queued} now={bytes(row.queued_bytes)} of={series} value={(s) => s.queuedBytes} />
        <Chart label={a.live.lag} now={`${row.log_age_ms} ms`} of={series} value={(s) => s.lagMs} />
      </div>
      <dl className={css.details}>
        <Detail label={a.live.channels} value={row.channels} />
        <Detail label={a.live.slowest} value={bytes(row.queued_most_bytes)} />
        <Detail label={a.live.outbound} value={row.outbound_batches} />
        <Detail label={a.live.database} value={a.live.ofOpen(open - idle, open)} />
        <Detail label={a.live.accepted} value={row.accepted} />
        <Detail label={a.live.rejected} value={row.rejected} />
        <Detail label={a.live.refused} value={row.refused} />
        <Detail label={a.live.errors} value={row.errors} />
      </dl>
    </article>
  );
}

function Detail({ label, value }: { label: string; value: number | string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface ChartProps {
  readonly label: string;
  readonly now: string;
  readonly of: readonly Sample[];
  readonly value: (sample: Sample) => number;
}

function Chart({ label, now, of, value }: ChartProps) {
  return (
    <figure className={css.chart}>
      <figcaption>
        {label} <strong>{now}</strong>
      </figcaption>
      <Spark values={of.map(value)} />
    </figure>
  );
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${Math.round(count / 1024)} KB` : `${(count / 1024 / 1024).toFixed(1)} MB`;
}
