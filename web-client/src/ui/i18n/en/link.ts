export const link = {
  connecting: 'Connecting',
  live: 'Live',
  ms: (n: number) => `${n} ms`,
  catchingUp: 'Catching up',
  reconnecting: 'Reconnecting',
  offline: (since: string) => `Offline since ${since}`,
  stopped: 'Disconnected',
  explain: 'State of the live connection',
};
