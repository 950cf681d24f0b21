import type { Centrifuge } from 'centrifuge';
import { describe, expect, it } from 'vitest';
import type { HoldRow } from '../wire';
import { ChannelView } from './view';

type Listener = (context: unknown) => void;

/** A client of the library's shape that does what the test says. */
function fakeClient() {
  const made: { since: unknown; listeners: Map<string, Listener> }[] = [];
  const client = {
    newSubscription: (_channel: string, options: { since?: unknown }) => {
      const listeners = new Map<string, Listener>();
      made.push({ since: options.since, listeners });
      return {
        on: (event: string, listener: Listener) => listeners.set(event, listener),
        subscribe: () => listeners.get('subscribing')?.({}),
        unsubscribe: () => listeners.get('unsubscribed')?.({ code: 0, reason: '' }),
        removeAllListeners: () => listeners.clear(),
      };
    },
    removeSubscription: () => undefined,
  };
  const emit = (event: string, context: unknown) => made.at(-1)?.listeners.get(event)?.(context);
  return { client: client as unknown as Centrifuge, made, emit };
}

const AT = '2026-11-20T10:00:00Z';
const set = (id: string) => ({
  at: AT,
  set: [{ kind: 'hold', id } as { kind: 'hold' } & HoldRow],
  unset: [],
});
const position = (offset: number, epoch = 'e') => ({ offset, epoch });

function opened() {
  const fake = fakeClient();
  const view = new ChannelView('customer:x', () => undefined);
  view.attach(fake.client);
  const ids = () =>
    view.state.value.content.kind === 'rows' ? [...view.state.value.content.rows.hold.keys()] : [];
  return { ...fake, view, ids };
}

describe('a channel’s view', () => {
  it('is what the snapshot says, then follows publications', () => {
    const { view, emit, ids } = opened();
    expect(view.state.value.phase.kind).toBe('loading');
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    emit('publication', { data: set('b'), offset: 4 });
    expect(ids()).toEqual(['a', 'b']);
    expect(view.position.value).toEqual(position(4));
  });

  it('is replaced by data, and kept where there is none', () => {
    const { emit, ids } = opened();
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    emit('subscribing', {});
    emit('subscribed', { streamPosition: position(3), wasRecovering: true, recovered: true });
    expect(ids()).toEqual(['a']);
    emit('subscribing', {});
    emit('subscribed', { data: set('b'), streamPosition: position(9, 'other') });
    expect(ids()).toEqual(['b']);
  });

  it('stays readable while it catches up', () => {
    const { view, emit, ids } = opened();
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    emit('subscribing', {});
    expect(view.state.value.phase.kind).toBe('catching_up');
    expect(ids()).toEqual(['a']);
  });

  it('resumes on another connection from where it was', () => {
    const { view, emit, client, made, ids } = opened();
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    emit('publication', { data: set('b'), offset: 4 });
    view.detach();
    view.attach(client);
    expect(made.at(-1)?.since).toEqual(position(4));
    expect(ids()).toEqual(['a', 'b']);
  });

  it('drops everything when the right to it has lapsed', () => {
    const { view, emit, ids } = opened();
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    emit('unsubscribed', { code: 2000, reason: 'no longer yours' });
    expect(view.state.value.phase).toMatchObject({ kind: 'closed', code: 2000 });
    expect(ids()).toEqual([]);
    expect(view.position.value).toBeNull();
  });

  it('has passed a position at or below its own, and any of another epoch', () => {
    const { view, emit } = opened();
    expect(view.hasPassed(position(1))).toBe(false);
    emit('subscribed', { data: set('a'), streamPosition: position(3) });
    expect(view.hasPassed(position(3))).toBe(true);
    expect(view.hasPassed(position(4))).toBe(false);
    expect(view.hasPassed(position(400, 'older'))).toBe(true);
  });
});
