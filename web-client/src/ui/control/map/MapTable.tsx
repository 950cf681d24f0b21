/** The map's twin: the same cleaners as rows, whoever is late first. */
import { Flame } from 'lucide-react';
import type { CleanerMark, Mark } from '../../../state/mapping';
import { useTexts } from '../../i18n';
import type { ControlRoom } from '../useControlRoom';
import css from './MapTable.module.css';

interface MapTableProps {
  readonly cleaners: readonly CleanerMark[];
  readonly room: ControlRoom;
  readonly onChoose: (mark: Mark) => void;
}

export function MapTable({ cleaners, room, onChoose }: MapTableProps) {
  const { t, format } = useTexts();
  const words = t.room.map;
  if (cleaners.length === 0) return <p className={css.none}>{words.nobody}</p>;
  const ordered = [...cleaners].sort((a, b) => b.late - a.late || a.name.localeCompare(b.name));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={css.scroll} tabIndex={0} aria-label={words.table}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{t.control.cleaner}</th>
            <th scope="col">{t.control.status}</th>
            <th scope="col">{words.near}</th>
            <th scope="col">{words.heard}</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((mark) => (
            <tr key={mark.id} data-cleaner-mark={mark.id}>
              <th scope="row">
                <button type="button" className={css.name} onClick={() => onChoose(mark)}>
                  {mark.name}
                </button>
              </th>
              <td>
                {words.doing[mark.doing]}
                {mark.late > 0 && (
                  <span className={css.late}>
                    <Flame size={12} aria-hidden /> {t.control.late(t.common.duration(mark.late))}
                  </span>
                )}
              </td>
              <td>{mark.job === null ? '' : `${t.common.job(mark.job.number)}, ${mark.job.district}`}</td>
              <td>
                {format.time(mark.at, room.zone.time_zone)}
                {mark.old && <span className={css.old}>{words.old}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
