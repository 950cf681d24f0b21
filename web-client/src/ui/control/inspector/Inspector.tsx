/** The chosen job from four sides: the job itself, who could take it, its customer, what was done to it. */
import { X } from 'lucide-react';
import { type KeyboardEvent, useId, useRef } from 'react';
import type { JobRow } from '../../../wire';
import { useTexts } from '../../i18n';
import { cx } from '../../parts/cx';
import { Sheet } from '../../parts/Sheet';
import { StatusBadge } from '../../parts/tones';
import { JobCompany } from '../Colleagues';
import type { ControlRoom } from '../useControlRoom';
import { JOB_TABS, type JobTab, useSurround } from '../useSurround';
import { CleanersTab } from './CleanersTab';
import { CustomerTab } from './CustomerTab';
import { HistoryTab } from './HistoryTab';
import css from './Inspector.module.css';
import { JobTabBody } from './JobTab';

export interface InspectorProps {
  readonly job: JobRow;
  readonly room: ControlRoom;
}

/** On a narrow screen. */
export function JobSheet({ job, room }: InspectorProps) {
  const { t } = useTexts();
  return (
    <Sheet
      title={`${t.common.job(job.number)} · ${room.serviceName(job.service)}`}
      onClose={() => room.choose(null)}
    >
      <div className={css.sheet}>
        <Tabs job={job} room={room} />
      </div>
    </Sheet>
  );
}

/** In the side. */
export function Inspector({ job, room }: InspectorProps) {
  const { t } = useTexts();
  const title = `${t.common.job(job.number)} · ${room.serviceName(job.service)}`;
  return (
    <section className={css.inspector} aria-label={title}>
      <header className={css.header}>
        <h2>{title}</h2>
        <StatusBadge status={job.status} />
        <button
          type="button"
          className={css.close}
          onClick={() => room.choose(null)}
          aria-label={t.common.close}
        >
          <X size={18} aria-hidden />
        </button>
      </header>
      <Tabs job={job} room={room} />
    </section>
  );
}

function Tabs({ job, room }: InspectorProps) {
  const { t } = useTexts();
  const { tab, setTab } = useSurround();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (JOB_TABS.indexOf(tab) + by + JOB_TABS.length) % JOB_TABS.length;
    setTab(JOB_TABS[next] ?? 'job');
    list.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <>
      <div
        ref={list}
        role="tablist"
        className={css.tabs}
        aria-label={t.common.job(job.number)}
        onKeyDown={move}
      >
        {JOB_TABS.map((each) => (
          <button
            key={each}
            id={`${id}-${each}`}
            type="button"
            role="tab"
            aria-selected={tab === each}
            aria-controls={`${id}-panel`}
            tabIndex={tab === each ? 0 : -1}
            className={cx(css.tab, tab === each && css.current)}
            onClick={() => setTab(each)}
          >
            {t.room.tabs[each]}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${tab}`} className={css.body}>
        <JobCompany job={job.id} mayEdit={room.rights.dispatch} />
        <TabBody tab={tab} job={job} room={room} />
      </div>
    </>
  );
}

function TabBody({ tab, job, room }: InspectorProps & { tab: JobTab }) {
  switch (tab) {
    case 'job':
      return <JobTabBody job={job} room={room} />;
    case 'cleaners':
      return <CleanersTab job={job} room={room} />;
    case 'customer':
      return <CustomerTab job={job} room={room} />;
    case 'history':
      return <HistoryTab job={job} room={room} />;
    default:
      return tab satisfies never;
  }
}
