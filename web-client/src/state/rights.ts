/** What a role may do in the control room; the server decides, this spares people buttons that say no. */
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
