/** What every screen stands in. */
import type { ReactNode } from 'react';
import { type Services, ServicesProvider } from '../state/services';
import { Boundary } from './Boundary';
import { TextsProvider } from './i18n';
import { ToastProvider } from './parts/Toasts';

export function Shell({ services, children }: { services: Services; children: ReactNode }) {
  return (
    <ServicesProvider services={services}>
      <TextsProvider>
        <ToastProvider>
          <Boundary>{children}</Boundary>
        </ToastProvider>
      </TextsProvider>
    </ServicesProvider>
  );
}
