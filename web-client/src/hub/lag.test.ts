import { describe, expect, it } from 'vitest';
import { LagMeter } from './lag';

const SERVER = Date.parse('2026-11-20T10:00:00Z');

describe('the lag', () => {
  const start = () => {
    let local = 1_000;
    const meter = new LagMeter(() => local);
    const note = (lagMs: number) => meter.note(new Date(SERVER).toISOString(), SERVER + lagMs);
    return {
      meter,
      note,
      pass: (ms: number) => {
        local += ms;
      },
    };
  };

  it('is the worst of the last seconds', () => {
    const { meter, note, pass } = start();
    expect(meter.recentMs()).toBe(0);
    note(1_400);
    note(20);
    expect(meter.recentMs()).toBe(1_400);
    pass(5_000);
    expect(meter.recentMs()).toBe(0);
    note(30);
    expect(meter.recentMs()).toBe(30);
  });

  it('is never less than nothing, whatever the clocks say', () => {
    const { meter, note } = start();
    note(-200);
    expect(meter.recentMs()).toBe(0);
  });

  it('has a p95 over what was heard', () => {
    const { meter, note } = start();
    expect(meter.p95Ms()).toBe(null);
    for (let lag = 1; lag <= 100; lag++) note(lag);
    expect(meter.p95Ms()).toBe(95);
    for (let lag = 0; lag < 1_000; lag++) note(7);
    expect(meter.p95Ms()).toBe(7);
  });

  it('tells for how long nothing was heard', () => {
    const { meter, note, pass } = start();
    pass(3_000);
    expect(meter.silentMs()).toBe(3_000);
    note(10);
    expect(meter.silentMs()).toBe(0);
  });
});
