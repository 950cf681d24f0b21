/** What stands beside the timeline: the zone's map, and below it the chosen job or else the alerts. Where
 * there is no room for it, it is a drawer that opens with a job. */
import { X } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useMedia } from '../../state/useMedia';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import { Alerts } from './Alerts';
import { Inspector } from './inspector/Inspector';
import css from './Side.module.css';
import type { ControlRoom } from './useControlRoom';
import { useSurround } from './useSurround';

const ZoneMap = lazy(() => import('./map/ZoneMap').then((module) => ({ default: module.ZoneMap })));

export function Side({ room }: { room: ControlRoom }) {
  const { t } = useTexts();
  const { layout, overlay, open } = useSurround();
  const drawer = useMedia('(max-width: 1279px)') || layout === 2;
  const { chosen } = room;
  const close = () => {
    open(null);
    room.choose(null);
  };
  if (drawer && chosen === null && overlay !== 'side') return null;
  return (
    <aside className={cx(css.side, drawer && css.drawer)} aria-label={t.room.side}>
      {layout !== 3 && !(drawer && chosen !== null) && (
        <Suspense fallback={<div className={css.noMap} />}>
          <ZoneMap room={room} large={false} />
        </Suspense>
      )}
      {chosen !== null ? (
        <Inspector key={chosen.id} job={chosen} room={room} />
      ) : (
        <div className={css.rest}>
          {drawer && (
            <button type="button" className={css.close} onClick={close} aria-label={t.common.close}>
              <X size={18} aria-hidden />
            </button>
          )}
          <Alerts room={room} />
        </div>
      )}
    </aside>
  );
}

/** In the timeline's place. */
export function MapInTheMiddle({ room }: { room: ControlRoom }) {
  return (
    <Suspense fallback={<div />}>
      <ZoneMap room={room} large />
    </Suspense>
  );
}
