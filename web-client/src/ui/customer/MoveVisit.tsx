/** Moving a visit to another time: the times of the next fourteen days, what it costs said before the tap. */
import { useState } from 'react';
import type { Objection } from '../../hub/outcome';
import { useCommands } from '../../state/useCommand';
import { localDate } from '../../state/zoned';
import type { BookingRow, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { Button } from '../parts/Button';
import { Failure } from '../parts/Notice';
import { Sheet } from '../parts/Sheet';
import { useToast } from '../parts/Toasts';
import css from './CancelVisit.module.css';
import { GoneSheet } from './GoneSheet';
import { WhenStep } from './WhenStep';

interface MoveVisitProps {
  readonly booking: BookingRow;
  readonly service: Service;
  readonly zone: Zone;
}

export function MoveVisit({ booking, service, zone }: MoveVisitProps) {
  const { t } = useTexts();
  const [choosing, setChoosing] = useState(false);
  const [start, setStart] = useState<number | null>(null);
  const move = useMove(booking, () => {
    setStart(null);
    setChoosing(false);
  });
  const choose = (at: number) => {
    move.dismiss();
    setStart(at);
  };
  return (
    <>
      <Button onClick={() => setChoosing(!choosing)} aria-expanded={choosing}>
        {t.customer.moveVisit}
      </Button>
      {choosing && (
        <div className={css.times}>
          <WhenStep zone={zone} service={service} holding={null} onChoose={choose} />
        </div>
      )}
      {start !== null && move.gone === null && (
        <Confirm
          {...{ booking, zone, start }}
          busy={move.busy}
          objection={move.objection}
          onClose={() => setStart(null)}
          onMove={() => void move.to(start)}
        />
      )}
      {move.gone !== null && (
        <GoneSheet
          alternatives={move.gone.details.alternatives}
          zone={zone}
          onChoose={choose}
          onClose={() => {
            move.dismiss();
            setStart(null);
          }}
        />
      )}
    </>
  );
}

function useMove(booking: BookingRow, onMoved: () => void) {
  const { t } = useTexts();
  const { send, pending } = useCommands();
  const toast = useToast();
  const [objection, setObjection] = useState<Objection | null>(null);
  const to = async (start: number) => {
    setObjection(null);
    const outcome = await send('booking.reschedule', {
      booking: booking.id,
      start: new Date(start).toISOString(),
      expected_version: booking.version,
    });
    if (outcome.outcome !== 'accepted') {
      setObjection(outcome);
      return;
    }
    toast({ text: t.customer.moved });
    onMoved();
  };
  const gone = objection?.outcome === 'rejected' && objection.code === 'slot_gone' ? objection : null;
  return { to, gone, objection, busy: pending.length > 0, dismiss: () => setObjection(null) };
}

interface ConfirmProps {
  readonly booking: BookingRow;
  readonly zone: Zone;
  readonly start: number;
  readonly busy: boolean;
  readonly objection: Objection | null;
  readonly onClose: () => void;
  readonly onMove: () => void;
}

function Confirm({ booking, zone, start, busy, objection, onClose, onMove }: ConfirmProps) {
  const { t, format } = useTexts();
  const said = (at: number | string) => {
    const date = localDate(typeof at === 'number' ? at : Date.parse(at), zone.time_zone);
    return `${format.longDay(date)}, ${format.time(at, zone.time_zone)}`;
  };
  return (
    <Sheet title={t.customer.moveTitle} onClose={onClose}>
      <p>
        <s>{said(booking.starts_at)}</s>
        <br />
        <strong>{said(start)}</strong>
      </p>
      <p>{t.customer.movePrice(format.money(booking.price_minor, booking.currency))}</p>
      {objection !== null && <Failure title={explain(t, objection)} code={codeOf(objection)} />}
      <div className={css.choices}>
        <Button onClick={onClose}>{t.customer.keepTime}</Button>
        <Button weight="primary" busy={busy} onClick={onMove}>
          {t.customer.moveConfirm}
        </Button>
      </div>
    </Sheet>
  );
}
