/** Choosing a cleaner from a list, the ones that fit first. */
import type { JobRow } from '../../wire';
import { useTexts } from '../i18n';
import { Sheet } from '../parts/Sheet';
import css from './AssignSheet.module.css';
import { obstacleText } from './reasons';
import type { ControlRoom } from './useControlRoom';

export function AssignSheet({ job, room }: { job: JobRow; room: ControlRoom }) {
  const { t } = useTexts();
  const options = room.board.days
    .map((day) => ({ day, found: room.obstacleTo(job, day) }))
    .sort((a, b) => Number(a.found !== null) - Number(b.found !== null));
  return (
    <Sheet title={t.control.placing(t.common.job(job.number))} onClose={() => room.place(null)}>
      <ul className={css.list}>
        {options.map(({ day, found }) => (
          <li key={day.cleaner.id}>
            <button
              type="button"
              className={css.option}
              disabled={found?.kind === 'crew'}
              onClick={() => void room.assign(job, day.cleaner.id)}
            >
              <strong>{day.cleaner.name}</strong>
              {found !== null && <span>{obstacleText(t, found)}</span>}
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
