import { describe, expect, it } from 'vitest';
import { applyBody, NO_ROWS } from '../hub/reducer';
import { entry, JOB, step } from '../testing/actions';
import type { JobStatus, Row } from '../wire';
import { about, foresee } from './foresight';

const job = (status: JobStatus): Row => ({
  ...{ kind: 'agenda_job', id: JOB, version: 1, number: 1001, status, zone: 'center', service: 'standard' },
  ...{ local_date: '2026-11-20', starts_at: '2026-11-20T10:00:00Z', duration_minutes: 60 },
  ...{ travel_buffer_minutes: 15, customer_name: 'Ada', customer_phone: null, address: 'Here' },
  ...{ access_notes: '', lon: 13, lat: 52, lead: true, with: [], times: {} },
});
const anna: Row = {
  ...{ kind: 'cleaner', id: 'anna', version: 1, name: 'Anna', phone: null, zones: ['center'] },
  ...{ skills: [], duty: 'off', active: true },
};
const day = (status: JobStatus) => applyBody(NO_ROWS, { at: '', set: [anna, job(status)], unset: [] });

describe('the day with what waits in the outbox', () => {
  it('stands where the last step will leave it', () => {
    const rows = foresee(day('acknowledged'), [step(1, 'job.depart'), step(2, 'job.arrive')]);
    expect(rows.agenda_job.get(JOB)).toMatchObject({
      status: 'arrived',
      times: { en_route: '1970-01-01T00:00:01.000Z', arrived: '1970-01-01T00:00:02.000Z' },
    });
  });

  it('does not take a step twice that the server has already told of', () => {
    const rows = day('arrived');
    expect(foresee(rows, [step(1, 'job.depart'), step(2, 'job.arrive')])).toBe(rows);
  });

  it('counts nothing that is decided', () => {
    const rows = day('acknowledged');
    const failed = { kind: 'dropped', at: 1, because: 'job.depart' } as const;
    expect(foresee(rows, [{ ...step(1, 'job.depart'), standing: failed }])).toBe(rows);
  });

  it('has no job that was given back, and the duty that was chosen; a claim is not won yet', () => {
    const outbox = [
      step(1, 'job.withdraw'),
      entry(2, { kind: 'duty.set', parameters: { duty: 'on' } }),
      step(3, 'job.claim', 'job-2'),
    ];
    const rows = foresee(day('assigned'), outbox);
    expect(rows.agenda_job.size).toBe(0);
    expect(rows.cleaner.get('anna')?.duty).toBe('on');
    expect(about(outbox, 'duty')).toHaveLength(1);
    expect(about(outbox, 'job-2')).toHaveLength(1);
  });
});
