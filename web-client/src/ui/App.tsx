/** Which screen a path shows. Each part of the product is a bundle of its own. */
import { type ComponentType, lazy, Suspense } from 'react';
import type { Area } from '../hub/session';
import { type Services, ServicesProvider } from '../state/services';
import { Boundary } from './Boundary';
import { TextsProvider, useTexts } from './i18n';
import { Empty } from './parts/Notice';
import { Skeleton } from './parts/Skeleton';
import { ToastProvider } from './parts/Toasts';
import { usePath } from './router';

const CustomerScreen = lazy(() => import('./customer/CustomerScreen'));
const WorkScreen = lazy(() => import('./work/WorkScreen'));
const ControlScreen = lazy(() => import('./control/ControlScreen'));
const SignInScreen = lazy(() => import('./sign-in/SignInScreen'));

export function areaOfPath(path: string): Area {
  if (path.startsWith('/work')) return 'cleaner';
  if (path.startsWith('/control')) return 'staff';
  return 'customer';
}

function screenOf(path: string): ComponentType | null {
  if (path === '/' || path === '/bookings' || path.startsWith('/bookings/')) return CustomerScreen;
  if (path === '/work') return WorkScreen;
  if (path === '/control') return ControlScreen;
  if (path === '/sign-in') return SignInScreen;
  return null;
}

function Screen() {
  const { t } = useTexts();
  const Found = screenOf(usePath());
  if (Found === null) {
    return (
      <Empty title={t.common.notFound}>
        <a href="/">{t.customer.title}</a>
      </Empty>
    );
  }
  return (
    <Suspense fallback={<Skeleton />}>
      <Found />
    </Suspense>
  );
}

export function App({ services }: { services: Services }) {
  return (
    <ServicesProvider services={services}>
      <TextsProvider>
        <ToastProvider>
          <Boundary>
            <Screen />
          </Boundary>
        </ToastProvider>
      </TextsProvider>
    </ServicesProvider>
  );
}
