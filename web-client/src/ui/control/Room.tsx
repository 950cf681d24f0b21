/** Puts the control room's parts together: bar, queue, timeline and the chosen job; a list when narrow. */
import { useEffect, useRef, useState } from 'react';
import type { User } from '../../hub/session';
import { readChoice, writeChoice, ZOOMS } from '../../state/controlAxis';
import { useNow } from '../../state/now';
import { useMedia } from '../../state/useMedia';
import { addDays, localDate } from '../../state/zoned';
import type { Service, Zone } from '../../wire';
import { useTexts } from '../i18n';
import { Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { setSearch, useSearch } from '../router';
import { Alerts } from './Alerts';
import { AssignSheet } from './AssignSheet';
import { Bar } from './ControlBar';
import { DayList } from './DayList';
import { DeskStrip } from './DeskStrip';
import { JobSheet } from './inspector/Inspector';
import { KeysHelp } from './KeysHelp';
import { MoveForm } from './MoveForm';
import { Queue } from './Queue';
import css from './Room.module.css';
import { SetbackCard } from './SetbackCard';
import { MapInTheMiddle, Side } from './Side';
import { Surroundings } from './Surroundings';
import { Timeline, type TimelineHandle } from './Timeline';
import { ColleaguesProvider, useTellColleagues } from './useColleagues';
import { type ControlRoom, useControlRoom, useOnDesk } from './useControlRoom';
import { Ghost, useDrag } from './useDrag';
import { useKeys } from './useKeys';
import { useSurround } from './useSurround';
import { StaleBanner, Veil } from './Veil';

interface RoomProps {
  readonly first: Zone;
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  readonly user: User;
}

export function Room({ first, zones, services, user }: RoomProps) {
  const search = useSearch();
  const zone = zones.find(({ slug }) => slug === search.get('zone')) ?? first;
  const today = localDate(useNow(60_000), zone.time_zone);
  const asked = search.get('date') ?? '';
  const date = /^\d{4}-\d\d-\d\d$/.test(asked) ? asked : today;
  return (
    <ZoneDay
      key={`${zone.slug} ${date}`}
      zone={zone}
      date={date}
      today={today}
      zones={zones}
      services={services}
      user={user}
    />
  );
}

interface ZoneDayProps {
  readonly zone: Zone;
  readonly date: string;
  readonly today: string;
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  readonly user: User;
}

function ZoneDay({ zone, date, today, zones, services, user }: ZoneDayProps) {
  const { t } = useTexts();
  const search = useSearch();
  const choice = readChoice(search);
  const room = useControlRoom({ zone, date, days: choice.days, services, user });
  const { desk } = room;
  const narrow = useMedia('(max-width: 899px)');
  const { layout } = useSurround();
  const timeline = useRef<TimelineHandle>(null);
  const [help, setHelp] = useState(false);
  const [form, setForm] = useState(false);
  const drag = useDrag(desk);
  const goTo = (day: string) => setSearch({ date: day === today ? null : day });
  useKeys({
    room,
    toNow: () => timeline.current?.toNow(),
    toDay: (days) => goTo(addDays(date, days)),
    toToday: () => goTo(today),
    zoom: (by) =>
      setSearch(writeChoice({ ...choice, zoom: Math.min(Math.max(choice.zoom + by, 0), ZOOMS.length - 1) })),
    toggleHelp: () => setHelp((shown) => !shown),
    enabled: !narrow,
  });
  const lifted = useOnDesk(desk, ({ flight, placing }) => (flight ?? placing)?.jobs[0] ?? null);
  useAskAgain(room, lifted !== null);
  const colleagues = useTellColleagues({
    zone: zone.slug,
    me: user.id,
    focus: lifted ?? room.chosen?.id ?? null,
    editing: lifted,
    nameOf: (id) => {
      const job = room.board.jobs.get(id);
      return job === undefined ? '' : t.common.job(job.number);
    },
  });
  return (
    <ColleaguesProvider value={colleagues}>
      <div className={css.room}>
        <Bar room={room} zones={zones} today={today} goTo={goTo} user={user} onHelp={() => setHelp(true)} />
        <StaleBanner at={room.at} timeZone={zone.time_zone} />
        {room.phase.kind === 'closed' ? (
          <div className={css.loading}>
            <Failure
              title={t.common.closedChannel}
              hint={t.common.closedChannelHint}
              code={`${room.phase.code} ${room.phase.reason}`}
            />
          </div>
        ) : room.phase.kind === 'loading' ? (
          <div className={css.loading}>
            <Skeleton rows={12} height={32} gap={4} />
          </div>
        ) : narrow ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard
          <section className={css.list} aria-label={t.control.title} tabIndex={0}>
            <Alerts room={room} quiet />
            <Queue room={room} drag={null} />
            <DayList room={room} />
          </section>
        ) : (
          <div className={css.board}>
            <div className={css.side}>
              <Queue room={room} drag={drag} />
            </div>
            {layout === 3 ? (
              <MapInTheMiddle room={room} />
            ) : (
              <div className={css.main}>
                <DeskStrip room={room} choice={choice} onForm={() => setForm(true)} />
                <Timeline ref={timeline} room={room} drag={drag} choice={choice} today={today} me={user.id} />
                <SetbackCard room={room} />
              </div>
            )}
            <Side room={room} />
            <Veil />
          </div>
        )}
        {narrow && room.chosen !== null && room.placing === null && (
          <JobSheet key={room.chosen.id} job={room.chosen} room={room} />
        )}
        {narrow && room.placing !== null && <AssignSheet job={room.placing} room={room} />}
        {help && <KeysHelp onClose={() => setHelp(false)} />}
        <Surroundings room={room} zones={zones} today={today} goTo={goTo} onHelp={() => setHelp(true)} />
        {form && room.placing !== null && (
          <MoveForm job={room.placing} room={room} onClose={() => setForm(false)} />
        )}
        <Ghost room={room} />
      </div>
    </ColleaguesProvider>
  );
}

/** While a job is being placed, where it may go is asked anew when the day has changed. */
function useAskAgain({ desk, board }: ControlRoom, placing: boolean): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the board is what it is asked anew for
  useEffect(() => {
    const { flight, placing: aimed } = desk.state.value;
    const jobs = (flight ?? aimed)?.jobs;
    if (placing && jobs !== undefined) desk.ask(jobs);
  }, [desk, board, placing]);
}
