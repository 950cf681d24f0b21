/** What a role may do; the server decides, this spares people buttons that say no. */
import type { Role } from '../wire';

export interface ControlRights {
  /** Assign, unassign, cancel bookings. */
  readonly dispatch: boolean;
  /** Move a job on in the place of its cleaner. */
  readonly actOnBehalf: boolean;
}

export function controlRights(role: Role): ControlRights {
  switch (role) {
    case 'dispatcher':
      return { dispatch: true, actOnBehalf: true };
    case 'manager':
      return { dispatch: true, actOnBehalf: false };
    case 'admin':
    case 'cleaner':
    case 'customer':
    case 'system':
      return { dispatch: false, actOnBehalf: false };
    default:
      return role satisfies never;
  }
}

/** Parts of the administration. */
export type AdminPart =
  | 'start'
  | 'zones'
  | 'services'
  | 'users'
  | 'cleaners'
  | 'shifts'
  | 'time-off'
  | 'import'
  | 'audit'
  | 'live';

const ROSTER: readonly AdminPart[] = ['shifts', 'time-off'];
const MANAGER: readonly AdminPart[] = [
  'start',
  'zones',
  'services',
  'cleaners',
  ...ROSTER,
  'users',
  'import',
  'audit',
];

/** The parts that a role works in, in the order of the navigation. */
export function adminParts(role: Role): readonly AdminPart[] {
  switch (role) {
    case 'admin':
      return [...MANAGER, 'live'];
    case 'manager':
      return MANAGER;
    case 'dispatcher':
      return ROSTER;
    case 'cleaner':
    case 'customer':
    case 'system':
      return [];
    default:
      return role satisfies never;
  }
}

/** The roles that somebody may give: only admins make admins. */
export function rolesGivenBy(role: Role): readonly Role[] {
  const roles: readonly Role[] = ['dispatcher', 'manager', 'cleaner', 'customer'];
  return role === 'admin' ? ['admin', ...roles] : roles;
}
