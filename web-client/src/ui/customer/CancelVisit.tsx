/** Cancelling a visit, with the policy said before the tap. */
import { type ReactNode, useState } from 'react';
import type { Objection } from '../../hub/outcome';
import { useCommands } from '../../state/useCommand';
import type { BookingRow } from '../../wire';
import { useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { Button } from '../parts/Button';
import { Failure } from '../parts/Notice';
import { Sheet } from '../parts/Sheet';
import css from './CancelVisit.module.css';

interface CancelVisitProps {
  readonly booking: BookingRow;
  readonly timeZone: string;
  readonly now: number;
  /** What else the policy allows until then. */
  readonly children?: ReactNode;
}

export function CancelVisit({ booking, timeZone, now, children }: CancelVisitProps) {
  const { t, format } = useTexts();
  const { send, pending } = useCommands();
  const [asking, setAsking] = useState(false);
  const [objection, setObjection] = useState<Objection | null>(null);
  const until = Date.parse(booking.starts_at) - booking.cancel_until_hours * 3_600_000;
  const inTime = now <= until;
  const policy = (inTime ? t.customer.cancelFree : t.customer.cancelLate)(format.until(until, timeZone, now));
  const cancel = async () => {
    setObjection(null);
    const outcome = await send('booking.cancel', { booking: booking.id, expected_version: booking.version });
    if (outcome.outcome === 'accepted') setAsking(false);
    else setObjection(outcome);
  };
  return (
    <div className={css.cancel}>
      <p className={css.policy}>{policy}</p>
      {inTime && children}
      {inTime && (
        <Button weight="danger" onClick={() => setAsking(true)}>
          {t.customer.cancelVisit}
        </Button>
      )}
      {asking && (
        <Sheet title={t.customer.cancelTitle} onClose={() => setAsking(false)}>
          <p>{policy}</p>
          {objection !== null && <Failure title={explain(t, objection)} code={codeOf(objection)} />}
          <div className={css.choices}>
            <Button onClick={() => setAsking(false)}>{t.customer.keep}</Button>
            <Button weight="danger" busy={pending.length > 0} onClick={() => void cancel()}>
              {t.customer.cancelConfirm}
            </Button>
          </div>
        </Sheet>
      )}
    </div>
  );
}
