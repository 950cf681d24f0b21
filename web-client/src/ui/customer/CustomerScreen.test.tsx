import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localDate } from '../../state/zoned';
import { closeScreens, GUEST, openScreen, SERVICE } from '../../testing/renderScreen';
import type { BookingRow, HoldRow, Row, VisitRow } from '../../wire';

const HOUR = 3_600_000;
/** Tomorrow, on the hour, so that the whole list lies on one day. */
const TOMORROW = Math.floor(Date.now() / (24 * HOUR)) * 24 * HOUR + 24 * HOUR;
const at = (hour: number) => new Date(TOMORROW + hour * HOUR).toISOString();
const CHANNEL = `slots:center:${localDate(TOMORROW, 'UTC')}`;
const free = (...hours: number[]) => hours.map((hour) => ({ service: 'standard', start: at(hour), by: 1 }));
const chip = (hour: number) =>
  screen.findByRole('button', { name: new RegExp(`^${String(hour).padStart(2, '0')}:00`) });

function hold(start: string): Row {
  return {
    kind: 'hold',
    ...({
      id: 'h1',
      version: 1,
      zone: 'center',
      service: 'standard',
      starts_at: start,
      expires_at: new Date(Date.now() + 5 * 60_000).toISOString(),
      extended: false,
    } satisfies HoldRow),
  };
}

async function openTimes(...hours: number[]) {
  const opened = openScreen('/', 'customer', null);
  opened.server.publishSlots(CHANNEL, free(...hours));
  // The screen is a file of its own, which the first test has to wait for.
  await screen.findByRole('heading', { name: 'When?' }, { timeout: 20_000 });
  return opened;
}

afterEach(closeScreens);

describe('booking', () => {
  it('shows live times to somebody who is not signed in', async () => {
    const { server, services } = await openTimes(9, 10);
    expect(await chip(9)).toHaveProperty('textContent', '09:001 left');
    server.publishSlots(CHANNEL, [{ service: 'standard', start: at(9), by: 2 }]);
    await waitFor(async () => expect((await chip(9)).textContent).toBe('09:003 left'));
    expect(services.session.user.value).toBeNull();
    expect(server.tokens).toEqual(['']);
  });

  it('strikes a time that goes, where it stands', async () => {
    const { server } = await openTimes(9, 10, 11);
    await chip(10);
    server.publishSlots(CHANNEL, [{ service: 'standard', start: at(10), by: -1 }]);
    await waitFor(async () => expect((await chip(10)).textContent).toBe('10:00just taken'));
    const order = screen
      .getAllByRole('button', { name: /^\d\d:00/ })
      .map((each) => each.textContent?.slice(0, 5));
    expect(order).toEqual(['09:00', '10:00', '11:00']);
    expect((await chip(10)).getAttribute('aria-disabled')).toBe('true');
  });

  it('signs a guest in with the first hold, and counts it down', async () => {
    const { server } = await openTimes(9);
    server.onCommand((method) => ({
      outcome: 'accepted',
      result: { hold: 'h1' },
      positions: method === 'hold.place' ? server.publish(`customer:${GUEST.id}`, [hold(at(9))]) : {},
    }));
    fireEvent.click(await chip(9));
    expect(await screen.findByRole('heading', { name: 'Your details' })).toBeTruthy();
    expect(screen.getByRole('timer').textContent).toMatch(/Held for you (4:5\d|5:00)/);
    expect(server.calls.map(({ method }) => method)).toEqual(['hold.place']);
    expect(server.tokens.at(-1)).toBe(GUEST.id);
  });

  it('offers the nearest times when the chosen one went to somebody else', async () => {
    const { server } = await openTimes(9, 12);
    server.onCommand(() => ({
      outcome: 'rejected',
      code: 'slot_gone',
      message: '',
      details: { alternatives: [{ zone: 'center', service: 'standard', start: at(12) }] },
    }));
    fireEvent.click(await chip(9));
    const sheet = await screen.findByRole('dialog');
    expect(within(sheet).getByRole('heading').textContent).toBe('This time has just been taken');
    fireEvent.click(within(sheet).getByRole('button', { name: /12:00/ }));
    await waitFor(() => expect(server.calls).toHaveLength(2));
    expect(server.calls[1]?.data.start).toBe(at(12));
  });

  it('tells a reader without a network that what they see may have changed', async () => {
    const { server } = await openTimes(9);
    await chip(9);
    const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    server.cut();
    expect(await screen.findByText(/^No connection\. What you see may have changed/)).toBeTruthy();
    expect(await chip(9)).toBeTruthy();
    online.mockReturnValue(true);
    server.restore();
    await waitFor(() => expect(screen.queryByText(/^No connection/)).toBeNull(), { timeout: 4000 });
    online.mockRestore();
  });

  it('asks for what is missing, then says who, where and books', async () => {
    const { server } = openScreen('/', 'customer', GUEST);
    server.publish(`customer:${GUEST.id}`, [hold(at(9))]);
    server.onCommand((method) => ({
      outcome: 'accepted',
      result: method === 'property.add' ? { property: 'p1' } : { booking: 'b1' },
      positions: {},
    }));
    const book = await screen.findByRole('button', { name: /^Book for/ });
    fireEvent.click(book);
    expect(screen.getByText('Give a name.')).toBeTruthy();
    expect(server.calls).toHaveLength(0);
    const type = (label: RegExp, value: string) =>
      fireEvent.change(screen.getByLabelText(label), { target: { value } });
    type(/^Name/, 'Ada');
    type(/^Phone/, '+49 30 1234567');
    type(/^Street/, '1 Garden Street');
    fireEvent.click(book);
    await waitFor(() => expect(window.location.pathname).toBe('/bookings/b1'));
    expect(server.calls.map(({ method }) => method)).toEqual([
      'customer.update',
      'property.add',
      'booking.confirm',
    ]);
    expect(server.calls[1]?.data).toMatchObject({ address: '1 Garden Street', lon: 13.5, lat: 52.5 });
    expect(server.calls[2]?.data).toMatchObject({ hold: 'h1', property: 'p1' });
    expect(SERVICE.price_minor).toBe(9000);
  });
});

