/**
 * One channel as this page sees it. Upholds the client's rule: `data` in a subscribe reply replaces the
 * view, its absence keeps it and publications follow. The position is that of the last body applied, so
 * a view that outlives its connection resumes from there.
 */
import type { Centrifuge, PublicationContext, SubscribedContext, Subscription } from 'centrifuge';
import type { AnyBody } from '../wire';
import { Folded, Observable } from './observable';
import type { Position } from './outcome';
import { applyTo, type Content, emptyContent } from './reducer';

/** How far the view can be trusted. */
export type Phase =
  | { readonly kind: 'loading' }
  | { readonly kind: 'live' }
  /** True when last heard, being brought up to date. */
  | { readonly kind: 'catching_up' }
  /** The server does not let this reader in, or no longer. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string };

export interface ViewState {
  readonly phase: Phase;
  readonly content: Content;
  /** Server time of the last body. */
  readonly at: string | null;
}

export type HeardAt = (at: string) => void;

export class ChannelView {
  /** What came since the last look is applied with the next. */
  readonly state: Folded<ViewState, AnyBody>;
  readonly position = new Observable<Position | null>(null);
  private subscription: Subscription | null = null;
  private client: Centrifuge | null = null;

  constructor(
    readonly channel: string,
    private readonly heardAt: HeardAt,
  ) {
    this.state = new Folded(this.nothing(), withBodies);
  }

  /** How far it can be trusted, without applying what waits. */
  get phase(): Phase {
    return this.state.unfolded.phase;
  }

  attach(client: Centrifuge): void {
    const since = this.position.value;
    const subscription = client.newSubscription(this.channel, since === null ? {} : { since });
    subscription.on('subscribing', () => this.interrupted());
    subscription.on('subscribed', (context) => this.subscribed(context));
    subscription.on('publication', (context) => this.published(context));
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (this.subscription === subscription) this.closed(code, reason);
    });
    this.client = client;
    this.subscription = subscription;
    subscription.subscribe();
  }

  /** Leaves the connection; the view stays as it is. */
  detach(): void {
    const subscription = this.subscription;
    this.subscription = null;
    if (subscription === null) return;
    subscription.unsubscribe();
    subscription.removeAllListeners();
    this.client?.removeSubscription(subscription);
    this.client = null;
    this.interrupted();
  }

  /** Drops everything known: another reader may not see it. */
  forget(): void {
    this.position.set(null);
    this.state.set(this.nothing());
  }

  /** Whether what was caused at this position is in the view. */
  hasPassed(position: Position): boolean {
    const own = this.position.value;
    return own !== null && (own.epoch !== position.epoch || own.offset >= position.offset);
  }

  private nothing(): ViewState {
    return { phase: { kind: 'loading' }, content: emptyContent(this.channel), at: null };
  }

  private interrupted(): void {
    const { phase } = this;
    if (phase.kind === 'live') this.state.set({ ...this.state.value, phase: { kind: 'catching_up' } });
    if (phase.kind === 'closed') this.state.set({ ...this.state.value, phase: { kind: 'loading' } });
  }

  private subscribed({ data, streamPosition }: SubscribedContext): void {
    if (data !== undefined && data !== null) {
      const body = data as AnyBody;
      this.state.set({
        phase: { kind: 'live' },
        content: applyTo(emptyContent(this.channel), [body]),
        at: body.at,
      });
      this.heardAt(body.at);
    } else {
      this.state.set({ ...this.state.value, phase: { kind: 'live' } });
    }
    if (streamPosition !== undefined) {
      this.position.set({ offset: streamPosition.offset, epoch: streamPosition.epoch });
    }
  }

  private published({ data, offset }: PublicationContext): void {
    const body = data as AnyBody;
    if (this.phase.kind !== 'live') this.state.set({ ...this.state.value, phase: { kind: 'live' } });
    this.state.change(body);
    this.heardAt(body.at);
    const own = this.position.value;
    if (offset !== undefined) this.position.set({ offset, epoch: own?.epoch ?? '' });
  }

  private closed(code: number, reason: string): void {
    this.position.set(null);
    this.state.set({ ...this.nothing(), phase: { kind: 'closed', code, reason } });
  }
}

function withBodies(state: ViewState, bodies: readonly AnyBody[]): ViewState {
  const content = applyTo(state.content, bodies);
  return { ...state, content, at: bodies[bodies.length - 1]?.at ?? state.at };
}
