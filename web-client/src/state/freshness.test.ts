import { describe, expect, it } from 'vitest';
import { freshness, trust } from './freshness';

const NOW = 1_000_000;
const calm = { now: NOW, lagMs: 20, silentMs: 500 };

describe('freshness', () => {
  it('is live with the time there and back', () =>
    expect(freshness({ ...calm, link: { kind: 'live', rttMs: 42 } })).toEqual({ kind: 'live', rttMs: 42 }));

  it('is behind by what messages took, or by how long there were none', () => {
    const link = { kind: 'live', rttMs: 42 } as const;
    expect(freshness({ ...calm, link, lagMs: 1_400 })).toEqual({ kind: 'behind', ms: 1_400 });
    expect(freshness({ ...calm, link, silentMs: 9_000 })).toEqual({ kind: 'behind', ms: 9_000 });
  });

  it('tells how long it has been reconnecting, and since when it is offline', () => {
    const since = NOW - 3_000;
    expect(freshness({ ...calm, link: { kind: 'reconnecting', since } })).toEqual({
      kind: 'reconnecting',
      forMs: 3_000,
    });
    expect(freshness({ ...calm, link: { kind: 'offline', since } })).toEqual({ kind: 'offline', since });
  });

  it('pales after ten seconds without data, and says so after sixty', () => {
    expect([9_999, 10_000, 59_999, 60_000].map((silentMs) => trust({ silentMs }))).toEqual([
      'full',
      'pale',
      'pale',
      'stale',
    ]);
  });
});
