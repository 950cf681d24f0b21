/** The administration: what the company is made of, who may do what, and what was done. */
import {
  Activity,
  CalendarClock,
  CalendarOff,
  ClipboardList,
  FileUp,
  Home,
  LayoutGrid,
  LogOut,
  type LucideIcon,
  Map as MapIcon,
  Sparkles,
  UserCog,
  Users,
} from 'lucide-react';
import { type ComponentType, useEffect, useRef } from 'react';
import type { User } from '../../hub/session';
import { type AdminPart, adminParts } from '../../state/rights';
import { useServices, useUser } from '../../state/services';
import { cx } from '../parts/cx';
import { Empty } from '../parts/Notice';
import { Preferences } from '../parts/Preferences';
import { SyncPill } from '../parts/SyncPill';
import { Link, usePath } from '../router';
import { useTitle } from '../useTitle';
import css from './AdminScreen.module.css';
import { AuditPage } from './AuditPage';
import { CleanersPage } from './CleanersPage';
import { ImportPage } from './ImportPage';
import { LivePage } from './LivePage';
import { ServicesPage } from './ServicesPage';
import { ShiftsPage } from './ShiftsPage';
import { StartPage } from './StartPage';
import { TimeOffPage } from './TimeOffPage';
import { useAdminTexts } from './texts';
import { UsersPage } from './UsersPage';
import { ZonesPage } from './ZonesPage';

const PAGES: Record<AdminPart, { readonly Icon: LucideIcon; readonly Shown: ComponentType }> = {
  start: { Icon: Home, Shown: StartPage },
  zones: { Icon: MapIcon, Shown: ZonesPage },
  services: { Icon: Sparkles, Shown: ServicesPage },
  cleaners: { Icon: Users, Shown: CleanersPage },
  shifts: { Icon: CalendarClock, Shown: ShiftsPage },
  'time-off': { Icon: CalendarOff, Shown: TimeOffPage },
  users: { Icon: UserCog, Shown: UsersPage },
  import: { Icon: FileUp, Shown: ImportPage },
  audit: { Icon: ClipboardList, Shown: AuditPage },
  live: { Icon: Activity, Shown: LivePage },
};

const pathTo = (part: AdminPart) => (part === 'start' ? '/admin' : `/admin/${part}`);

export default function AdminScreen() {
  const { a, t } = useAdminTexts();
  const user = useUser();
  useTitle(a.title);
  if (user === null) {
    return (
      <main className={css.center}>
        <Empty title={a.title} hint={a.signInHint}>
          <a className={css.signIn} href="/sign-in">
            {t.common.signIn}
          </a>
        </Empty>
      </main>
    );
  }
  return <SignedIn user={user} />;
}

function SignedIn({ user }: { user: User }) {
  const { a, t } = useAdminTexts();
  const path = usePath().replace(/\/$/, '');
  const parts = adminParts(user.role);
  const asked = (Object.keys(PAGES) as AdminPart[]).find((part) => pathTo(part) === path);
  // Who may not see the beginning begins with what they may.
  const part = asked === 'start' && !parts.includes('start') ? parts[0] : asked;
  const Shown = part !== undefined && parts.includes(part) ? PAGES[part].Shown : null;
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another part is another place in the row
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [part]);
  return (
    <div className={css.screen}>
      <Bar user={user} />
      <nav ref={nav} className={css.nav} aria-label={a.title}>
        {parts.map((each) => {
          const { Icon } = PAGES[each];
          return (
            <Link
              key={each}
              href={pathTo(each)}
              className={cx(css.link, each === part && css.here)}
              aria-current={each === part ? 'page' : undefined}
            >
              <Icon size={18} aria-hidden />
              <span>{a.nav[each]}</span>
            </Link>
          );
        })}
        <a className={cx(css.link, css.away)} href="/control">
          <LayoutGrid size={18} aria-hidden />
          <span>{a.toControl}</span>
        </a>
      </nav>
      <main className={css.main} key={part}>
        {Shown === null ? (
          <Empty title={part === undefined ? t.common.notFound : t.refusal.forbidden} hint={a.notYours} />
        ) : (
          <Shown />
        )}
      </main>
    </div>
  );
}

function Bar({ user }: { user: User }) {
  const { a, t } = useAdminTexts();
  const { session } = useServices();
  return (
    <header className={css.bar}>
      <Link href="/admin" className={css.brand}>
        <img src="/icon.svg" width={24} height={24} alt="" />
        <span>{a.title}</span>
      </Link>
      <span className={css.space} />
      <SyncPill compact />
      <Preferences />
      <button
        type="button"
        className={css.icon}
        aria-label={`${t.common.signOut}: ${user.name}`}
        title={`${user.name} · ${t.common.signOut}`}
        onClick={() => void session.signOut()}
      >
        <LogOut size={18} aria-hidden />
      </button>
    </header>
  );
}
