import type { Catalog } from '..';
import { cleaners } from './count';

export const common = {
  retry: 'Ещё раз',
  back: 'Назад',
  close: 'Закрыть',
  cancel: 'Отмена',
  change: 'Изменить',
  details: 'Подробности',
  loading: 'Загрузка',
  signIn: 'Войти',
  signOut: 'Выйти',
  minutes: (n) => `${n} мин`,
  duration: (minutes) => {
    const [whole, rest] = [Math.floor(minutes / 60), minutes % 60];
    if (whole === 0) return `${rest} мин`;
    return rest === 0 ? `${whole} ч` : `${whole} ч ${rest} мин`;
  },
  people: cleaners,
  unreachable: 'Сервер не отвечает.',
  unreachableHint: 'Проверьте связь. Страница продолжает попытки.',
  broken: 'Страницу не удалось показать.',
  brokenHint: 'Обычно помогает загрузить её заново: возможно, вышла новая версия.',
  reload: 'Загрузить заново',
  closedChannel: 'Это вам недоступно.',
  closedChannelHint: 'Возможно, это принадлежит другому или вы вышли из системы.',
  job: (number) => `J-${number}`,
  language: 'English',
  theme: 'Тема',
  themes: { auto: 'Тема как в системе', light: 'Светлая тема', dark: 'Тёмная тема' },
  today: 'Сегодня',
  tomorrow: 'Завтра',
  home: 'На главную страницу',
  notFound: 'Такой страницы нет.',
  holdToConfirm: 'Нажмите и держите',
} satisfies Catalog['common'];
