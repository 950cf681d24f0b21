/** Whose job it is: how to reach them, where they live, what else they have booked; their details can be
 * corrected here while they are on the phone. */
import { useState } from 'react';
import type { Objection } from '../../../hub/outcome';
import { useNow } from '../../../state/now';
import { useRows, useServices } from '../../../state/services';
import { localDate } from '../../../state/zoned';
import type { BookingRow, CustomerRow } from '../../../wire';
import { useTexts } from '../../i18n';
import { codeOf, explain } from '../../objection';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Failure } from '../../parts/Notice';
import { Skeleton } from '../../parts/Skeleton';
import { setSearch } from '../../router';
import { useWriting } from '../useColleagues';
import css from './CustomerTab.module.css';
import type { InspectorProps } from './Inspector';

export function CustomerTab({ job, room }: InspectorProps) {
  const { t } = useTexts();
  const { rows, phase } = useRows(`customer:${job.customer}`);
  const customer = rows.customer.get(job.customer);
  if (phase.kind === 'closed') {
    return <Failure title={t.common.closedChannel} code={`${phase.code} ${phase.reason}`} />;
  }
  if (customer === undefined) return <Skeleton rows={4} height={36} gap={6} />;
  const others = [...rows.booking.values()]
    .filter(({ id }) => id !== job.booking)
    .sort((a, b) => Date.parse(b.starts_at) - Date.parse(a.starts_at));
  return (
    <div className={css.customer}>
      <Details key={customer.id} customer={customer} job={job} room={room} />
      {rows.hold.size > 0 && <p className={css.held}>{t.room.customer.holds(rows.hold.size)}</p>}
      <section>
        <h3 className={css.title}>{t.room.customer.places}</h3>
        <ul className={css.list}>
          {[...rows.property.values()].map((place) => (
            <li key={place.id}>
              {place.address}
              {place.access_notes !== '' && (
                <span className={css.quiet}>{t.room.customer.notes(place.access_notes)}</span>
              )}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3 className={css.title}>{t.room.customer.bookings}</h3>
        {others.length === 0 && <p className={css.quiet}>{t.room.customer.none}</p>}
        <ul className={css.list}>
          {others.map((booking) => (
            <Booking key={booking.id} booking={booking} room={room} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function Booking({ booking, room }: { booking: BookingRow; room: InspectorProps['room'] }) {
  const { t, format } = useTexts();
  const now = useNow(60_000);
  const { time_zone } = room.zone;
  const show = () =>
    setSearch({
      zone: booking.zone,
      date: localDate(Date.parse(booking.starts_at), time_zone),
      job: booking.id,
    });
  return (
    <li>
      <button type="button" className={css.booking} onClick={show}>
        <strong>{format.moment(booking.starts_at, time_zone, now)}</strong>
        <span>{room.serviceName(booking.service)}</span>
        <span className={css.quiet}>{t.bookingStatus[booking.status]}</span>
      </button>
    </li>
  );
}

interface DetailsProps extends InspectorProps {
  readonly customer: CustomerRow;
}

function Details({ customer, job, room }: DetailsProps) {
  const { t } = useTexts();
  const [editing, setEditing] = useState(false);
  if (editing) return <DetailsForm customer={customer} job={job} onDone={() => setEditing(false)} />;
  return (
    <div className={css.details}>
      <dl className={css.facts}>
        <dt>{t.room.customer.name}</dt>
        <dd>{customer.name ?? t.control.noCustomer}</dd>
        {customer.phone !== null && (
          <>
            <dt>{t.room.customer.phone}</dt>
            <dd>
              <a href={`tel:${customer.phone.replace(/[^+\d]/g, '')}`}>{customer.phone}</a>
            </dd>
          </>
        )}
        {customer.email !== null && (
          <>
            <dt>{t.room.customer.email}</dt>
            <dd>
              <a href={`mailto:${customer.email}`}>{customer.email}</a>
            </dd>
          </>
        )}
      </dl>
      {room.rights.dispatch && (
        <Button size="small" onClick={() => setEditing(true)} data-action="edit-customer">
          {t.room.customer.edit}
        </Button>
      )}
    </div>
  );
}

interface FormProps {
  readonly customer: CustomerRow;
  readonly job: InspectorProps['job'];
  readonly onDone: () => void;
}

function DetailsForm({ customer, job, onDone }: FormProps) {
  const { t } = useTexts();
  const { hub } = useServices();
  const wrote = useWriting(job.id);
  const [version] = useState(customer.version);
  const [given, setGiven] = useState({
    name: customer.name ?? '',
    phone: customer.phone ?? '',
    email: customer.email ?? '',
  });
  const [busy, setBusy] = useState(false);
  const [objection, setObjection] = useState<Objection | null>(null);
  const at = objection?.outcome === 'refused' ? objection.details?.field : undefined;
  const set = (field: keyof typeof given) => (value: string) => {
    setGiven((before) => ({ ...before, [field]: value }));
    wrote();
  };
  const save = async () => {
    setBusy(true);
    const said = Object.entries(given).filter(([, value]) => value.trim() !== '');
    const outcome = await hub.command('customer.update', {
      customer: customer.id,
      ...Object.fromEntries(said),
      expected_version: version,
    });
    setBusy(false);
    if (outcome.outcome === 'accepted') onDone();
    else setObjection(outcome);
  };
  const field = (name: keyof typeof given, type: string) => (
    <Field
      label={t.room.customer[name]}
      type={type}
      value={given[name]}
      fault={objection !== null && at === name ? explain(t, objection) : null}
      onChange={set(name)}
    />
  );
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void save();
      }}
    >
      {field('name', 'text')}
      {field('phone', 'tel')}
      {field('email', 'email')}
      {objection !== null && at === undefined && (
        <Failure title={explain(t, objection)} code={codeOf(objection)} />
      )}
      <div className={css.buttons}>
        <Button onClick={onDone}>{t.common.cancel}</Button>
        <Button type="submit" weight="primary" busy={busy}>
          {t.room.customer.save}
        </Button>
      </div>
    </form>
  );
}
