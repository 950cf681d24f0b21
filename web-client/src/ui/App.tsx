/** Which screen a path shows. Each part of the product is a bundle of its own, the cleaner's app a build. */
import { type ComponentType, lazy, Suspense } from 'react';
import type { Area } from '../hub/session';
import type { Services } from '../state/services';
import { useTexts } from './i18n';
import type { Said } from './i18n/load';
import { Empty } from './parts/Notice';
import { Skeleton } from './parts/Skeleton';
import { usePath } from './router';
import { Shell } from './Shell';

const CustomerScreen = lazy(() => import('./customer/CustomerScreen'));
const ControlScreen = lazy(() => import('./control/ControlScreen'));
const AdminScreen = lazy(() => import('./admin/AdminScreen'));
const SignInScreen = lazy(() => import('./sign-in/SignInScreen'));

export function areaOfPath(path: string): Area {
  if (path.startsWith('/control') || path.startsWith('/admin')) return 'staff';
  return 'customer';
}

function screenOf(path: string): ComponentType | null {
  if (path === '/' || path === '/bookings' || path.startsWith('/bookings/')) return CustomerScreen;
  if (path === '/control') return ControlScreen;
  if (path === '/admin' || path.startsWith('/admin/')) return AdminScreen;
  if (path === '/sign-in') return SignInScreen;
  return null;
}

function Screen() {
  const { t } = useTexts();
  const Found = screenOf(usePath());
  if (Found === null) {
    return (
      <Empty title={t.common.notFound}>
        <a href="/">{t.common.home}</a>
      </Empty>
    );
  }
  return (
    <Suspense fallback={<Skeleton />}>
      <Found />
    </Suspense>
  );
}

export function App({ services, said }: { services: Services; said: Said }) {
  return (
    <Shell services={services} said={said}>
      <Screen />
    </Shell>
  );
}
