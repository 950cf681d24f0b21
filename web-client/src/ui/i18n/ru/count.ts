import { type Forms, plural } from '../plural';

export const count = (n: number, forms: Forms) => plural('ru', n, forms);

export const cleaners = (n: number) =>
  count(n, { one: `${n} уборщик`, few: `${n} уборщика`, other: `${n} уборщиков` });