describe('following a visit', () => {
  const booking: Row = {
    kind: 'booking',
    ...({
      id: 'b1',
      version: 1,
      status: 'confirmed',
      zone: 'center',
      service: 'standard',
      property: 'p1',
      address: '1 Garden Street',
      starts_at: at(9),
      duration_minutes: 120,
      price_minor: 9000,
      currency: 'EUR',
      cancel_until_hours: 0,
    } satisfies BookingRow),
  };
  const visit = (status: VisitRow['status'], first_name?: string): Row => ({
    kind: 'visit',
    id: 'j1',
    version: 1,
    number: 1001,
    status,
    times: { unassigned: at(-10), [status]: at(-9) },
    crew: first_name === undefined ? [] : [{ id: 'c1', first_name }],
  });

  it('tells every step as it happens', async () => {
    const { server } = openScreen('/bookings/b1', 'customer', GUEST);
    server.publish('booking:b1', [booking, visit('unassigned')]);
    expect(await screen.findByText('Booked. We are finding your cleaner.')).toBeTruthy();
    server.publish('booking:b1', [visit('assigned', 'Irina')]);
    expect(await screen.findByText('Irina will come.')).toBeTruthy();
    server.publish('booking:b1', [visit('en_route', 'Irina')]);
    expect(await screen.findByText('Irina is on the way.')).toBeTruthy();
    expect(document.querySelector('[aria-current=step]')?.getAttribute('data-step')).toBe('en_route');
  });

  it('catches up after being cut off', async () => {
    const { server } = openScreen('/bookings/b1', 'customer', GUEST);
    server.publish('booking:b1', [booking, visit('assigned', 'Irina')]);
    await screen.findByText('Irina will come.');
    server.cut();
    expect(await screen.findByText('Reconnecting')).toBeTruthy();
    expect(screen.getByText('Irina will come.')).toBeTruthy();
    server.publish('booking:b1', [visit('en_route', 'Irina')]);
    server.publish('booking:b1', [visit('arrived', 'Irina')]);
    server.restore();
    expect(await screen.findByText('Irina is at your door.', {}, { timeout: 4000 })).toBeTruthy();
    expect(await screen.findByText('Live')).toBeTruthy();
  });
});
