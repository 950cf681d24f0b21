/** Why a job cannot go somewhere, in words that follow a cleaner's name. */
import type { Obstacle } from '../../state/control';
import type { Reason } from '../../state/legality';
import type { Rejection } from '../../wire';
import type { Catalog } from '../i18n';
import type { Format } from '../i18n/format';

export function obstacleText(t: Catalog, found: Obstacle): string {
  return found.kind === 'skill'
    ? t.control.reason.skill(found.missing.join(', '))
    : t.control.reason[found.kind];
}

export function reasonText(t: Catalog, format: Format, reason: Reason, timeZone: string): string {
  switch (reason.kind) {
    case 'impossible':
    case 'past':
    case 'off_duty':
      return t.timeline.reason[reason.kind];
    case 'elsewhere':
      return t.timeline.reason.elsewhere(format.time(reason.start, timeZone));
    case 'rejected':
      return rejectionText(t, reason.rejection);
    case 'skill':
    case 'overlap':
    case 'time_off':
    case 'outside_shift':
    case 'inactive':
    case 'crew':
      return obstacleText(t, reason);
    default:
      return reason satisfies never;
  }
}

/** The rejections that a move meets; others say what they always say. */
function rejectionText(t: Catalog, rejection: Rejection): string {
  if (rejection.code === 'skill_missing') return t.control.reason.skill(rejection.details.missing.join(', '));
  if (rejection.code === 'overlap') return t.control.reason.overlap;
  if (rejection.code === 'outside_shift') return t.control.reason.outside_shift;
  if (rejection.code === 'time_off') return t.control.reason.time_off;
  if (rejection.code === 'already_taken') return t.control.reason.crew;
  if (rejection.code === 'lead_time') return t.timeline.reason.past;
  if (rejection.code === 'another_job_active') return t.timeline.reason.anotherActive;
  if (rejection.code === 'illegal_transition') return t.timeline.reason.illegalTransition;
  return t.rejection[rejection.code];
}
