import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { localDate } from '../../state/zoned';
import { closeScreens, openScreen } from '../../testing/renderScreen';
import type { AgendaJobRow, JobStatus, Row } from '../../wire';

const ANNA = { id: 'anna', role: 'cleaner', name: 'Anna Berg' } as const;
const HOUR = 3_600_000;
const iso = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();

const anna: Row = {
  kind: 'cleaner',
  id: 'anna',
  version: 1,
  name: 'Anna Berg',
  phone: null,
  zones: ['center'],
  skills: [],
  duty: 'on',
  active: true,
};
const shift: Row = {
  kind: 'shift',
  id: 's',
  version: 1,
  template: null,
  cleaner: 'anna',
  zone: 'center',
  local_date: localDate(Date.now(), 'UTC'),
  starts_at: iso(-10),
  ends_at: iso(30),
};
const own = (status: JobStatus, fields: Partial<AgendaJobRow> = {}): Row => ({
  kind: 'agenda_job',
  id: 'j1',
  version: 1,
  number: 1001,
  status,
  zone: 'center',
  service: 'standard',
  local_date: localDate(Date.now(), 'UTC'),
  starts_at: iso(1),
  duration_minutes: 120,
  travel_buffer_minutes: 30,
  customer_name: 'Ada',
  customer_phone: '+49 30 1',
  address: '1 Garden Street',
  access_notes: '',
  lon: 13.4,
  lat: 52.5,
  lead: true,
  with: [],
  times: {},
  ...fields,
});
const openJob = (id: string, hours: number): Row => ({
  kind: 'open_job',
  id,
  version: 1,
  number: 2001,
  service: 'standard',
  starts_at: iso(hours),
  duration_minutes: 120,
  travel_buffer_minutes: 30,
  crew_size: 1,
  open_seats: 1,
  crew: [],
  district: 'Old Town',
  lon: 13.4,
  lat: 52.5,
});

function openWork(path: string, agenda: Row[], board: Row[] = []) {
  const opened = openScreen(path, 'cleaner', ANNA);
  opened.server.publish('agenda:anna', [anna, shift, ...agenda]);
  opened.server.publish('board:center', board);
  return opened;
}

afterEach(closeScreens);

describe('the cleaner’s day', () => {
  it('offers the one next step, and the step after it once that is done', async () => {
    const { server } = openWork('/work', [own('acknowledged')]);
    server.onCommand(() => ({
      outcome: 'accepted',
      result: {},
      positions: server.publish('agenda:anna', [own('en_route')]),
    }));
    fireEvent.click(await screen.findByRole('button', { name: 'I am on my way' }));
    expect(await screen.findByRole('button', { name: 'I have arrived' })).toBeTruthy();
    expect(server.calls).toMatchObject([{ method: 'job.depart', data: { job: 'j1' } }]);
  });

  it('says why a step was not taken', async () => {
    const { server } = openWork('/work', [own('acknowledged')]);
    server.onCommand(() => ({
      outcome: 'rejected',
      code: 'too_early',
      message: '',
      details: { earliest: '2026-11-20T10:15:00Z' },
    }));
    fireEvent.click(await screen.findByRole('button', { name: 'I am on my way' }));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('It is too early for this step.');
    expect(alert.textContent).toContain('10:15');
    expect(alert.textContent).toContain('too_early');
  });

  it('completes only after a long press', async () => {
    const { server } = openWork('/work', [own('in_progress', { times: { in_progress: iso(-1) } })]);
    const complete = await screen.findByRole('button', { name: /^Complete/ });
    fireEvent.keyDown(complete, { key: 'Enter' });
    fireEvent.keyUp(complete, { key: 'Enter' });
    expect(server.calls).toHaveLength(0);
    fireEvent.keyDown(complete, { key: 'Enter' });
    await waitFor(() => expect(server.calls.map(({ method }) => method)).toEqual(['job.complete']));
  });

  it('leaves moving a shared job to the one who leads it', async () => {
    openWork('/work', [own('acknowledged', { lead: false, with: ['Olga'] })]);
    expect(await screen.findByText('Olga leads this job and moves it on.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'I am on my way' })).toBeNull();
  });

  it('says what is true when there is nothing', async () => {
    openWork('/work', [], [openJob('o1', 5)]);
    expect(await screen.findByText('There is one open job you could take.')).toBeTruthy();
  });
});

describe('the open board', () => {
  it('takes a job, and shows that a colleague took another', async () => {
    const { server } = openWork('/work?tab=open', [], [openJob('o1', 5)]);
    expect(await screen.findByText('Fits your day')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Take this job' }));
    await waitFor(() => expect(server.calls).toMatchObject([{ method: 'job.claim', data: { job: 'o1' } }]));
    server.publish('board:center', [], [{ kind: 'open_job', id: 'o1' }]);
    expect(await screen.findByText('taken or cancelled')).toBeTruthy();
    await waitFor(() => expect(screen.queryByText('taken or cancelled')).toBeNull(), { timeout: 4000 });
    expect(screen.getByText('No open jobs right now.')).toBeTruthy();
  });

  it('says when a job does not fit', async () => {
    openWork('/work?tab=open', [own('acknowledged')], [openJob('o1', 2)]);
    expect(await screen.findByText('You have a job then')).toBeTruthy();
  });
});
