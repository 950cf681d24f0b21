import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type KeptDay, PageKeep } from '../../hub/keep';
import { localDate } from '../../state/zoned';
import { closeScreens, openScreen, SERVICE, ZONE } from '../../testing/renderScreen';
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

describe('without a network', () => {
  const KEPT: KeptDay = {
    account: 'anna',
    at: '2026-11-20T12:04:00Z',
    rows: [anna, shift, own('acknowledged')],
    zones: [ZONE],
    services: [SERVICE],
  };

  it('shows the day as it was kept, says of when it is, and brings it up to date', async () => {
    const keep = new PageKeep();
    await keep.keepDay(KEPT);
    const { server } = openScreen('/work', 'cleaner', ANNA, keep);
    server.cut();
    expect(await screen.findByText('1 Garden Street')).toBeTruthy();
    expect(await screen.findByText(/As of Fri 20 Nov, 12:04\./, {}, { timeout: 4000 })).toBeTruthy();
    server.publish('agenda:anna', [anna, shift, own('acknowledged', { address: '2 Garden Street' })]);
    server.restore();
    expect(await screen.findByText('2 Garden Street', {}, { timeout: 8000 })).toBeTruthy();
    await waitFor(async () => {
      expect(JSON.stringify((await keep.day('anna'))?.rows)).toContain('2 Garden Street');
    });
  });

  it('counts the steps that are taken, and sends them in order under their ids', async () => {
    const { server, keep } = openWork('/work', [own('acknowledged')]);
    await screen.findByRole('button', { name: 'I am on my way' });
    server.cut();
    fireEvent.click(screen.getByRole('button', { name: 'I am on my way' }));
    const arrived = await screen.findByRole('button', { name: 'I have arrived' });
    await waitFor(() => expect(arrived.getAttribute('aria-busy')).toBeNull());
    fireEvent.click(arrived);
    expect(await screen.findByRole('button', { name: 'Start cleaning' })).toBeTruthy();
    expect(
      await screen.findByText(/2 actions saved, they will be sent\./, {}, { timeout: 4000 }),
    ).toBeTruthy();
    const made = (await keep.entries('anna')).map(({ id }) => id);
    expect(made).toHaveLength(2);
    expect(server.calls).toEqual([]);
    server.restore();
    await waitFor(() => expect(server.calls).toHaveLength(2), { timeout: 8000 });
    expect(server.calls.map(({ method, data }) => [method, data.command_id])).toEqual([
      ['job.depart', made[0]],
      ['job.arrive', made[1]],
    ]);
  });

  it('keeps nothing of somebody who signs out, and asks first about what is not sent', async () => {
    const { server, keep, services } = openWork('/work?tab=me', [own('acknowledged')]);
    await waitFor(async () => expect(await keep.day('anna')).not.toBeNull());
    server.cut();
    fireEvent.click(screen.getByRole('button', { name: 'On a break' }));
    await waitFor(async () => expect(await keep.entries('anna')).toHaveLength(1));
    fireEvent.click(screen.getByRole('button', { name: 'Sign out' }));
    expect(await screen.findByText('One action is not sent yet. It is lost when you sign out.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Sign out and lose them' }));
    await waitFor(() => expect(services.session.user.value).toBeNull());
    expect(await keep.day('anna')).toBeNull();
    expect(await keep.entries('anna')).toEqual([]);
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeTruthy();
  });
});

describe('a newer version', () => {
  it('is offered, and taken when somebody says so', async () => {
    const { version } = openWork('/work', []);
    await screen.findByText('No jobs today.');
    const take = vi.fn();
    act(() => version.update.set({ take }));
    fireEvent.click(await screen.findByRole('button', { name: 'Reload' }));
    expect(take).toHaveBeenCalledOnce();
  });
});
