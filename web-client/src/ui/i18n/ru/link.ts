import type { Catalog } from '..';

export const link = {
  connecting: 'Соединение',
  live: 'На связи',
  ms: (n) => `${n} мс`,
  catchingUp: 'Обновляется',
  reconnecting: 'Переподключение',
  offline: (since) => `Нет сети с ${since}`,
  stopped: 'Отключено',
  explain: 'Состояние связи с сервером',
} satisfies Catalog['link'];
