import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { localDate } from '../../state/zoned';
import { closeScreens, openScreen } from '../../testing/renderScreen';
// Loaded before the first test, which does not wait for that.
import './ControlScreen';
import type { AlertRow, JobRow, PresenceRow, Row } from '../../wire';

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

declare const happyDOM: { setViewport(size: { width: number; height: number }): void };

async function openControl(seats: JobRow['seats']) {
  happyDOM.setViewport({ width: 1440, height: 900 });
  const opened = openScreen('/control', 'staff', MARTA);
  opened.server.publish(CHANNEL, [
    cleaner('anna', 'Anna'),
    cleaner('olga', 'Olga'),
    shift('anna'),
    shift('olga'),
    job(1, seats),
  ]);
  // The screen is loaded when it is asked for, which takes its time on a busy machine.
  await screen.findByText('Anna', undefined, { timeout: 10_000 });
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
    expect(await screen.findByText('Anna has a job then.')).toBeTruthy();
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
    fireEvent.click(screen.getByRole('button', { name: /, J-1001, / }));
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
    expect(screen.getByText(/^No alerts/)).toBeTruthy();
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
    await waitFor(() => expect(screen.getByText(/^No alerts/)).toBeTruthy());
  });

  it('is closed to those who may not see it', async () => {
    openScreen('/control', 'staff', null);
    expect(await screen.findByRole('link', { name: 'Sign in' })).toBeTruthy();
  });
});

describe('colleagues', () => {
  const OLGA = 'olga-id';
  const told = (
    version: number,
    focus: { job: string; typing: boolean } | null,
    locks: PresenceRow['locks'],
  ): PresenceRow => ({
    id: 'center',
    version,
    counts: { customers: 3, visitors: 1, cleaners: 2, dispatchers: 2 },
    cleaners: [],
    dispatchers: [
      { id: MARTA.id, name: MARTA.name, role: 'dispatcher' },
      { id: OLGA, name: 'Olga Orlova', role: 'manager', ...(focus === null ? {} : { focus }) },
    ],
    locks,
  });
  const lock = (holder: string, name: string, takenFrom?: string): PresenceRow['locks'][number] => ({
    job: 'j1',
    holder,
    name,
    since: at(9),
    ...(takenFrom === undefined ? {} : { taken_from: takenFrom }),
  });
  const stands = (of: PresenceRow['locks'][number] | null) => ({
    outcome: 'accepted',
    result: { job: 'j1', yours: of?.holder === MARTA.id, lock: of },
    positions: {},
  });

  it('are shown with what they look at, and are told what I look at', async () => {
    const { server } = await openControl([null]);
    expect(await screen.findByRole('button', { name: 'No colleagues here' })).toBeTruthy();
    server.publishPresence(told(1, { job: 'j1', typing: true }, []));
    fireEvent.click(await screen.findByRole('button', { name: /^One colleague here/ }));
    expect(await screen.findByText('Online: 2 cleaners · 3 customers · 1 visitor')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'looks at J-1001' }));
    expect((await screen.findAllByText('Olga Orlova is writing about this')).length).toBeGreaterThan(0);
    await waitFor(() =>
      expect(server.tellings).toContainEqual({
        method: 'presence.focus',
        data: { zone: 'center', job: 'j1' },
      }),
    );
    // An older state that comes late changes nothing.
    server.publishPresence(told(2, null, []));
    server.publishPresence(told(1, { job: 'j1', typing: true }, []));
    await waitFor(() => expect(screen.queryByText('Olga Orlova is writing about this')).toBeNull());
  });

  it('are told while I assign, and no longer', async () => {
    const { server } = await openControl([null]);
    server.onCommand(() => stands(lock(MARTA.id, 'Marta')));
    fireEvent.click(screen.getByRole('button', { name: 'Assign …' }));
    const said = () => server.tellings.map(({ method }) => method).filter((name) => name.includes('lock'));
    await waitFor(() => expect(said()).toEqual(['presence.lock']));
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(said()).toEqual(['presence.lock', 'presence.unlock']));
  });

  it('who edit a job can be taken over from, and take over', async () => {
    const { server } = await openControl([null]);
    server.publishPresence(told(1, null, [lock(OLGA, 'Olga Orlova')]));
    server.onCommand((_, { take_over }) =>
      stands(take_over === true ? lock(MARTA.id, 'Marta', OLGA) : lock(OLGA, 'Olga Orlova')),
    );
    fireEvent.click(screen.getByRole('button', { name: 'Assign …' }));
    expect(await screen.findByText('Olga Orlova is editing J-1001')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Take over' }));
    await waitFor(() =>
      expect(server.tellings).toContainEqual({
        method: 'presence.lock',
        data: { zone: 'center', job: 'j1', take_over: true },
      }),
    );
    server.publishPresence(told(2, null, [lock(MARTA.id, 'Marta', OLGA)]));
    await waitFor(() => expect(screen.queryByText('Olga Orlova is editing this')).toBeNull());
    server.publishPresence(told(3, null, [lock(OLGA, 'Olga Orlova', MARTA.id)]));
    expect(await screen.findByText('Olga Orlova took over J-1001')).toBeTruthy();
  });
});
