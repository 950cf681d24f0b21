/** What can be done from anywhere in the room, as the palette lists it and, where it has one, by its key. */
import {
  BellRing,
  CalendarDays,
  CircleUserRound,
  Columns3,
  Eye,
  Filter as FilterIcon,
  History as HistoryIcon,
  Keyboard,
  Languages,
  LogOut,
  Map as MapIcon,
  PanelLeft,
  SunMoon,
  UserPlus,
  UserSearch,
} from 'lucide-react';
import { NO_FILTER, searchOf } from '../../state/filter';
import { useServices } from '../../state/services';
import { addDays } from '../../state/zoned';
import { type Texts, useTexts } from '../i18n';
import { setSearch } from '../router';
import { useTheme } from '../theme';
import type { PaletteCommand } from './palette/items';
import type { SurroundingsProps } from './Surroundings';
import { type JobTab, type Surround, useSurround } from './useSurround';

export function useSurroundCommands({
  room,
  today,
  goTo,
  onHelp,
}: SurroundingsProps): readonly PaletteCommand[] {
  const texts = useTexts();
  const { t, language, choose } = texts;
  const { session } = useServices();
  const { turn } = useTheme();
  const surround = useSurround();
  const { open, keysOn, setKeysOn } = surround;
  const words = t.room.commands;
  return [
    ...jobCommands(room, surround, texts),
    { id: 'today', title: words.today, keys: 'T', icon: CalendarDays, run: () => goTo(today) },
    {
      id: 'yesterday',
      title: words.previousDay,
      keys: '[',
      icon: CalendarDays,
      run: () => goTo(addDays(room.date, -1)),
    },
    {
      id: 'tomorrow',
      title: words.nextDay,
      keys: ']',
      icon: CalendarDays,
      run: () => goTo(addDays(room.date, 1)),
    },
    { id: 'filter', title: words.filter, keys: 'F', icon: FilterIcon, run: () => open('filter') },
    { id: 'unfilter', title: words.unfilter, icon: FilterIcon, run: () => setSearch(searchOf(NO_FILTER)) },
    ...alertCommands(room, surround, texts),
    ...layoutCommands(surround, texts),
    {
      id: 'keys',
      title: keysOn ? words.keysOff : words.keysOn,
      icon: Keyboard,
      run: () => setKeysOn(!keysOn),
    },
    { id: 'help', title: words.help, keys: '?', icon: Keyboard, run: onHelp },
    {
      id: 'language',
      title: words.language,
      words: 'language язык',
      icon: Languages,
      run: () => choose(language === 'en' ? 'ru' : 'en'),
    },
    { id: 'theme', title: words.theme, words: 'dark light', icon: SunMoon, run: turn },
    { id: 'sign-out', title: words.signOut, icon: LogOut, run: () => void session.signOut() },
  ];
}

type Room = SurroundingsProps['room'];

function jobCommands(room: Room, { setTab }: Surround, { t }: Texts): readonly PaletteCommand[] {
  const { chosen } = room;
  if (chosen === null) return [];
  const job = t.common.job(chosen.number);
  const words = t.room.commands;
  const see = (tab: JobTab) => () => setTab(tab);
  const looking: PaletteCommand[] = [
    { id: 'candidates', title: words.candidates(job), icon: UserSearch, run: see('cleaners') },
    { id: 'customer', title: words.customer(job), icon: CircleUserRound, run: see('customer') },
    { id: 'history', title: words.history(job), icon: HistoryIcon, run: see('history') },
  ];
  if (!room.rights.dispatch) return looking;
  return [
    { id: 'assign', title: words.assign(job), keys: 'A', icon: UserPlus, run: () => room.place(chosen.id) },
    ...looking,
  ];
}

function alertCommands(room: Room, { open }: Surround, { t }: Texts): readonly PaletteCommand[] {
  const words = t.room.commands;
  const show: PaletteCommand = {
    id: 'alerts',
    title: words.alerts,
    icon: BellRing,
    run: () => {
      room.choose(null);
      open('side');
    },
  };
  // That of the chosen job, or else the most pressing.
  const waiting = room.board.alerts.filter(({ alert }) => alert.status === 'open');
  const next = waiting.find(({ job }) => job.id === room.chosen?.id) ?? waiting[0];
  if (next === undefined || !room.rights.dispatch) return [show];
  const acknowledge: PaletteCommand = {
    id: 'acknowledge',
    title: words.acknowledge,
    keys: 'X',
    icon: Eye,
    run: () => {
      room.choose(next.job.id);
      void room.answer(next.alert, next.job, 'acknowledge');
    },
  };
  return [show, acknowledge];
}

function layoutCommands({ setLayout }: Surround, { t }: Texts): readonly PaletteCommand[] {
  const icons = { 1: PanelLeft, 2: Columns3, 3: MapIcon };
  return ([1, 2, 3] as const).map((layout) => ({
    id: `layout-${layout}`,
    title: t.room.commands.layout[layout],
    keys: String(layout),
    icon: icons[layout],
    run: () => setLayout(layout),
  }));
}
