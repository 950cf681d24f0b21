/**
 * Says, above the tabs, that there is no network, from when the day is that is shown, and how many actions
 * wait. A blink of the connection says nothing.
 */
import { CloudOff, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Link } from '../../hub/client';
import { waiting } from '../../hub/outbox';
import { useHandset, useOutbox } from '../../state/handset';
import { useNow } from '../../state/now';
import { useLink, useObservable } from '../../state/services';
import { useTexts } from '../i18n';
import { cx } from '../parts/cx';
import css from './NetworkStrip.module.css';

const BLINK_MS = 1_200;
/** A slow network may take so long to answer; what takes longer is none. */
const SLOW_MS = 6_000;

export function NetworkStrip({ at, timeZone }: { at: string | null; timeZone: string }) {
  const { t, format } = useTexts();
  const link = useLink();
  const count = waiting(useOutbox()).length;
  const durable = useObservable(useHandset().courier.durable);
  const now = useNow(60_000);
  const away = useLasting(isAway(link), BLINK_MS);
  const none = useLasting(isAway(link), SLOW_MS) || link.kind === 'offline';
  const slow = useLasting(count > 0, BLINK_MS);
  if (!away && !slow) return null;
  const asOf = at === null ? '' : t.work.asOf(format.moment(at, timeZone, now));
  const saved = durable ? t.work.savedActions(count) : t.work.unsavedActions(count);
  return (
    <div
      className={cx(css.strip, away ? css.away : css.sending)}
      role="status"
      data-strip={away ? 'away' : 'sending'}
    >
      {away ? <CloudOff size={18} aria-hidden /> : <RefreshCw size={18} aria-hidden />}
      <p>
        {away
          ? `${none ? t.work.noNetwork : t.work.connecting} ${count === 0 ? asOf : saved}`
          : t.work.sendingActions(count)}
      </p>
    </div>
  );
}

/** Neither connected nor about to be. */
function isAway(link: Link): boolean {
  switch (link.kind) {
    case 'live':
    case 'catching_up':
      return false;
    case 'connecting':
    case 'reconnecting':
    case 'offline':
    case 'stopped':
      return true;
    default:
      return link satisfies never;
  }
}

/** True once it has been so for a while. */
function useLasting(is: boolean, forMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!is) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), forMs);
    return () => clearTimeout(timer);
  }, [is, forMs]);
  return is && lasting;
}
