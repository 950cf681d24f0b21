/** Colleagues, wherever the control room shows them: on top, on a job, and beside the chosen one. */
import { Lock as LockIcon, PenLine, Users } from 'lucide-react';
import { useState } from 'react';
import type { Colleague, Lock } from '../../state/presence';
import { type Catalog, useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Sheet } from '../parts/Sheet';
import css from './Colleagues.module.css';
import { useColleagues } from './useColleagues';
import type { ControlRoom } from './useControlRoom';

const ON_TOP = 3;
const ON_A_JOB = 2;

/** On top: who is here. Opens the list of what they look at. */
export function WhoIsHere({ room }: { room: ControlRoom }) {
  const { t } = useTexts();
  const { colleagues } = useColleagues().company;
  const [open, setOpen] = useState(false);
  const rest = colleagues.length - ON_TOP;
  const label = t.control.presence.here(colleagues.length);
  // What can be read on it is part of its name, for those who speak to the page.
  const marks = colleagues.slice(0, ON_TOP).map(({ initials }) => initials);
  const seen = [...marks, ...(rest > 0 ? [`+${rest}`] : [])].join(' ');
  return (
    <>
      <button
        type="button"
        className={css.here}
        aria-label={seen === '' ? label : `${label}: ${seen}`}
        title={[label, ...colleagues.map(({ name }) => name)].join('\n')}
        onClick={() => setOpen(true)}
      >
        {colleagues.length === 0 && <Users size={18} aria-hidden />}
        {colleagues.slice(0, ON_TOP).map((each) => (
          <Avatar key={each.id} initials={each.initials} />
        ))}
        {rest > 0 && <span className={css.rest}>+{rest}</span>}
      </button>
      {open && <HereSheet room={room} onClose={() => setOpen(false)} />}
    </>
  );
}

function HereSheet({ room, onClose }: { room: ControlRoom; onClose: () => void }) {
  const { t } = useTexts();
  const { colleagues, counts } = useColleagues().company;
  const told = (count: number, text: (n: number) => string) => (count === 0 ? [] : [text(count)]);
  const online =
    counts === null
      ? []
      : [
          ...told(counts.cleaners, t.control.presence.cleaners),
          ...told(counts.customers, t.control.presence.customers),
          ...told(counts.visitors, t.control.presence.visitors),
        ];
  return (
    <Sheet title={t.control.presence.title} onClose={onClose}>
      {colleagues.length === 0 && <p className={css.quiet}>{t.control.presence.alone}</p>}
      <ul className={css.people}>
        {colleagues.map((each) => (
          <li key={each.id} className={css.person}>
            <Avatar initials={each.initials} />
            <span className={css.name}>{each.name}</span>
            <Looking of={each} room={room} onClose={onClose} />
          </li>
        ))}
      </ul>
      {online.length > 0 && <p className={css.quiet}>{t.control.presence.online(online.join(' · '))}</p>}
    </Sheet>
  );
}

function Looking({ of, room, onClose }: { of: Colleague; room: ControlRoom; onClose: () => void }) {
  const { t } = useTexts();
  if (of.job === null) return null;
  const job = room.board.jobs.get(of.job);
  if (job === undefined) return <span className={css.quiet}>{t.control.presence.elsewhere}</span>;
  const show = () => {
    room.choose(job.id);
    onClose();
  };
  return (
    <Button
      size="small"
      weight="quiet"
      icon={of.typing ? <PenLine size={14} aria-hidden /> : undefined}
      onClick={show}
    >
      {t.control.presence.looksAt(t.common.job(job.number))}
    </Button>
  );
}

/** On a bar or a card: who looks at the job, and who is editing it. Said in full by [`tellsOf`]. */
export function JobMarks({ job }: { job: string }) {
  const { company, lockOn } = useColleagues();
  const { t } = useTexts();
  const lock = lockOn(job);
  const others = watching(company.watching.get(job), lock);
  if (lock.kind !== 'theirs' && others.length === 0) return null;
  const said = sayings(t, lock, others);
  return (
    <span className={css.marks} title={said.join('\n')}>
      <span className="visually-hidden">{said.join('. ')}</span>
      {lock.kind === 'theirs' && <Avatar initials={lock.initials} small locked />}
      {others.slice(0, lock.kind === 'theirs' ? ON_A_JOB - 1 : ON_A_JOB).map((each) => (
        <Avatar key={each.id} initials={each.initials} small typing={each.typing} />
      ))}
    </span>
  );
}

/** What the marks on a job say, in words. */
export function useSayings(job: string): readonly string[] {
  const { company, lockOn } = useColleagues();
  const { t } = useTexts();
  const lock = lockOn(job);
  return sayings(t, lock, watching(company.watching.get(job), lock));
}

/** Beside the chosen job. */
export function JobCompany({ job, mayEdit }: { job: string; mayEdit: boolean }) {
  const { company, lockOn, takeOver } = useColleagues();
  const { t } = useTexts();
  const lock = lockOn(job);
  const others = watching(company.watching.get(job), lock);
  const holder = holderOf(company.watching.get(job), lock);
  return (
    <>
      {lock.kind === 'theirs' && (
        <div className={css.editing} role="status">
          <Avatar initials={lock.initials} locked />
          <span className={css.name}>
            {holder?.typing === true
              ? t.control.presence.typing(lock.name)
              : t.control.presence.editing(lock.name)}
          </span>
          {mayEdit && (
            <Button size="small" data-action="take-over" onClick={() => takeOver(job)}>
              {t.control.presence.takeOver}
            </Button>
          )}
        </div>
      )}
      {lock.kind === 'mine' && (
        <p className={css.mine}>
          <LockIcon size={13} aria-hidden /> {t.control.presence.mine}
        </p>
      )}
      {others.length > 0 && (
        <ul className={css.people}>
          {others.map((each) => (
            <li key={each.id} className={css.person}>
              <Avatar initials={each.initials} typing={each.typing} />
              <span className={css.name}>{saying(t, each)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

interface AvatarProps {
  readonly initials: string;
  readonly small?: boolean;
  readonly locked?: boolean;
  readonly typing?: boolean;
}

function Avatar({ initials, small = false, locked = false, typing = false }: AvatarProps) {
  const size = small ? 9 : 11;
  return (
    <span className={cx(css.avatar, small && css.small, locked && css.locked)} aria-hidden>
      <span className={css.initials} data-initials={initials} />
      {locked && (
        <span className={css.badge}>
          <LockIcon size={size} strokeWidth={2.5} />
        </span>
      )}
      {typing && !locked && (
        <span className={css.badge}>
          <PenLine size={size} strokeWidth={2.5} />
        </span>
      )}
    </span>
  );
}

/** Those who look at a job, without the one who is shown to edit it. */
function watching(all: readonly Colleague[] | undefined, lock: Lock): readonly Colleague[] {
  if (all === undefined) return [];
  return lock.kind === 'theirs' ? all.filter(({ name }) => name !== lock.name) : all;
}

/** The one who is editing, among those who look at a job. */
function holderOf(all: readonly Colleague[] | undefined, lock: Lock): Colleague | undefined {
  return lock.kind === 'theirs' ? all?.find(({ name }) => name === lock.name) : undefined;
}

function sayings(t: Catalog, lock: Lock, others: readonly Colleague[]): readonly string[] {
  const editing = lock.kind === 'theirs' ? [t.control.presence.editing(lock.name)] : [];
  return [...editing, ...others.map((each) => saying(t, each))];
}

function saying(t: Catalog, { name, typing }: Colleague): string {
  return typing ? t.control.presence.typing(name) : t.control.presence.looking(name);
}
