/** Jobs that wait for a cleaner. */
import { Flame, TriangleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { lateMinutes, nextStart } from '../../state/control';
import { useNow } from '../../state/now';
import { usePointerDown, useSteady } from '../../state/steady';
import { workSpan } from '../../state/work';
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { JobMarks } from './Colleagues';
import css from './Queue.module.css';
import type { ControlRoom } from './useControlRoom';
import type { Drag } from './useDrag';
import { useShown } from './useFilter';

interface QueueProps {
  readonly room: ControlRoom;
  /** `null` where nothing can be dragged to. */
  readonly drag: Drag | null;
}

export function Queue({ room, drag }: QueueProps) {
  const { t, format } = useTexts();
  const now = useNow(15_000);
  const shown = useShown(room.board, false);
  const queue = useSteady(shown.queue, usePointerDown());
  const news = shown.queue.length - queue.length;
  const all = room.board.queue.length;
  const upcoming = nextStart(room.board, now);
  return (
    <section className={css.queue} aria-label={t.control.unassigned}>
      <h2 className={css.title}>
        {t.control.unassigned} <span>{shown.all ? all : t.room.filter.shown(shown.queue.length, all)}</span>
        {news > 0 && <span className={css.news}>{t.timeline.news(news)}</span>}
      </h2>
      {queue.length === 0 && (
        <p className={css.empty}>
          {all > 0
            ? t.room.filter.noneLeft
            : room.board.jobs.size === 0
              ? t.control.noJobs
              : t.control.allAssigned}
          {upcoming !== null && ` ${t.control.nextStart(format.time(upcoming, room.zone.time_zone))}`}
        </p>
      )}
      <ul className={css.list}>
        {queue.map((job) => (
          <QueueCard key={job.id} job={job} room={room} drag={drag} now={now} />
        ))}
      </ul>
    </section>
  );
}

interface QueueCardProps {
  readonly job: JobRow;
  readonly room: ControlRoom;
  readonly drag: Drag | null;
  readonly now: number;
}

function QueueCard({ job, room, drag, now }: QueueCardProps) {
  const { t, format } = useTexts();
  const { from, to } = workSpan(job);
  const chosen = room.chosen?.id === job.id;
  const selected = room.selected.has(job.id);
  const placing = room.placing?.id === job.id;
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const late = lateMinutes(job, now);
  const open = job.seats.filter((seat) => seat === null).length;
  const away = t.common.duration(Math.floor(Math.abs(from - now) / 60_000));
  return (
    <li
      ref={card}
      className={cx(css.card, chosen && css.chosen, selected && css.selected, placing && css.placing)}
      data-tone={late > 0 ? 'late' : job.at_risk ? 'risk' : 'unassigned'}
      data-job={job.number}
    >
      <button
        type="button"
        className={css.body}
        aria-pressed={chosen || selected}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) room.desk.toggle(job.id);
          else room.choose(job.id);
        }}
        onPointerDown={(event) => drag?.begin(event, job.id, null)}
      >
        <span className={css.time}>{format.range(from, to, room.zone.time_zone)}</span>
        <span className={css.number}>
          <JobMarks job={job.id} />
          {t.common.job(job.number)}
        </span>
        <span className={css.what}>
          {room.serviceName(job.service)} · {t.common.duration(job.duration_minutes)}
        </span>
        <span className={css.who}>
          {job.customer_name ?? t.control.noCustomer} · {job.district}
        </span>
      </button>
      <div className={css.foot}>
        <span className={css.note}>
          {late > 0 ? (
            <>
              <Flame size={13} aria-hidden /> {t.control.late(t.common.duration(late))}
            </>
          ) : job.at_risk ? (
            <>
              <TriangleAlert size={13} aria-hidden /> {t.control.atRisk}
            </>
          ) : (
            (from >= now ? t.control.startsIn : t.control.startedAgo)(away)
          )}
          {job.seats.length > 1 && ` · ${t.control.seat(open, job.seats.length)}`}
        </span>
        {room.rights.dispatch && (
          <Button
            size="small"
            weight={placing ? 'primary' : 'secondary'}
            data-action="assign"
            onClick={() => room.place(placing ? null : job.id)}
          >
            {placing ? t.common.cancel : t.control.assign}
          </Button>
        )}
      </div>
    </li>
  );
}
