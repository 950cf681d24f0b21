import { count } from './count';

export const common = {
  retry: 'Try again',
  back: 'Back',
  close: 'Close',
  cancel: 'Cancel',
  change: 'Change',
  details: 'Details',
  loading: 'Loading',
  signIn: 'Sign in',
  signOut: 'Sign out',
  minutes: (n: number) => `${n} min`,
  duration: (minutes: number) => {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    if (hours === 0) return `${rest} min`;
    return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
  },
  people: (n: number) => count(n, `${n} cleaner`, `${n} cleaners`),
  unreachable: 'The server could not be reached.',
  unreachableHint: 'Check your connection. This page keeps trying.',
  broken: 'This page could not be shown.',
  brokenHint: 'Loading it again usually helps: there may be a newer version.',
  reload: 'Load again',
  closedChannel: 'You cannot see this.',
  closedChannelHint: 'It may belong to somebody else, or you were signed out.',
  job: (number: number) => `J-${number}`,
  language: 'Русский',
  theme: 'Theme',
  themes: { auto: 'Automatic theme', light: 'Light theme', dark: 'Dark theme' },
  today: 'Today',
  tomorrow: 'Tomorrow',
  home: 'Go to the start page',
  notFound: 'There is no such page.',
  holdToConfirm: 'Press and hold',
};
