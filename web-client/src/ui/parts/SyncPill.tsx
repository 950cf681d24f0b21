/** Says how live the numbers are. */
import { useLink, useServices } from '../../state/services';
import { useTexts } from '../i18n';
import { cx } from './cx';
import css from './SyncPill.module.css';

export function SyncPill({ compact = false }: { compact?: boolean }) {
  const { hub } = useServices();
  const { t, format } = useTexts();
  const link = useLink();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const say = (): { text: string; extra?: string; mark: string; retry?: boolean } => {
    switch (link.kind) {
      case 'connecting':
        return { text: t.link.connecting, mark: 'half' };
      case 'live':
        return link.rttMs === null
          ? { text: t.link.live, mark: 'full' }
          : { text: t.link.live, extra: t.link.ms(link.rttMs), mark: 'full' };
      case 'catching_up':
        return { text: t.link.catchingUp, mark: 'half' };
      case 'reconnecting':
        return { text: t.link.reconnecting, mark: 'empty', retry: true };
      case 'offline':
        return { text: t.link.offline(format.time(link.since, zone)), mark: 'barred' };
      case 'stopped':
        return { text: t.link.stopped, mark: 'barred', retry: true };
      default:
        return link satisfies never;
    }
  };
  const { text, extra, mark, retry } = say();
  return (
    <span className={cx(css.pill, css[link.kind])} role="status" title={t.link.explain} data-link={link.kind}>
      <span className={cx(css.mark, css[mark])} aria-hidden />
      <span>{text}</span>
      {extra !== undefined && !compact && <span className={css.extra}>{extra}</span>}
      {retry === true && (
        <button type="button" className={css.retry} onClick={() => hub.retry()}>
          {t.common.retry}
        </button>
      )}
    </span>
  );
}
