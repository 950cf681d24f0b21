/** What the domain's codes are called. */
import type { RefusalCode } from '../../../hub/outcome';
import type { BookingStatus, Duty, JobStatus, RejectionCode } from '../../../wire';

export const jobStatus: Record<JobStatus, string> = {
  unassigned: 'Unassigned',
  assigned: 'Assigned',
  acknowledged: 'Confirmed',
  en_route: 'On the way',
  arrived: 'Arrived',
  in_progress: 'In progress',
  paused: 'Paused',
  completed: 'Completed',
  verified: 'Checked',
  cancelled: 'Cancelled',
  no_access: 'No access',
  cleaner_no_show: 'Did not come',
};

export const bookingStatus: Record<BookingStatus, string> = {
  confirmed: 'Booked',
  in_service: 'Under way',
  completed: 'Done',
  closed: 'Closed',
  cancelled: 'Cancelled',
  not_served: 'Not served',
};

export const duty: Record<Duty, string> = { on: 'On duty', off: 'Off duty', break: 'On a break' };

export const rejection: Record<RejectionCode, string> = {
  out_of_area: 'We do not clean at this place yet.',
  slot_gone: 'This time has just been taken.',
  lead_time: 'This time is too soon to book.',
  outside_booking_window: 'This time is too far ahead to book.',
  not_a_slot: 'This is not a time we start at.',
  hold_limit: 'You are holding as many times as one person can. Book or release one first.',
  hold_expired: 'The time was held for you, but the hold has run out.',
  already_extended: 'The hold has been extended once already.',
  details_missing: 'We need your name, your phone and an address first.',
  policy_window_closed: 'It is too late to change this visit online. Call us and we will see what we can do.',
  illegal_transition: 'This is no longer possible: the job has moved on.',
  stale_version: 'Somebody changed this while you were looking. Check it and try again.',
  overlap: 'There is another job at this time.',
  skill_missing: 'A skill that this job needs is missing.',
  outside_shift: 'The job lies outside of the shift.',
  time_off: 'There is time off at this time.',
  already_taken: 'A colleague was quicker.',
  too_early: 'It is too early for this step.',
  another_job_active: 'Another job is still under way. Finish that one first.',
  active_job: 'A job is still under way.',
  jobs_affected: 'There are jobs in this time.',
  already_resolved: 'Somebody has resolved this, or it has resolved itself.',
  already_exists: 'This exists already.',
  in_use: 'This is still in use.',
  import_faults: 'The files have faults. Nothing was imported.',
  not_tracking: 'Your position is shared at work only.',
  not_lead: 'Only the one who leads the job can do this.',
};

export const refusal: Record<RefusalCode, string> = {
  unauthenticated: 'Please sign in again.',
  forbidden: 'You may not do this.',
  not_found: 'This is not there any more.',
  invalid_argument: 'Something in the form is not right.',
  rate_limited: 'That was a lot at once. Try again in a moment.',
  draining: 'The server is restarting. Try again in a moment.',
  unavailable: 'The server could not be reached. Nothing was changed; try again.',
  idempotency_mismatch: 'This was sent twice with different content. Reload the page.',
  command_expired: 'This took too long to send. Try again.',
  internal: 'Something went wrong on our side.',
};
