import type { Catalog } from '..';

export const signIn = {
  title: 'Вход',
  lead: 'Для уборщиков и диспетчеров.',
  email: 'Эл. почта',
  password: 'Пароль',
  submit: 'Войти',
  wrong: 'Почта и пароль не подходят.',
  limited: 'Слишком много попыток. Подождите минуту.',
  failed: 'Войти не удалось. Попробуйте ещё раз.',
  customerHint: 'Хотите заказать уборку?',
  customerLink: 'Учётная запись не нужна',
  wrongRole: 'Эта учётная запись для другой части продукта.',
} satisfies Catalog['signIn'];
