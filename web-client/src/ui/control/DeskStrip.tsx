/** Above the timeline: what is being placed or selected and what can be done with it, how the timeline is
 * shown, and, in one place that is read aloud, where a job is aimed at. */
import { Minus, Plus, Undo2 } from 'lucide-react';
import { DENSITIES, type Density, type ViewChoice, writeChoice, ZOOMS } from '../../state/controlAxis';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { setSearch } from '../router';
import css from './DeskStrip.module.css';
import { reasonText } from './reasons';
import { type ControlRoom, useOnDesk } from './useControlRoom';

interface StripProps {
  readonly room: ControlRoom;
  readonly choice: ViewChoice;
  readonly onForm: () => void;
}

export function DeskStrip({ room, choice, onForm }: StripProps) {
  const { desk } = room;
  const placing = useOnDesk(desk, (state) => state.placing);
  const selected = useOnDesk(desk, (state) => state.selected);
  return (
    <div className={cx(css.strip, (placing !== null || selected.size > 0) && css.active)}>
      {placing !== null ? (
        <PlacingPart room={room} onForm={onForm} />
      ) : selected.size > 0 ? (
        <SelectedPart room={room} count={selected.size} />
      ) : (
        <span className={css.quiet} />
      )}
      {placing === null && <ViewPart room={room} choice={choice} />}
    </div>
  );
}

function PlacingPart({ room, onForm }: { room: ControlRoom; onForm: () => void }) {
  const { t, format } = useTexts();
  const { desk, store, zone } = room;
  const placing = useOnDesk(desk, (state) => state.placing);
  useOnDesk(desk, (state) => state.answers);
  const first = placing?.jobs[0] === undefined ? null : store.job(placing.jobs[0]);
  if (placing === null || first === null) return null;
  const what = placing.jobs.length > 1 ? t.timeline.jobs(placing.jobs.length) : t.common.job(first.number);
  const day = placing.cleaner === null ? null : store.day(placing.cleaner);
  const verdict =
    day === null || placing.start === null ? null : desk.verdict(placing.jobs, day.cleaner.id, placing.start);
  const where =
    day === null || placing.start === null
      ? ''
      : t.timeline.at(format.time(placing.start, zone.time_zone), day.cleaner.name);
  const reason = verdict?.reason ?? null;
  const told = reason === null ? t.timeline.legal : reasonText(t, format, reason, zone.time_zone);
  return (
    <div className={css.part}>
      <strong>{(placing.kind === 'move' ? t.timeline.placingMove : t.timeline.placingAssign)(what)}</strong>
      <span className={cx(css.aim, verdict !== null && css[verdict.kind])} role="status" aria-live="polite">
        {t.timeline.aimed(where, told)}
      </span>
      <span className={css.hint}>
        {placing.kind === 'move' ? t.timeline.moveHint : t.timeline.assignHint}
      </span>
      <Button size="small" weight="primary" data-action="confirm" onClick={desk.commit}>
        {t.timeline.confirm}
      </Button>
      <Button size="small" data-action="form" onClick={onForm}>
        {t.timeline.byForm}
      </Button>
      <Button size="small" weight="quiet" onClick={desk.stopPlacing}>
        {t.timeline.stop}
      </Button>
    </div>
  );
}

function SelectedPart({ room, count }: { room: ControlRoom; count: number }) {
  const { t } = useTexts();
  const { desk } = room;
  const jobs = () => desk.subjects(null);
  return (
    <div className={css.part}>
      <strong role="status">{t.timeline.selected(count)}</strong>
      {desk.mayDispatch && (
        <>
          <Button
            size="small"
            weight="primary"
            data-action="assign-selected"
            onClick={() => desk.place('assign', jobs())}
          >
            {t.timeline.assign}
          </Button>
          <Button size="small" data-action="move-selected" onClick={() => desk.place('move', jobs())}>
            {t.timeline.move}
          </Button>
          <Button size="small" data-action="unassign-selected" onClick={() => void desk.unassign(jobs())}>
            {t.timeline.unassign}
          </Button>
        </>
      )}
      <Button size="small" weight="quiet" onClick={desk.clearSelection}>
        {t.timeline.clear}
      </Button>
    </div>
  );
}

const DENSITY_NAMES = Object.keys(DENSITIES) as Density[];

function ViewPart({ room, choice }: { room: ControlRoom; choice: ViewChoice }) {
  const { t } = useTexts();
  const { desk } = room;
  const to = (changes: Partial<ViewChoice>) => setSearch(writeChoice({ ...choice, ...changes }));
  const days = (count: ViewChoice['days']) =>
    setSearch({ days: count === 1 ? null : String(count), zoom: null });
  return (
    <div className={css.view}>
      {desk.mayDispatch && (
        <button
          type="button"
          className={css.icon}
          onClick={() => void desk.undo()}
          aria-label={t.timeline.view.undo}
          title={`${t.timeline.view.undo} (Ctrl Z)`}
          data-action="undo"
        >
          <Undo2 size={16} aria-hidden />
        </button>
      )}
      <fieldset className={css.choice} aria-label={t.timeline.view.days}>
        {([1, 3] as const).map((count) => (
          <button
            key={count}
            type="button"
            aria-pressed={choice.days === count}
            onClick={() => days(count)}
            data-days={count}
          >
            {count === 1 ? t.timeline.view.oneDay : t.timeline.view.threeDays}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        className={css.icon}
        aria-label={t.timeline.view.zoomOut}
        disabled={choice.zoom === 0}
        onClick={() => to({ zoom: choice.zoom - 1 })}
      >
        <Minus size={16} aria-hidden />
      </button>
      <button
        type="button"
        className={css.icon}
        aria-label={t.timeline.view.zoomIn}
        disabled={choice.zoom === ZOOMS.length - 1}
        onClick={() => to({ zoom: choice.zoom + 1 })}
      >
        <Plus size={16} aria-hidden />
      </button>
      <select
        className={css.density}
        aria-label={t.timeline.view.density}
        value={choice.density}
        onChange={(event) => to({ density: event.target.value as Density })}
      >
        {DENSITY_NAMES.map((density) => (
          <option key={density} value={density}>
            {t.timeline.view.densities[density]}
          </option>
        ))}
      </select>
    </div>
  );
}
