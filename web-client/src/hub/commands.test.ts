import { describe, expect, it } from 'vitest';
import { type CommandTransport, PATIENCE_MS, runCommand } from './commands';
import type { Position } from './outcome';

interface Sent {
  readonly method: string;
  readonly data: { readonly command_id: string; readonly job: string };
}

/** Answers in turn; time passes only by sleeping. */
function transport(answers: (() => unknown)[]) {
  let now = Date.parse('2026-11-20T10:00:00Z');
  const sent: Sent[] = [];
  const slept: number[] = [];
  const settled: Record<string, Position>[] = [];
  const fake: CommandTransport = {
    ready: () => Promise.resolve(),
    rpc: async (method, data) => {
      sent.push({ method, data: data as Sent['data'] });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return answer?.();
    },
    settled: async (positions) => {
      settled.push(positions);
    },
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  };
  return { fake, sent, slept, settled };
}

const position = { offset: 7, epoch: 'e' };
const accepted = () => ({
  outcome: 'accepted',
  result: { job: 'j' },
  positions: { 'board:center': position },
});
const unavailable = () => ({ outcome: 'refused', code: 'unavailable', message: '', details: {} });
const raise = (error: unknown) => () => {
  throw error;
};

describe('a command', () => {
  it('is done when the own views have passed its positions', async () => {
    const { fake, settled } = transport([accepted]);
    const outcome = await runCommand(fake, 'job.claim', { job: 'j' });
    expect(outcome.outcome).toBe('accepted');
    expect(settled).toEqual([{ 'board:center': position }]);
  });

  it('is repeated under the same id while the server says unavailable', async () => {
    const { fake, sent } = transport([unavailable, unavailable, accepted]);
    const outcome = await runCommand(fake, 'job.claim', { job: 'j' });
    expect(outcome.outcome).toBe('accepted');
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ data }) => data.command_id)).size).toBe(1);
  });

  it('is repeated under the same id when nobody answered', async () => {
    const { fake, sent } = transport([
      raise({ code: 1, message: 'timeout' }),
      raise({ code: 11, message: 'closed' }),
      accepted,
    ]);
    await runCommand(fake, 'job.claim', { job: 'j' });
    expect(new Set(sent.map(({ data }) => data.command_id)).size).toBe(1);
    expect(sent).toHaveLength(3);
  });

  it('waits for as long as the server asks', async () => {
    const draining = () => ({
      outcome: 'refused',
      code: 'draining',
      message: '',
      details: { retry_after_ms: 1234 },
    });
    const { fake, slept } = transport([draining, accepted]);
    await runCommand(fake, 'job.claim', { job: 'j' });
    expect(slept).toEqual([1234]);
  });

  it('is not repeated after a decision', async () => {
    const rejected = () => ({ outcome: 'rejected', code: 'already_taken', message: '', details: {} });
    const { fake, sent, settled } = transport([rejected]);
    const outcome = await runCommand(fake, 'job.claim', { job: 'j' });
    expect(outcome).toMatchObject({ outcome: 'rejected', code: 'already_taken' });
    expect(sent).toHaveLength(1);
    expect(settled).toHaveLength(0);
  });

  it('is given up after a while, and says that nothing was decided', async () => {
    const { fake, slept } = transport([unavailable]);
    const outcome = await runCommand(fake, 'job.claim', { job: 'j' });
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'unavailable' });
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(PATIENCE_MS);
  });

  it('bears a UUIDv7 of the server’s time', async () => {
    const { fake, sent } = transport([accepted]);
    await runCommand(fake, 'job.claim', { job: 'j' });
    const id = sent[0]?.data.command_id ?? '';
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(Date.parse('2026-11-20T10:00:00Z'));
  });
});
