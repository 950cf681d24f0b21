import { describe, expect, it } from 'vitest';
import { ServerClock } from './clock';

/** A clock whose local time is set by hand and starts an hour behind the server's. */
function world() {
  let local = 1_000_000;
  const clock = new ServerClock(
    () => local,
    () => local,
  );
  return { clock, pass: (ms: number) => (local += ms), local: () => local };
}
const HOUR = 3_600_000;

describe('the server’s clock', () => {
  it('is the device’s own until something is heard', () => {
    const { clock, local } = world();
    expect(clock.now()).toBe(local());
  });

  it('is known within the round trip after an answer that bears the time', () => {
    const { clock, pass, local } = world();
    const sent = local();
    pass(40);
    clock.observe({ earliest: sent + HOUR + 20, latest: sent + HOUR + 21, sent, received: local() });
    expect(Math.abs(clock.now() - (local() + HOUR))).toBeLessThanOrEqual(21);
  });

  it('is narrowed by every observation', () => {
    const { clock, pass, local } = world();
    const date = (sent: number) =>
      clock.observeDate(new Date(Math.floor((sent + HOUR) / 1000) * 1000).toUTCString(), sent);
    date(local());
    pass(700);
    date(local());
    clock.observeMessage(new Date(local() + HOUR).toISOString());
    expect(Math.abs(clock.now() - (local() + HOUR))).toBeLessThanOrEqual(700);
  });

  it('is never behind a message that has arrived', () => {
    const { clock, local } = world();
    clock.observeMessage(new Date(local() + HOUR).toISOString());
    expect(clock.now()).toBeGreaterThanOrEqual(local() + HOUR);
  });

  it('starts anew when the device has slept', () => {
    const { clock, pass, local } = world();
    const hear = (offset: number) => {
      const sent = local();
      pass(10);
      clock.observe({ earliest: sent + offset + 5, latest: sent + offset + 6, sent, received: local() });
    };
    hear(HOUR);
    hear(3 * HOUR);
    expect(Math.abs(clock.now() - (local() + 3 * HOUR))).toBeLessThan(20);
  });
});
