/** Moving a job as a form: who, which day, when. For those who neither drag nor steer by arrows. */
import { type FormEvent, useState } from 'react';
import { startOf } from '../../state/control';
import { instantOf, wallTime } from '../../state/zoned';
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Sheet } from '../parts/Sheet';
import css from './MoveForm.module.css';
import { reasonText } from './reasons';
import type { ControlRoom } from './useControlRoom';

interface FormProps {
  readonly job: JobRow;
  readonly room: ControlRoom;
  readonly onClose: () => void;
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

export function MoveForm({ job, room, onClose }: FormProps) {
  const { t, format } = useTexts();
  const { desk, zone, board } = room;
  const placing = desk.state.value.placing;
  const now = wallTime(placing?.start ?? startOf(job), zone.time_zone);
  const [cleaner, setCleaner] = useState(placing?.cleaner ?? '');
  const [date, setDate] = useState(now.date);
  const [time, setTime] = useState(clock(now.minutes));
  const [hours, minutes] = time.split(':').map(Number);
  const start =
    hours === undefined || minutes === undefined || date === ''
      ? null
      : instantOf({ date, minutes: hours * 60 + minutes }, zone.time_zone);
  const jobs = placing?.jobs ?? [job.id];
  const options = board.days.map(({ cleaner: each }) => {
    const verdict = start === null ? null : desk.verdict(jobs, each.id, start);
    const reason = verdict?.reason ?? null;
    const text =
      reason === null
        ? each.name
        : t.timeline.form.unfit(each.name, reasonText(t, format, reason, zone.time_zone));
    return { id: each.id, text, fits: verdict?.kind !== 'illegal' };
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    desk.stopPlacing();
    desk.drop(jobs, null, cleaner === '' ? null : cleaner, start);
    onClose();
  };
  return (
    <Sheet title={t.timeline.form.title(t.common.job(job.number))} onClose={onClose}>
      <form className={css.form} onSubmit={submit}>
        <label>
          {t.timeline.form.cleaner}
          <select value={cleaner} onChange={(event) => setCleaner(event.target.value)}>
            <option value="">{t.timeline.form.keep}</option>
            {[...options]
              .sort((a, b) => Number(b.fits) - Number(a.fits))
              .map(({ id, text }) => (
                <option key={id} value={id}>
                  {text}
                </option>
              ))}
          </select>
        </label>
        <div className={css.when}>
          <label>
            {t.timeline.form.date}
            <input type="date" required value={date} onChange={(event) => setDate(event.target.value)} />
          </label>
          <label>
            {t.timeline.form.time}
            <input
              type="time"
              required
              step={300}
              value={time}
              onChange={(event) => setTime(event.target.value)}
            />
          </label>
        </div>
        <Button type="submit" weight="primary" size="large">
          {t.timeline.form.submit}
        </Button>
      </form>
    </Sheet>
  );
}
