/** What every screen stands in. */
import type { ReactNode } from 'react';
import { type Services, ServicesProvider } from '../state/services';
import { Boundary } from './Boundary';
import { TextsProvider } from './i18n';
import type { Said } from './i18n/load';
import { ToastProvider } from './parts/Toasts';

interface ShellProps {
  readonly services: Services;
  readonly said: Said;
  readonly children: ReactNode;
}

export function Shell({ services, said, children }: ShellProps) {
  return (
    <ServicesProvider services={services}>
      <TextsProvider said={said}>
        <ToastProvider>
          <Boundary>{children}</Boundary>
        </ToastProvider>
      </TextsProvider>
    </ServicesProvider>
  );
}
