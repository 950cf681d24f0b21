/** The control room: one zone's day, its cleaners and what still waits for one. */
import { useUser } from '../../state/services';
import { useCatalogs } from '../../state/useCatalogs';
import { useTexts } from '../i18n';
import { Empty, Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { useTitle } from '../useTitle';
import css from './ControlScreen.module.css';
import { Room } from './Room';
import { SurroundProvider } from './useSurround';

export default function ControlScreen() {
  const { t } = useTexts();
  const user = useUser();
  const catalogs = useCatalogs();
  useTitle(t.control.title);
  if (user === null) {
    return (
      <div className={css.center}>
        <Empty title={t.control.title} hint={t.signIn.lead}>
          <a className={css.signIn} href="/sign-in">
            {t.common.signIn}
          </a>
        </Empty>
      </div>
    );
  }
  switch (catalogs.kind) {
    case 'loading':
      return <Skeleton rows={8} height={36} gap={4} />;
    case 'failed':
      return (
        <div className={css.center}>
          <Failure
            title={t.common.unreachable}
            hint={t.common.unreachableHint}
            code={catalogs.code}
            onRetry={catalogs.retry}
          />
        </div>
      );
    case 'ready': {
      const [first] = catalogs.zones;
      if (first === undefined) return <Empty title={t.control.noJobs} />;
      return (
        <SurroundProvider>
          <Room first={first} zones={catalogs.zones} services={catalogs.services} user={user} />
        </SurroundProvider>
      );
    }
    default:
      return catalogs satisfies never;
  }
}
