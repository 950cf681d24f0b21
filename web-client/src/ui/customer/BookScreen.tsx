/**
 * Booking one visit: what, where, when, and with a time held for the reader, their details. Which time is
 * held is told by the customer's own channel, so a reload or another tab finds the same hold.
 */
import { useEffect, useRef, useState } from 'react';
import type { Rejected } from '../../hub/outcome';
import { readPosition } from '../../state/geo';
import { useRows, useServices, useUser } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { useCommands } from '../../state/useCommand';
import type { HoldRow, Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { codeOf, explain, objectionToast } from '../objection';
import { Button } from '../parts/Button';
import { Empty, Failure } from '../parts/Notice';
import { Sheet } from '../parts/Sheet';
import { Skeleton } from '../parts/Skeleton';
import { useToast } from '../parts/Toasts';
import { setSearch, useSearch } from '../router';
import { useTitle } from '../useTitle';
import css from './BookScreen.module.css';
import { Choice } from './Choice';
import { DetailsStep } from './DetailsStep';
import { GoneSheet } from './GoneSheet';
import { Section } from './Section';
import { Summary } from './Summary';
import { WhenStep } from './WhenStep';
import { WhereStep } from './WhereStep';

/** The two clocks may disagree by this much about whether it was over. */
const EXPIRY_SLACK_MS = 1_500;
/** Said instead of a zone by somebody who wants to choose again although there is only one. */
const ANYWHERE = 'any';
type Gone = Extract<Rejected, { code: 'slot_gone' }>;

export function BookScreen() {
  const { t } = useTexts();
  const catalogs = useCatalogs();
  useTitle(t.customer.title);
  switch (catalogs.kind) {
    case 'loading':
      return <Skeleton rows={4} height={88} />;
    case 'failed':
      return (
        <Failure
          title={t.common.unreachable}
          hint={t.common.unreachableHint}
          code={catalogs.code}
          onRetry={catalogs.retry}
        />
      );
    case 'ready': {
      const services = catalogs.services.filter((service) => service.active);
      if (services.length === 0 || catalogs.zones.length === 0) {
        return <Empty title={t.customer.noServices} hint={t.customer.noServicesHint} />;
      }
      return <Booking zones={catalogs.zones} services={services} />;
    }
    default:
      return catalogs satisfies never;
  }
}

function Booking({ zones, services }: { zones: readonly Zone[]; services: readonly Service[] }) {
  const { t, format } = useTexts();
  const search = useSearch();
  const user = useUser();
  const { rows } = useRows(user === null ? null : `customer:${user.id}`);
  const holding = useHolding();
  const ended = useHoldEnd(newest([...rows.hold.values()]));
  const held = newest([...rows.hold.values()]);
  const service = chosenOf(services, held?.service ?? search.get('service'));
  const property = rows.property.get(search.get('property') ?? '') ?? null;
  const zone = chosenOf(zones, held?.zone ?? property?.zone ?? search.get('zone'));

  const summary = <Summary service={service} zone={zone} property={property} hold={held} />;
  if (held !== null && service !== null && zone !== null) {
    return (
      <div className={css.columns}>
        <div className={css.steps}>
          <DetailsStep
            hold={held}
            service={service}
            zone={zone}
            zones={zones}
            rows={rows}
            chosen={property}
            point={readPosition(search.get('at') ?? '')}
            onRelease={holding.release}
          />
        </div>
        {summary}
      </div>
    );
  }
  return (
    <div className={css.columns}>
      <div className={css.steps}>
        <h1 className={css.title}>{t.customer.title}</h1>
        <Section
          number={1}
          title={t.customer.whatTitle}
          chosen={service?.name ?? null}
          {...(services.length > 1 ? { onChange: () => setSearch({ service: null }) } : {})}
        >
          <ul className={css.cards}>
            {services.map((each) => (
              <li key={each.slug}>
                <Choice
                  title={each.name}
                  note={`${t.common.duration(each.duration_minutes)} · ${t.customer.crew(each.crew_size)}`}
                  aside={format.money(each.price_minor, each.currency)}
                  onChoose={() => setSearch({ service: each.slug })}
                />
              </li>
            ))}
          </ul>
        </Section>
        <Section
          number={2}
          title={t.customer.whereTitle}
          chosen={service === null ? null : (property?.address ?? zone?.name ?? null)}
          waitsFor={service === null ? t.customer.needsService : null}
          onChange={() => setSearch({ zone: ANYWHERE, property: null, at: null })}
        >
          <WhereStep zones={zones} properties={[...rows.property.values()]} />
        </Section>
        <Section
          number={3}
          title={t.customer.whenTitle}
          chosen={null}
          waitsFor={service === null ? t.customer.needsService : zone === null ? t.customer.needsPlace : null}
        >
          {service !== null && zone !== null && (
            <WhenStep
              key={`${zone.slug} ${service.slug}`}
              zone={zone}
              service={service}
              holding={holding.start}
              onChoose={(start) => void holding.place(zone, service, start)}
            />
          )}
        </Section>
      </div>
      {summary}
      {ended.known && (
        <Sheet title={t.customer.holdEnded} onClose={ended.dismiss}>
          <p>{t.customer.holdEndedHint}</p>
          <Button weight="primary" onClick={ended.dismiss}>
            {t.customer.chooseAgain}
          </Button>
        </Sheet>
      )}
      {holding.gone !== null && service !== null && zone !== null && (
        <GoneSheet
          alternatives={holding.gone.details.alternatives}
          zone={zone}
          onChoose={(start) => void holding.place(zone, service, start)}
          onClose={holding.dismiss}
        />
      )}
    </div>
  );
}

/** What was chosen by its name; where there is only one of them nobody has to choose. */
function chosenOf<T extends { readonly slug: string }>(all: readonly T[], slug: string | null): T | null {
  const only = all.length === 1 && slug !== ANYWHERE ? (all[0] ?? null) : null;
  return all.find((each) => each.slug === slug) ?? only;
}

/** Places and releases holds; signs a guest in when the first is placed. */
function useHolding() {
  const { t } = useTexts();
  const { session } = useServices();
  const { send } = useCommands();
  const toast = useToast();
  const [start, setStart] = useState<number | null>(null);
  const [gone, setGone] = useState<Gone | null>(null);
  const busy = useRef(false);

  const place = async (zone: Zone, service: Service, at: number) => {
    if (busy.current) return;
    busy.current = true;
    setStart(at);
    setGone(null);
    try {
      if (session.user.value === null) await session.signInAsGuest();
      const outcome = await send('hold.place', {
        zone: zone.slug,
        service: service.slug,
        start: new Date(at).toISOString(),
      });
      if (outcome.outcome === 'rejected' && outcome.code === 'slot_gone') setGone(outcome);
      else if (outcome.outcome !== 'accepted') {
        toast({ text: explain(t, outcome), tone: 'bad', code: codeOf(outcome) });
      }
    } catch {
      toast({ text: t.common.unreachable, tone: 'bad' });
    } finally {
      busy.current = false;
      setStart(null);
    }
  };
  const release = async (hold: HoldRow) => {
    const failed = objectionToast(t, await send('hold.release', { hold: hold.id }));
    if (failed !== null) toast(failed);
  };
  return { start, gone, place, release, dismiss: () => setGone(null) };
}

/** Whether the hold that was shown has run out, rather than been booked or given back. */
function useHoldEnd(held: HoldRow | null) {
  const { clock } = useServices();
  const [known, setKnown] = useState(false);
  const last = useRef<HoldRow | null>(null);
  useEffect(() => {
    const gone = held === null ? last.current : null;
    last.current = held;
    if (gone !== null && Date.parse(gone.expires_at) - clock.now() < EXPIRY_SLACK_MS) setKnown(true);
  }, [held, clock]);
  return { known, dismiss: () => setKnown(false) };
}

/** The hold that runs out last is the one placed last. */
function newest(holds: readonly HoldRow[]): HoldRow | null {
  return holds.reduce<HoldRow | null>(
    (best, hold) => (best === null || hold.id > best.id ? hold : best),
    null,
  );
}
