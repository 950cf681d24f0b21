import { describe, expect, it } from 'vitest';
import { dateIn, dayNames, matching } from './palette';

const EN = dayNames('en-GB', { today: 'Today', tomorrow: 'Tomorrow', yesterday: 'Yesterday' });
const RU = dayNames('ru-RU', { today: 'Сегодня', tomorrow: 'Завтра', yesterday: 'Вчера' });
/** A Friday. */
const TODAY = '2026-11-20';

describe('a date as it is typed', () => {
  it.each([
    ['2026-12-24', '2026-12-24'],
    ['24.12', '2026-12-24'],
    ['24.12.2027', '2027-12-24'],
    ['3/1', '2027-01-03'],
    ['20 nov', '2026-11-20'],
    ['3 January', '2027-01-03'],
    ['today', TODAY],
    ['tomorrow', '2026-11-21'],
    ['tom', '2026-11-21'],
    ['yesterday', '2026-11-19'],
    ['fri', TODAY],
    ['Monday', '2026-11-23'],
    ['+3', '2026-11-23'],
    ['-1', '2026-11-19'],
  ])('%s is %s', (text, date) => expect(dateIn(text, TODAY, EN)).toBe(date));

  it.each([
    ['завтра', '2026-11-21'],
    ['пн', '2026-11-23'],
    ['понедельник', '2026-11-23'],
    ['24 декабря', '2026-12-24'],
    ['24 дек', '2026-12-24'],
  ])('%s is %s in Russian', (text, date) => expect(dateIn(text, TODAY, RU)).toBe(date));

  it.each(['31.2', '2026-13-01', '20 nowhere', 'to', 'x', '', '1042', 'marta'])('%s is none', (text) =>
    expect(dateIn(text, TODAY, EN)).toBe(null),
  );
});

describe('what a text matches', () => {
  const entries = ['Mia Costa', 'Costa Rica', 'Zoë Müller'].map((name) => ({ words: [name], value: name }));

  it('is every word of it at the beginning of a word, the beginning of all first', () => {
    expect(matching('cos', entries, 5)).toEqual(['Costa Rica', 'Mia Costa']);
    expect(matching('cos m', entries, 5)).toEqual(['Mia Costa']);
    expect(matching('zoe mul', entries, 5)).toEqual(['Zoë Müller']);
    expect(matching('osta', entries, 5)).toEqual([]);
  });

  it('is nothing for no text, and never more than is asked for', () => {
    expect(matching('  ', entries, 5)).toEqual([]);
    expect(matching('c', entries, 1)).toEqual(['Costa Rica']);
  });
});
