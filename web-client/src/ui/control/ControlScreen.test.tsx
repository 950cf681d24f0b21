import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { localDate } from '../../state/zoned';
import { closeScreens, openScreen } from '../../testing/renderScreen';
import type { AlertRow, JobRow, Row } from '../../wire';

const MARTA = { id: 'marta', role: 'dispatcher', name: 'Marta' } as const;
const TODAY = localDate(Date.now(), 'UTC');
const CHANNEL = `control:center:${TODAY}`;
const at = (hour: number) => `${TODAY}T${String(hour).padStart(2, '0')}:00:00Z`;

const cleaner = (id: string, name: string): Row => ({
  kind: 'cleaner',
  id,
  version: 1,
  name,
  phone: null,
  zones: ['center'],
  skills: [],
  duty: 'on',
  active: true,
});
const shift = (of: string): Row => ({
  kind: 'shift',
  id: `shift-${of}`,
  version: 1,
  template: null,
  cleaner: of,
  zone: 'center',
  local_date: TODAY,
  starts_at: at(6),
  ends_at: at(22),
});
const job = (version: number, seats: JobRow['seats']): Row => ({
  kind: 'job',
  id: 'j1',
  version,
  number: 1001,
  status: seats.includes(null) ? 'unassigned' : 'assigned',
  at_risk: false,
  service: 'standard',
  starts_at: at(12),
  duration_minutes: 120,
  travel_buffer_minutes: 30,
  seats,
  lead: seats[0] ?? null,
  booking: 'b1',
  booking_version: 1,
  booking_status: 'confirmed',
  customer: 'c1',
  customer_name: 'Ada',
  customer_phone: null,
  address: '1 Garden Street',
  district: 'Old Town',
  access_notes: '',
  lon: 13.4,
  lat: 52.5,
  times: {},
});
const bars = () => [...document.querySelectorAll('[data-cleaner] [data-job]')];
const queue = () => [...document.querySelectorAll('li[data-job]')];

async function openControl(seats: JobRow['seats']) {
  const opened = openScreen('/control', 'staff', MARTA);
  opened.server.publish(CHANNEL, [
    cleaner('anna', 'Anna'),
    cleaner('olga', 'Olga'),
    shift('anna'),
    shift('olga'),
    job(1, seats),
  ]);
  await screen.findByText('Anna');
  return opened;
}

afterEach(closeScreens);

describe('the control room', () => {
  it('assigns with the keys alone', async () => {
    const { server } = await openControl([null]);
    server.onCommand(() => ({
      outcome: 'accepted',
      result: {},
      positions: server.publish(CHANNEL, [job(2, ['olga'])]),
    }));
    for (const key of ['j', 'a', 'ArrowDown', 'Enter']) fireEvent.keyDown(document.body, { key });
    await waitFor(() =>
      expect(server.calls).toMatchObject([
        { method: 'job.assign', data: { job: 'j1', cleaner: 'olga', seat: 0, expected_version: 1 } },
      ]),
    );
    await waitFor(() => expect(queue()).toHaveLength(0));
    expect(bars()[0]?.closest('[data-cleaner]')?.getAttribute('data-cleaner')).toBe('olga');
    expect(await screen.findByText('J-1001 assigned to Olga')).toBeTruthy();
  });

  it('shows an assignment at once, and puts it back with the cause when it is rejected', async () => {
    const { server } = await openControl([null]);
    server.onCommand(() => ({ outcome: 'refused', code: 'unavailable', message: '', details: {} }));
    fireEvent.click(screen.getByRole('button', { name: 'Assign …' }));
    fireEvent.click(screen.getByText('Anna'));
    await waitFor(() => expect(bars()[0]?.getAttribute('aria-label')).toContain('sending'));
    expect(queue()).toHaveLength(0);
    server.onCommand(() => ({ outcome: 'rejected', code: 'overlap', message: '', details: {} }));
    expect(await screen.findByText('J-1001: There is another job at this time.')).toBeTruthy();
    await waitFor(() => expect(queue()).toHaveLength(1));
    expect(bars()).toHaveLength(0);
    expect(new Set(server.calls.map(({ data }) => data.command_id)).size).toBe(1);
  });

  it('takes an assignment back', async () => {
    const { server } = await openControl(['anna']);
    server.onCommand(() => ({
      outcome: 'accepted',
      result: {},
      positions: server.publish(CHANNEL, [job(2, [null])]),
    }));
    fireEvent.click(screen.getByRole('button', { name: /^J-1001/ }));
    fireEvent.click(await screen.findByRole('button', { name: 'Unassign' }));
    await waitFor(() =>
      expect(server.calls).toMatchObject([{ method: 'job.unassign', data: { job: 'j1', seat: 0 } }]),
    );
    await waitFor(() => expect(queue()).toHaveLength(1));
  });

  it('says why a cleaner does not fit before anything is sent', async () => {
    const { server } = await openControl([null]);
    server.publish(CHANNEL, [], [{ kind: 'shift', id: 'shift-anna' }]);
    fireEvent.click(screen.getByRole('button', { name: 'Assign …' }));
    expect(await screen.findByText('not on shift then')).toBeTruthy();
  });

  it('tells of what is wrong until somebody has seen to it', async () => {
    const { server } = await openControl([null]);
    const alert = (version: number, status: AlertRow['status']): Row => ({
      kind: 'alert',
      id: 'a1',
      version,
      job: 'j1',
      about: 'unassigned',
      level: 'urgent',
      status,
      raised_at: at(10),
      snoozed_until: null,
      handled_by: null,
    });
    expect(screen.queryByRole('region', { name: 'Alerts' })).toBeNull();
    server.publish(CHANNEL, [alert(1, 'open')]);
    expect(await screen.findByText('1 alert')).toBeTruthy();
    server.onCommand(() => ({
      outcome: 'accepted',
      result: {},
      positions: server.publish(CHANNEL, [alert(2, 'acknowledged')]),
    }));
    fireEvent.click(screen.getByRole('button', { name: 'I see to it: No cleaner yet, J-1001' }));
    await waitFor(() =>
      expect(server.calls).toMatchObject([{ method: 'alert.acknowledge', data: { alert: 'a1' } }]),
    );
    expect(await screen.findByText('seen')).toBeTruthy();
    expect(screen.queryByText('1 alert')).toBeNull();
    server.publish(CHANNEL, [], [{ kind: 'alert', id: 'a1' }]);
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Alerts' })).toBeNull());
  });

  it('is closed to those who may not see it', async () => {
    openScreen('/control', 'staff', null);
    expect(await screen.findByRole('link', { name: 'Sign in' })).toBeTruthy();
  });
});
