import { describe, expect, it } from 'vitest';
import { entry, JOB, step } from '../testing/actions';
import {
  dismissed,
  head,
  nextOrder,
  type Outbox,
  ordered,
  pruned,
  queued,
  settled,
  subjectOf,
  waiting,
} from './outbox';
import { type Accepted, type Rejected, refused } from './outcome';

const YES: Accepted = { outcome: 'accepted', result: {}, positions: {} };
const illegal = (from: string): Rejected => ({
  outcome: 'rejected',
  code: 'illegal_transition',
  message: '',
  details: { from },
});
const NOT_FOUND = refused('not_found', '');
const standings = (outbox: Outbox) => outbox.map(({ standing }) => standing.kind);

describe('an outbox', () => {
  it('is sent in the order in which it was filled', () => {
    const all = ordered([step(3, 'job.start'), step(1, 'job.depart'), step(2, 'job.arrive')]);
    expect(head(all)?.id).toBe('id-1');
    const later = settled(all, 'id-1', YES, 9);
    expect(standings(later)).toEqual(['done', 'waiting', 'waiting']);
    expect(head(later)?.id).toBe('id-2');
    expect(nextOrder(later)).toBe(4);
  });

  it('keeps what nobody has decided, under the id that it has', () => {
    const all = [step(1, 'job.depart')];
    for (const undecided of [
      refused('unavailable', ''),
      refused('draining', ''),
      refused('rate_limited', ''),
      refused('unauthenticated', ''),
      refused('internal', ''),
    ]) {
      const [again] = settled(all, 'id-1', undecided, 9);
      expect(again).toMatchObject({ id: 'id-1', standing: { kind: 'waiting', tries: 1 } });
    }
  });

  it('gives up on a server that fails on it again and again', () => {
    let all: Outbox = [step(1, 'job.depart')];
    for (let tries = 0; tries < 5; tries++) all = settled(all, 'id-1', refused('internal', ''), 9);
    expect(standings(all)).toEqual(['failed']);
  });

  it('drops what was built upon a step that was not possible, and nothing else', () => {
    const all = [
      step(1, 'job.depart'),
      step(2, 'job.arrive'),
      step(3, 'job.depart', 'job-2'),
      entry(4, { kind: 'duty.set', parameters: { duty: 'off' } }),
      step(5, 'job.start'),
    ];
    const after = settled(all, 'id-1', NOT_FOUND, 9);
    expect(standings(after)).toEqual(['failed', 'dropped', 'waiting', 'waiting', 'dropped']);
    expect(after[1]?.standing).toEqual({ kind: 'dropped', at: 9, because: 'job.depart' });
    expect(head(after)?.id).toBe('id-3');
  });

  it('goes on where somebody else has done the same step', () => {
    const all = [step(1, 'job.arrive'), step(2, 'job.start')];
    expect(standings(settled(all, 'id-1', illegal('arrived'), 9))).toEqual(['done', 'waiting']);
    expect(standings(settled(all, 'id-1', illegal('cancelled'), 9))).toEqual(['failed', 'dropped']);
  });

  it('tells of a command that came too late', () => {
    const [late] = settled([step(1, 'job.arrive')], 'id-1', refused('command_expired', ''), 9);
    expect(late?.standing).toMatchObject({ kind: 'failed', objection: { code: 'command_expired' } });
  });

  it('hears an answer once', () => {
    const after = settled([step(1, 'job.arrive')], 'id-1', YES, 9);
    expect(settled(after, 'id-1', NOT_FOUND, 10)).toBe(after);
    expect(settled(after, 'id-7', NOT_FOUND, 10)).toBe(after);
  });

  it('takes a new action on the same job as having read what failed', () => {
    const failed = settled([step(1, 'job.depart'), step(2, 'job.depart', 'job-2')], 'id-1', NOT_FOUND, 9);
    expect(queued(failed, step(3, 'job.depart')).map(({ id }) => id)).toEqual(['id-2', 'id-3']);
    expect(queued(failed, step(3, 'job.depart', 'job-2'))).toHaveLength(3);
  });

  it('forgets failures that were read, and never what is not sent', () => {
    const failed = settled([step(1, 'job.depart'), step(2, 'job.arrive', 'job-2')], 'id-1', NOT_FOUND, 9);
    expect(dismissed(failed, ['id-1', 'id-2']).map(({ id }) => id)).toEqual(['id-2']);
    const week = 7 * 24 * 3_600_000;
    expect(pruned(failed, week).map(({ id }) => id)).toEqual(['id-2']);
    expect(pruned(failed, 10)).toBe(failed);
  });

  it('knows what builds upon what', () => {
    expect(subjectOf({ kind: 'job.claim', parameters: { job: JOB } })).toBe(JOB);
    expect(subjectOf({ kind: 'duty.set', parameters: { duty: 'on' } })).toBe('duty');
    expect(waiting([step(1, 'job.depart')])).toHaveLength(1);
  });
});
