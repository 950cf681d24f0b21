/** Puts the control room's parts together: bar, queue, timeline and the chosen job; a list when narrow. */
import { useEffect, useRef, useState } from 'react';
import type { User } from '../../hub/session';
import { useNow } from '../../state/now';
import { useLink } from '../../state/services';
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
import { JobSheet } from './inspector/Inspector';
import { KeysHelp } from './KeysHelp';
import { Queue } from './Queue';
import css from './Room.module.css';
import { Side } from './Side';
import { Surroundings } from './Surroundings';
import { Timeline, type TimelineHandle } from './Timeline';
import { ColleaguesProvider, useTellColleagues } from './useColleagues';
import { useControlRoom } from './useControlRoom';
import { useDrag } from './useDrag';
import { useKeys } from './useKeys';

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
  const room = useControlRoom(zone, date, services, user.role);
  const narrow = useMedia('(max-width: 899px)');
  const timeline = useRef<TimelineHandle>(null);
  const [row, setRow] = useState(0);
  const [help, setHelp] = useState(false);
  const drag = useDrag(room);
  const goTo = (day: string) => setSearch({ date: day === today ? null : day });
  useKeys({
    room,
    row,
    setRow,
    toNow: () => timeline.current?.toNow(),
    toDay: (days) => goTo(addDays(date, days)),
    toggleHelp: () => setHelp((shown) => !shown),
    enabled: !narrow,
  });
  const colleagues = useTellColleagues({
    zone: zone.slug,
    me: user.id,
    focus: room.placing?.id ?? drag.job?.id ?? room.chosen?.id ?? null,
    editing: room.placing?.id ?? drag.job?.id ?? null,
    nameOf: (id) => {
      const job = room.board.jobs.get(id);
      return job === undefined ? '' : t.common.job(job.number);
    },
  });
  return (
    <ColleaguesProvider value={colleagues}>
      <div className={css.room}>
        <Bar room={room} zones={zones} today={today} goTo={goTo} user={user} onHelp={() => setHelp(true)} />
        <Staleness at={room.at} timeZone={zone.time_zone} />
        {room.phase.kind === 'closed' ? (
          <Failure
            title={t.common.closedChannel}
            hint={t.common.closedChannelHint}
            code={`${room.phase.code} ${room.phase.reason}`}
          />
        ) : room.phase.kind === 'loading' ? (
          <div className={css.loading}>
            <Skeleton rows={12} height={32} gap={4} />
          </div>
        ) : narrow ? (
          <div className={css.list}>
            <Alerts room={room} />
            <Queue room={room} drag={null} />
            <DayList room={room} />
          </div>
        ) : (
          <div className={css.board}>
            <div className={css.side}>
              <Queue room={room} drag={drag} />
            </div>
            <Timeline ref={timeline} room={room} drag={drag} row={row} onRow={setRow} today={today} />
            <Side room={room} />
          </div>
        )}
        {narrow && room.chosen !== null && room.placing === null && (
          <JobSheet key={room.chosen.id} job={room.chosen} room={room} />
        )}
        {narrow && room.placing !== null && <AssignSheet job={room.placing} room={room} />}
        {help && <KeysHelp onClose={() => setHelp(false)} />}
        <Surroundings room={room} />
        {drag.ghost}
      </div>
    </ColleaguesProvider>
  );
}

const STALE_AFTER_MS = 10_000;

/** Says what time the board shows when it has not been live for a while. */
function Staleness({ at, timeZone }: { at: string | null; timeZone: string }) {
  const { t, format } = useTexts();
  const link = useLink();
  const down = link.kind === 'reconnecting' || link.kind === 'offline' || link.kind === 'stopped';
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!down) return;
    const timer = setTimeout(() => setLong(true), STALE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [down]);
  if (!long || at === null) return null;
  return (
    <p className={css.stale} role="status">
      {t.control.stale(format.time(at, timeZone))}
    </p>
  );
}
