/** What one cleaner has on one phone: the day kept for later, the actions not yet sent, and its position. */
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { Courier } from '../hub/courier';
import { inTurn } from '../hub/inTurn';
import { BrowserKeep, type Keep, PageKeep } from '../hub/keep';
import type { Outbox } from '../hub/outbox';
import { storageKey } from '../hub/session';
import { OfflineDay } from './offlineDay';
import { PositionReports } from './positionReports';
import { type Services, useObservable, useServices } from './services';

/** What the phone offers. */
export interface Device {
  readonly keep: Keep;
  readonly geolocation: Geolocation | undefined;
  readonly storage: Storage;
  /** Other tabs of the same app. */
  readonly tabs: BroadcastChannel | null;
}

export function thisDevice(): Device {
  return {
    keep: typeof indexedDB === 'undefined' ? new PageKeep() : new BrowserKeep(indexedDB),
    geolocation: navigator.geolocation,
    storage: window.localStorage,
    tabs: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('dispatch-hub.work'),
  };
}

export class Handset {
  readonly courier: Courier;
  readonly day: OfflineDay;
  readonly position: PositionReports;
  private readonly endings: (() => void)[] = [];

  constructor(
    readonly account: string,
    private readonly services: Services,
    private readonly device: Device,
  ) {
    const { hub, clock } = services;
    const { keep, geolocation, storage, tabs } = device;
    const now = () => clock.now();
    this.day = new OfflineDay(account, keep, now);
    this.position = new PositionReports({ account, hub, clock, geolocation, storage });
    this.courier = new Courier({
      account,
      keep,
      now,
      connected: () => hub.link.value.kind === 'live' || hub.link.value.kind === 'catching_up',
      send: ({ id, action }) => hub.repeat(id, action.kind, action.parameters),
      fateOf: async (job) => {
        const told = await hub.ask('job.fate', { job });
        return told.outcome === 'answered' ? told.answer : null;
      },
      inTurn: (task) => inTurn(`dispatch-hub.outbox.${account}`, task),
      tellTabs: () => tabs?.postMessage('outbox'),
      later: (task, ms) => void setTimeout(task, ms),
    });
  }

  async start(): Promise<void> {
    const { hub } = this.services;
    const drain = () => void this.courier.drain();
    const heard = () => void this.courier.reload().then(drain);
    this.on(window, 'online', drain);
    this.on(document, 'visibilitychange', drain);
    if (this.device.tabs !== null) this.on(this.device.tabs, 'message', heard);
    this.endings.push(hub.link.subscribe(drain));
    await this.device.keep.forgetAllBut(this.account).catch(() => undefined);
    await Promise.all([this.day.start(), this.courier.start()]);
  }

  close(): void {
    for (const end of this.endings.splice(0)) end();
    this.courier.close();
    this.day.close();
    this.position.close();
  }

  /** Signs out, and leaves nothing of theirs on the phone. */
  async signOut(): Promise<void> {
    this.close();
    this.position.forget();
    await this.device.keep.forgetAllBut(null).catch(() => undefined);
    await this.services.session.signOut();
  }

  private on(target: EventTarget, type: string, listener: () => void): void {
    target.addEventListener(type, listener);
    this.endings.push(() => target.removeEventListener(type, listener));
  }
}

const Context = createContext<Handset | null>(null);

/** Gives the signed-in cleaner their handset for as long as they are. */
export function HandsetProvider({
  account,
  device,
  children,
}: {
  account: string;
  device: Device;
  children: ReactNode;
}) {
  const services = useServices();
  const [handset, setHandset] = useState<Handset | null>(null);
  useEffect(() => {
    const made = new Handset(account, services, device);
    setHandset(made);
    void made.start();
    return () => made.close();
  }, [account, services, device]);
  return handset === null ? null : <Context value={handset}>{children}</Context>;
}

export function useHandset(): Handset {
  const handset = useContext(Context);
  if (handset === null) throw new Error('rendered outside of HandsetProvider');
  return handset;
}

export function useOutbox(): Outbox {
  return useObservable(useHandset().courier.outbox);
}

/** Follows what other tabs do to the sign-in, and keeps no day for nobody. */
export function useSharedSignIn(device: Device, userId: string | null): void {
  const { session, area } = useServices();
  useEffect(() => {
    const changed = ({ key }: StorageEvent) => {
      if (key === null || key === storageKey(area)) session.changedElsewhere();
    };
    window.addEventListener('storage', changed);
    return () => window.removeEventListener('storage', changed);
  }, [session, area]);
  useEffect(() => {
    if (userId === null) device.keep.forgetDays().catch(() => undefined);
  }, [device, userId]);
}
