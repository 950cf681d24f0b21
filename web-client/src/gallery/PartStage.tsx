/** What a single part stands in: services that are connected to nothing, and a link that stands as it is told. */
import { type ReactNode, useState } from 'react';
import type { Link } from '../hub/client';
import { PageKeep } from '../hub/keep';
import type { Outbox } from '../hub/outbox';
import { deviceStorage } from '../state/deviceStorage';
import { type Device, HandsetProvider } from '../state/handset';
import { type Services, ServicesProvider } from '../state/services';
import { makeProduct } from '../testing/product';
import { useTexts } from '../ui/i18n';
import type { Said } from '../ui/i18n/load';
import { Shell } from '../ui/Shell';
import { ANNA } from './company';

export function PartStage({ said, children }: { said: Said; children: ReactNode }) {
  const [services] = useState(() => servicesWith({ kind: 'live', rttMs: 24 }, said));
  return (
    <Shell services={services} said={said}>
      {children}
    </Shell>
  );
}

/** Within a stage, another state of the connection. */
export function Linked({ link, children }: { link: Link; children: ReactNode }) {
  const texts = useTexts();
  const [services] = useState(() => servicesWith(link, texts));
  return <ServicesProvider services={services}>{children}</ServicesProvider>;
}

/** Within a stage, a cleaner's phone with what they did on it. */
export function Phone({ outbox, children }: { outbox: Outbox; children: ReactNode }) {
  const [device] = useState((): Device => {
    const keep = new PageKeep();
    void keep.changeEntries(outbox, []);
    return { keep, geolocation: undefined, storage: deviceStorage, tabs: null };
  });
  return (
    <HandsetProvider account={ANNA.id} device={device}>
      {children}
    </HandsetProvider>
  );
}

function servicesWith(link: Link, said: Said): Services {
  const { services } = makeProduct({
    area: 'customer',
    user: null,
    said,
    keep: new PageKeep(),
    storage: deviceStorage,
    http: () => undefined,
  });
  // An ended connection describes itself no more.
  services.hub.close();
  services.hub.link.set(link);
  return services;
}
