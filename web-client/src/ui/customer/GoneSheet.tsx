/** The chosen time went to somebody else: the nearest that are left, one tap each. */

import { useNow } from '../../state/now';
import { localDate } from '../../state/zoned';
import type { Alternative, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Sheet } from '../parts/Sheet';
import { Choice } from './Choice';
import css from './GoneSheet.module.css';

interface GoneSheetProps {
  readonly alternatives: readonly Alternative[];
  readonly zone: Zone;
  readonly onChoose: (start: number) => void;
  readonly onClose: () => void;
}

export function GoneSheet({ alternatives, zone, onChoose, onClose }: GoneSheetProps) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  return (
    <Sheet title={t.customer.goneTitle} onClose={onClose}>
      <p className={css.lead}>{alternatives.length > 0 ? t.customer.goneLead : t.customer.goneNothing}</p>
      <ul className={css.list}>
        {alternatives.map(({ start }) => {
          const at = Date.parse(start);
          return (
            <li key={start}>
              <Choice
                title={format.time(at, zone.time_zone)}
                note={format.relativeDay(localDate(at, zone.time_zone), zone.time_zone, now)}
                onChoose={() => onChoose(at)}
              />
            </li>
          );
        })}
      </ul>
      <Button weight="quiet" onClick={onClose}>
        {t.customer.otherTimes}
      </Button>
    </Sheet>
  );
}
