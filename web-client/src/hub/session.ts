/**
 * Who is signed in, and fresh access tokens for them. The access token lives in memory, the refresh
 * token in storage, and every refresh replaces it; tabs take turns so that none spends a token that
 * another has already spent. Each part of the product keeps a session of its own: the three screens can
 * stand side by side in one browser.
 */
import type { Role } from '../wire';
import { inTurn } from './inTurn';
import { Observable } from './observable';
import { type Rest, RestError } from './rest';

export interface User {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
}

export type Area = 'customer' | 'cleaner' | 'staff';

/** Which part of the product somebody works in. */
export function areaOf(role: Role): Area {
  switch (role) {
    case 'customer':
      return 'customer';
    case 'cleaner':
      return 'cleaner';
    case 'dispatcher':
    case 'manager':
    case 'admin':
    case 'system':
      return 'staff';
    default:
      return role satisfies never;
  }
}

export interface SessionGrant {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly user: User;
}

interface Kept {
  readonly refresh_token: string;
  readonly user: User;
}

export type Credentials = { readonly email: string; readonly password: string } | { readonly guest: true };

/** The sign-in is over: the server knows the refresh token no more. */
export class SignedOut extends Error {}

const GUEST_TRIES = 12;
const GUEST_PAUSE_MS = 1_000;
const RENEW_BEFORE_MS = 20_000;
/** Where a browser keeps the sign-in of a part of the product. */
export const storageKey = (area: Area) => `dispatch-hub.session.${area}`;

export class Session {
  readonly user: Observable<User | null>;
  private access: { token: string; expiresAt: number } | null = null;
  private renewal: Promise<string> | null = null;

  constructor(
    readonly area: Area,
    private readonly rest: Rest,
    private readonly storage: Storage,
  ) {
    this.user = new Observable(this.kept()?.user ?? null);
  }

  async signIn(credentials: Credentials): Promise<User> {
    const grant = await requestGrant(this.rest, credentials);
    this.keep(grant);
    return grant.user;
  }

  /** Makes a guest of somebody who has just decided on something, trying for a while: they wait for the
   * answer to that, not for this. */
  async signInAsGuest(): Promise<User> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.signIn({ guest: true });
      } catch (error) {
        const passing = error instanceof RestError && (error.status === 0 || error.status >= 500);
        if (!passing || tries === GUEST_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, GUEST_PAUSE_MS));
      }
    }
  }

  /** Ends the sign-in here and, as far as it can be reached, on the server. */
  async signOut(): Promise<void> {
    const token = this.access?.token ?? null;
    this.drop();
    if (token !== null) await this.rest.delete('/api/v1/sessions', token).catch(() => undefined);
  }

  /** Another tab has signed in or out. */
  changedElsewhere(): void {
    const user = this.kept()?.user ?? null;
    if (user?.id === this.user.value?.id) return;
    this.access = null;
    this.user.set(user);
  }

  /** Forgets the access token: the server has just turned it down. */
  distrust(): void {
    this.access = null;
  }

  /** An access token with some life left; refreshes at most once at a time. */
  accessToken(): Promise<string> {
    if (this.access !== null && this.access.expiresAt - performance.now() > RENEW_BEFORE_MS) {
      return Promise.resolve(this.access.token);
    }
    this.renewal ??= inTurn(storageKey(this.area), () => this.renew()).finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async renew(): Promise<string> {
    const kept = this.kept();
    if (kept === null) {
      this.drop();
      throw new SignedOut();
    }
    try {
      const grant = await this.rest.post<SessionGrant>('/api/v1/sessions/refresh', {
        refresh_token: kept.refresh_token,
      });
      this.keep(grant);
      return grant.access_token;
    } catch (error) {
      if (error instanceof RestError && error.status === 401) {
        this.drop();
        throw new SignedOut();
      }
      throw error;
    }
  }

  private keep(grant: SessionGrant): void {
    this.access = {
      token: grant.access_token,
      expiresAt: performance.now() + grant.expires_in * 1000,
    };
    keepSession(this.storage, this.area, grant);
    const known = this.user.value;
    if (known?.id !== grant.user.id || known.name !== grant.user.name) this.user.set(grant.user);
  }

  private drop(): void {
    this.access = null;
    this.storage.removeItem(storageKey(this.area));
    this.user.set(null);
  }

  private kept(): Kept | null {
    const text = this.storage.getItem(storageKey(this.area));
    if (text === null) return null;
    try {
      return JSON.parse(text) as Kept;
    } catch {
      return null;
    }
  }
}

export function requestGrant(rest: Rest, credentials: Credentials): Promise<SessionGrant> {
  return rest.post<SessionGrant>('/api/v1/sessions', credentials);
}

export function keepSession(storage: Storage, area: Area, grant: SessionGrant): void {
  const kept: Kept = { refresh_token: grant.refresh_token, user: grant.user };
  storage.setItem(storageKey(area), JSON.stringify(kept));
}
