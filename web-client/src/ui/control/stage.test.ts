import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FlashGate } from './stage';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('flashes of what others change', () => {
  it('stop above twelve a second, are counted instead, and come back when it is calm', () => {
    const gate = new FlashGate();
    const allowed = Array.from({ length: 20 }, () => gate.note());
    expect(allowed.filter(Boolean)).toHaveLength(12);
    expect(gate.crowd.value).toBe(13);
    vi.advanceTimersByTime(999);
    gate.note();
    expect(gate.crowd.value).toBe(13);
    vi.advanceTimersByTime(2_001);
    expect(gate.crowd.value).toBeNull();
    expect(gate.note()).toBe(true);
  });
});
