import { expect, it } from 'vitest';
import type { AgendaJobRow, JobStatus } from '../wire';
import { todayOf } from './work';

const DATE = '2026-11-20';

function job(hour: number, status: JobStatus): AgendaJobRow {
  return {
    id: `j${hour}`,
    version: 1,
    number: hour,
    status,
    zone: 'center',
    service: 'standard',
    local_date: DATE,
    starts_at: `${DATE}T${String(hour).padStart(2, '0')}:00:00Z`,
    duration_minutes: 60,
    travel_buffer_minutes: 0,
    customer_name: null,
    customer_phone: null,
    address: '1 Garden Street',
    access_notes: '',
    lon: 13,
    lat: 52,
    lead: true,
    with: [],
    times: {},
  };
}

const hours = (jobs: readonly AgendaJobRow[]) => jobs.map(({ number }) => number);

it('puts the job under way first, whatever comes before it', () => {
  const { current, later, done } = todayOf(
    [job(15, 'assigned'), job(9, 'completed'), job(11, 'assigned'), job(13, 'arrived')],
    DATE,
  );
  expect(current?.number).toBe(13);
  expect(hours(later)).toEqual([11, 15]);
  expect(hours(done)).toEqual([9]);
});

it('keeps a job that nobody came to among those that can go on, behind the next one', () => {
  const missed = job(9, 'cleaner_no_show');
  expect(todayOf([missed, job(11, 'assigned')], DATE)).toMatchObject({
    current: { number: 11 },
    later: [{ number: 9 }],
    done: [],
  });
  expect(todayOf([missed, job(8, 'completed')], DATE)).toMatchObject({
    current: { number: 9 },
    later: [],
    done: [{ number: 8 }],
  });
});
