/** What a single part stands in: services that are connected to nothing, and a link that stands as it is told. */
import { type ReactNode, useState } from 'react';
import type { Link } from '../hub/client';
import { PageKeep } from '../hub/keep';
import { deviceStorage } from '../state/deviceStorage';
import { type Services, ServicesProvider } from '../state/services';
import { makeProduct } from '../testing/product';
import type { Said } from '../ui/i18n/load';
import { Shell } from '../ui/Shell';

export function PartStage({ said, children }: { said: Said; children: ReactNode }) {
  const [services] = useState(() => servicesWith({ kind: 'live', rttMs: 24 }, said));
  return (
    <Shell services={services} said={said}>
      {children}
    </Shell>
  );
}

/** Within a stage, another state of the connection. */
export function Linked({ link, said, children }: { link: Link; said: Said; children: ReactNode }) {
  const [services] = useState(() => servicesWith(link, said));
  return <ServicesProvider services={services}>{children}</ServicesProvider>;
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
