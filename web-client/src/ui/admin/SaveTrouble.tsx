/** Why a form was not saved, above its buttons: who was quicker with both choices, which jobs stand in the
 * way, or what the server said. What concerns one field stands beside that field. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { difference } from '../../state/admin/difference';
import { readAs } from '../../state/admin/reading';
import { useServices } from '../../state/services';
import type { BookingHit, Found } from '../../wire';
import { codeOf, explain } from '../objection';
import { Button } from '../parts/Button';
import { Failure } from '../parts/Notice';
import { Changes } from './Changes';
import css from './SaveTrouble.module.css';
import { useAdminTexts } from './texts';
import type { Saver } from './useSaver';

interface TroubleProps<Row> {
  readonly saver: Saver;
  /** Fields of the form; what concerns none of them is told here. */
  readonly fields: readonly string[];
  /** What the form was opened with. */
  readonly before?: Row | null;
  /** The row as it is now, and the form begun anew with it. */
  readonly readAnew?: () => Promise<Row | null>;
  readonly takeTheirs?: (row: Row) => void;
}

export function SaveTrouble<Row extends object>({ saver, fields, ...stale }: TroubleProps<Row>) {
  const { t } = useAdminTexts();
  const { saving } = saver;
  switch (saving.kind) {
    case 'idle':
    case 'sending':
      return null;
    case 'objected': {
      if (saving.field !== null && fields.includes(saving.field)) return null;
      const { objection } = saving;
      const hint = saving.field === null ? undefined : `${saving.field}: ${objection.message}`;
      return (
        <Seen>
          <Failure
            title={explain(t, objection)}
            code={codeOf(objection)}
            {...(hint === undefined ? {} : { hint })}
          />
        </Seen>
      );
    }
    case 'stale':
      return <Stale saver={saver} current={saving.current} {...stale} />;
    case 'affected':
      return <Affected saver={saver} jobs={saving.jobs} />;
    default:
      return saving satisfies never;
  }
}

/** Comes into sight by itself: the form may be longer than the screen. */
function Seen({ size = 0, children }: { size?: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: seen again once it has grown
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' });
  }, [size]);
  return <div ref={place}>{children}</div>;
}

interface StaleProps<Row> extends Omit<TroubleProps<Row>, 'fields'> {
  readonly current: number;
}

function Stale<Row extends object>({ saver, current, before, readAnew, takeTheirs }: StaleProps<Row>) {
  const { a, t } = useAdminTexts();
  const [theirs, setTheirs] = useState<Row | null>(null);
  const reading = useRef(readAnew);
  useEffect(() => {
    void reading.current?.().then(setTheirs);
  }, []);
  const changes = theirs === null || before == null ? [] : difference(before, theirs);
  return (
    <Seen size={changes.length}>
      <div className={css.stale} role="alert">
        <p className={css.title}>{t.rejection.stale_version}</p>
        {changes.length > 0 && (
          <>
            <p>{a.theyChanged}</p>
            <Changes changes={changes} />
          </>
        )}
        <div className={css.choices}>
          {theirs !== null && takeTheirs !== undefined && (
            <Button size="small" onClick={() => takeTheirs(theirs)}>
              {a.takeTheirs}
            </Button>
          )}
          <Button size="small" onClick={() => void saver.save({ version: current })}>
            {a.saveMine}
          </Button>
        </div>
      </div>
    </Seen>
  );
}

const LOOKED_UP = 8;

function Affected({ saver, jobs }: { saver: Saver; jobs: readonly string[] }) {
  const { a, t, format } = useAdminTexts();
  const { rest, session } = useServices();
  const [known, setKnown] = useState<ReadonlyMap<string, BookingHit>>(new Map());
  useEffect(() => {
    let over = false;
    const look = async (job: string) => {
      const path = `/api/v1/queries/search?text=${job}&kinds=booking&limit=1`;
      const found = await readAs<Found>(rest, session, path).catch(() => null);
      const hit = found?.hits[0];
      if (!over && hit?.kind === 'booking') setKnown((all) => new Map([...all, [job, hit]]));
    };
    for (const job of jobs.slice(0, LOOKED_UP)) void look(job);
    return () => {
      over = true;
    };
  }, [jobs, rest, session]);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Seen size={known.size}>
      <div className={css.stale} role="alert">
        <p className={css.title}>{a.affected(jobs.length)}</p>
        <ul className={css.jobs}>
          {jobs.slice(0, LOOKED_UP).map((job) => {
            const hit = known.get(job);
            return (
              <li key={job}>
                {hit === undefined
                  ? job
                  : `${t.common.job(hit.number)} · ${format.moment(hit.starts_at, zone, 0)} · ${hit.customer_name ?? ''} · ${hit.address}`}
              </li>
            );
          })}
          {jobs.length > LOOKED_UP && <li>{a.andMore(jobs.length - LOOKED_UP)}</li>}
        </ul>
        <p>{a.affectedHint}</p>
        <div className={css.choices}>
          <Button size="small" weight="danger" onClick={() => void saver.save({ force: true })}>
            {a.force}
          </Button>
        </div>
      </div>
    </Seen>
  );
}
