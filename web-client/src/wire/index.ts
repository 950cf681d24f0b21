// Generated from the server's types by `make wire`. Do not edit.

/**
 * Anybody who can sign in. A customer's or cleaner's id is that of their account.
 */
export type AccountId = string;

export type AdminImport = { 
/**
 * Zones as a `GeoJSON` text.
 */
zones?: string, 
/**
 * Cleaners as a CSV text.
 */
cleaners?: string, 
/**
 * Shifts as a CSV text.
 */
shifts?: string, 
/**
 * Import nothing, and list every fault.
 */
dry_run?: boolean, };

/**
 * On `agenda`: one's own job in full.
 */
export type AgendaJobRow = { id: JobId, version: number, number: number, status: JobStatus, zone: ZoneSlug, service: ServiceSlug, local_date: string, starts_at: string, duration_minutes: number, travel_buffer_minutes: number, customer_name: string | null, customer_phone: string | null, address: string, access_notes: string, lon: number, lat: number, 
/**
 * Whether this cleaner leads: only the lead moves the job.
 */
lead: boolean, 
/**
 * First names of the others on the crew.
 */
with: Array<string>, times: Partial<Record<JobStatus, string>>, };

export type AlertAcknowledge = { alert: AlertId, expected_version?: number, };

export type AlertId = string;

/**
 * What an alert is about.
 */
export type AlertKind = "unassigned" | "late" | "no_check_in" | "no_show" | "at_risk";

export type AlertLevel = "warning" | "urgent";

export type AlertResolve = { alert: AlertId, expected_version?: number, };

/**
 * On `control`, beside its job, until it is resolved.
 */
export type AlertRow = { id: AlertId, version: number, job: JobId, about: AlertKind, level: AlertLevel, status: AlertStatus, raised_at: string, 
/**
 * While it is snoozed.
 */
snoozed_until: string | null, 
/**
 * Who acknowledged or snoozed it.
 */
handled_by: AccountId | null, };

export type AlertSnooze = { alert: AlertId, until: string, expected_version?: number, };

export type AlertStatus = "open" | "acknowledged" | "snoozed" | "resolved";

/**
 * A slot that is still free, offered in place of one that is gone.
 */
export type Alternative = { zone: ZoneSlug, service: ServiceSlug, start: string, };

/**
 * What a query is answered with.
 */
export type Answer = { "kind": "clock.now", "answer": Now } | { "kind": "job.targets", "answer": Targets } | { "kind": "job.history", "answer": History } | { "kind": "job.fate", "answer": Fate } | { "kind": "slots.nearest", "answer": Nearest } | { "kind": "search", "answer": Found } | { "kind": "catalogue.read", "answer": Catalogue } | { "kind": "users.list", "answer": UserPage } | { "kind": "cleaners.list", "answer": CleanerPage } | { "kind": "shifts.list", "answer": ShiftPage } | { "kind": "templates.list", "answer": TemplatePage } | { "kind": "time_off.list", "answer": TimeOffPage };

/**
 * A page of the audit trail, the newest first.
 */
export type AuditPage = { entries: Array<AuditRecord>, 
/**
 * The `before` of the next page; `null` at the end.
 */
next: string | null, };

/**
 * A command that was decided, and how.
 */
export type AuditRecord = { at: string, 
/**
 * The nil id is the system's.
 */
actor: string, 
/**
 * What the account is called now.
 */
actor_name: string | null, actor_role: string, on_behalf_of: string | null, 
/**
 * `socket`, `http`, `timer`, `command_line` or `demo`.
 */
via: string, command_id: string, kind: string, parameters: Record<string, unknown>, 
/**
 * `accepted` or `rejected`.
 */
outcome: string, 
/**
 * Of a rejection.
 */
code: string | null, };

/**
 * Body of every row channel. A row in `set` replaces the one of the same kind and id.
 */
export type Body = { at: string, 
/**
 * Who did it and by which command: on staff channels only.
 */
by?: AccountId, command_id?: CommandId, set: Array<Row>, unset: Array<RowKey>, };

export type BookingCancel = { booking: BookingId, reason?: string, expected_version?: number, };

export type BookingConfirm = { hold: HoldId, property: PropertyId, };

export type BookingCreate = { customer: CustomerId, property: PropertyId, service: ServiceSlug, start: string, };

export type BookingHit = { id: BookingId, status: BookingStatus, job: JobId, number: number, job_status: JobStatus, zone: ZoneSlug, service: ServiceSlug, starts_at: string, customer: CustomerId, customer_name: string | null, address: string, };

export type BookingId = string;

export type BookingReschedule = { booking: BookingId, start: string, expected_version?: number, };

/**
 * On `customer` and `booking`.
 */
export type BookingRow = { id: BookingId, version: number, status: BookingStatus, zone: ZoneSlug, service: ServiceSlug, property: PropertyId, address: string, starts_at: string, duration_minutes: number, price_minor: number, currency: string, cancel_until_hours: number, };

export type BookingStatus = "confirmed" | "in_service" | "completed" | "closed" | "cancelled" | "not_served";

/**
 * All that is sold, where, and what it asks of people: also what is not on sale any more.
 */
export type Catalogue = { 
/**
 * By name, like the services.
 */
zones: Array<Zone>, services: Array<Service>, skills: Array<SkillSlug>, };

/**
 * All zones, all services with those not on sale, and all skills.
 */
export type CatalogueRead = Record<symbol, never>;

/**
 * A cleaner as their customer sees them.
 */
export type CleanerCard = { id: CleanerId, first_name: string, };

export type CleanerEntry = { id: CleanerId, name: string, phone: string | null, zones: Array<ZoneSlug>, skills: Array<SkillSlug>, duty: Duty, active: boolean, version: number, };

export type CleanerId = string;

/**
 * By name.
 */
export type CleanerPage = { cleaners: Array<CleanerEntry>, 
/**
 * The `after` of the page behind this one; `null` at the end.
 */
next: string | null, };

/**
 * On `agenda` (their own) and `control` (those with a shift in that zone on that date).
 */
export type CleanerRow = { id: CleanerId, version: number, name: string, phone: string | null, zones: Array<ZoneSlug>, skills: Array<SkillSlug>, duty: Duty, active: boolean, };

export type CleanerSave = { 
/**
 * Absent: a new cleaner with an account of its own.
 */
cleaner?: CleanerId, name: string, phone?: string, email?: string, zones: Array<ZoneSlug>, skills: Array<SkillSlug>, active: boolean, expected_version?: number, };

/**
 * Cleaners by name, a page at a time.
 */
export type CleanersList = { 
/**
 * Part of a name.
 */
text?: string, zone?: ZoneSlug, skill?: SkillSlug, active?: boolean, 
/**
 * The `next` of the page before.
 */
after?: CleanerId, 
/**
 * How many at most; fifty when absent.
 */
limit?: number, };

/**
 * What time it is here, so that screens count down by this clock.
 */
export type ClockNow = Record<symbol, never>;

/**
 * One command with its parameters.
 */
export type Command = { "kind": "customer.update", "parameters": CustomerUpdate } | { "kind": "customer.create", "parameters": CustomerCreate } | { "kind": "property.add", "parameters": PropertyAdd } | { "kind": "hold.place", "parameters": HoldPlace } | { "kind": "hold.extend", "parameters": HoldExtend } | { "kind": "hold.release", "parameters": HoldRelease } | { "kind": "hold.expire", "parameters": HoldExpire } | { "kind": "booking.confirm", "parameters": BookingConfirm } | { "kind": "booking.create", "parameters": BookingCreate } | { "kind": "booking.cancel", "parameters": BookingCancel } | { "kind": "booking.reschedule", "parameters": BookingReschedule } | { "kind": "job.claim", "parameters": JobClaim } | { "kind": "job.assign", "parameters": JobAssign } | { "kind": "job.move", "parameters": JobMove } | { "kind": "job.unassign", "parameters": JobUnassign } | { "kind": "job.acknowledge", "parameters": JobAcknowledge } | { "kind": "job.depart", "parameters": JobDepart } | { "kind": "job.arrive", "parameters": JobArrive } | { "kind": "job.start", "parameters": JobStart } | { "kind": "job.pause", "parameters": JobPause } | { "kind": "job.resume", "parameters": JobResume } | { "kind": "job.complete", "parameters": JobComplete } | { "kind": "job.no_access", "parameters": JobNoAccess } | { "kind": "job.verify", "parameters": JobVerify } | { "kind": "job.withdraw", "parameters": JobWithdraw } | { "kind": "job.no_show", "parameters": JobNoShow } | { "kind": "job.watch", "parameters": JobWatch } | { "kind": "alert.acknowledge", "parameters": AlertAcknowledge } | { "kind": "alert.snooze", "parameters": AlertSnooze } | { "kind": "alert.resolve", "parameters": AlertResolve } | { "kind": "duty.set", "parameters": DutySet } | { "kind": "shift.publish", "parameters": ShiftPublish } | { "kind": "shift.change", "parameters": ShiftChange } | { "kind": "shift.cancel", "parameters": ShiftCancel } | { "kind": "template.save", "parameters": TemplateSave } | { "kind": "template.end", "parameters": TemplateEnd } | { "kind": "template.except", "parameters": TemplateExcept } | { "kind": "template.plan", "parameters": TemplatePlan } | { "kind": "time_off.add", "parameters": TimeOffAdd } | { "kind": "admin.zone_save", "parameters": ZoneSave } | { "kind": "admin.service_save", "parameters": ServiceSave } | { "kind": "admin.user_save", "parameters": UserSave } | { "kind": "admin.cleaner_save", "parameters": CleanerSave } | { "kind": "admin.import", "parameters": AdminImport };

export type CommandId = string;

export type CustomerCreate = { name: string, phone: string, email?: string, };

export type CustomerHit = { id: CustomerId, name: string | null, phone: string | null, email: string | null, };

export type CustomerId = string;

/**
 * On `customer`.
 */
export type CustomerRow = { id: CustomerId, version: number, name: string | null, phone: string | null, email: string | null, };

export type CustomerUpdate = { customer?: CustomerId, name?: string, phone?: string, email?: string, expected_version?: number, };

/**
 * What was done, told apart by `kind`.
 */
export type Deed = { "kind": "booked", starts_at: string, } | { "kind": "assigned", seat: number, cleaner: CleanerId, instead_of: CleanerId | null, } | { "kind": "unassigned", seat: number, cleaner: CleanerId, } | { "kind": "withdrawn", seat: number, cleaner: CleanerId, reason: string | null, } | { "kind": "moved", starts_at: string, } | { "kind": "acknowledged" } | { "kind": "departed" } | { "kind": "arrived" } | { "kind": "started" } | { "kind": "paused" } | { "kind": "resumed" } | { "kind": "completed" } | { "kind": "verified" } | { "kind": "no_access", note: string | null, } | { "kind": "cancelled", reason: string | null, } | { "kind": "no_show" } | { "kind": "at_risk" } | { "kind": "secured" } | { "kind": "alert_raised", alert: AlertId, about: AlertKind, level: AlertLevel, } | { "kind": "alert_acknowledged", alert: AlertId, } | { "kind": "alert_snoozed", alert: AlertId, until: string, } | { "kind": "alert_resolved", alert: AlertId, 
/**
 * Its cause has gone.
 */
by_itself: boolean, };

/**
 * Accounts for whoever looks at the demo.
 */
export type Demo = { 
/**
 * Of all of them.
 */
password: string, people: Array<DemoPerson>, };

export type DemoPerson = { role: Role, name: string, email: string, };

/**
 * Whether a cleaner says they are working: a business fact, not a connection.
 */
export type Duty = "off" | "on" | "break";

export type DutySet = { cleaner?: CleanerId, duty: Duty, };

/**
 * A page of the event log, the oldest first.
 */
export type EventPage = { events: Array<EventRecord>, 
/**
 * The `after` of the next page; also at the end, and on a page that the filter left empty.
 */
next: string, 
/**
 * Whether there is nothing behind this page yet.
 */
at_end: boolean, };

/**
 * A fact of the business, as it was stored.
 */
export type EventRecord = { 
/**
 * Where a reader stands that has dealt with this one.
 */
cursor: string, at: string, 
/**
 * Whose fact it is: the kind of row, its id, and its version after the fact.
 */
aggregate: string, aggregate_id: string, aggregate_version: number, kind: string, 
/**
 * Version of the shape of `body`.
 */
schema_version: number, 
/**
 * The nil id is the system's.
 */
actor: string, on_behalf_of: string | null, command_id: string, trace_id: string | null, body: Record<string, unknown>, };

/**
 * How a cleaner and a job parted.
 */
export type Fate = { job: JobId, parted: Parting, 
/**
 * When.
 */
at: string, 
/**
 * The first name of whoever has their seat now.
 */
to: string | null, };

/**
 * What became of a job that was one's own and is not any more: who has it now, by first name, and
 * since when.
 */
export type FateOf = { job: JobId, };

/**
 * What is wrong in a file.
 */
export type FaultCode = "unreadable" | "missing_column" | "unknown_column" | "missing" | "invalid" | "duplicate" | "unknown_zone" | "unknown_skill" | "unknown_cleaner" | "not_a_home_zone" | "overlap" | "in_use" | "jobs_affected" | "not_a_cleaner" | "too_many";

/**
 * One reading of a phone's position.
 */
export type Fix = { at: string, lon: number, lat: number, 
/**
 * Radius in metres within which the phone believes to be.
 */
accuracy_m?: number, 
/**
 * Degrees from north, clockwise.
 */
heading?: number, 
/**
 * Metres per second.
 */
speed?: number, };

/**
 * What somebody looks at.
 */
export type Focus = { job: JobId, 
/**
 * They are writing something about it, or were a few seconds ago.
 */
typing: boolean, };

/**
 * Parameters of `presence.focus`.
 */
export type FocusReport = { zone: ZoneSlug, 
/**
 * `null`: at nothing in particular.
 */
job: string | null, 
/**
 * Writing something about it. Forgotten after a few seconds, unless it is said again.
 */
typing?: boolean, };

/**
 * Where colleagues are told of it.
 */
export type FocusTaken = { zone: ZoneSlug, };

/**
 * The best first.
 */
export type Found = { hits: Array<Hit>, };

export type FreeChange = { service: ServiceSlug, start: string, by: number, };

/**
 * What was done to a job, the newest first.
 */
export type History = { job: JobId, entries: Array<HistoryEntry>, 
/**
 * Nothing older was left out.
 */
complete: boolean, 
/**
 * Everybody that the entries name.
 */
people: Array<HistoryPerson>, };

export type HistoryEntry = { at: string, 
/**
 * `null`: the hub itself.
 */
by: AccountId | null, 
/**
 * In whose place.
 */
on_behalf_of: AccountId | null, what: Deed, };

/**
 * What was done to a job, its booking and its alerts, by whom and when: the newest first.
 */
export type HistoryOf = { job: JobId, };

/**
 * As they are called now.
 */
export type HistoryPerson = { id: AccountId, name: string, role: Role, };

/**
 * One thing that was found, told apart by `kind`.
 */
export type Hit = { "kind": "booking" } & BookingHit | { "kind": "customer" } & CustomerHit | { "kind": "property" } & PropertyHit;

export type HoldExpire = { hold: HoldId, };

export type HoldExtend = { hold: HoldId, };

export type HoldId = string;

export type HoldPlace = { customer?: CustomerId, zone: ZoneSlug, service: ServiceSlug, start: string, };

export type HoldRelease = { hold: HoldId, };

/**
 * On `customer`, while the hold is active.
 */
export type HoldRow = { id: HoldId, version: number, zone: ZoneSlug, service: ServiceSlug, starts_at: string, expires_at: string, extended: boolean, };

export type HoldStatus = "active" | "consumed" | "released" | "expired";

/**
 * What became of a file's lines.
 */
export type ImportCounts = { new: number, changed: number, unchanged: number, };

/**
 * One fault and its place.
 */
export type ImportFault = { file: ImportFile, 
/**
 * Of a CSV file the line, of a `GeoJSON` file the feature, both counted from 1; 0 is the file.
 */
line: number, 
/**
 * The column or property.
 */
field?: string, code: FaultCode, message: string, };

export type ImportFile = "zones" | "cleaners" | "shifts";

/**
 * What an import has done, or in a dry run would do without its faults.
 */
export type Imported = { dry_run: boolean, zones: ImportCounts, cleaners: ImportCounts, shifts: ImportCounts, faults: Array<ImportFault>, 
/**
 * Of all faults, listed or not.
 */
fault_count: number, };

export type Installation = { 
/**
 * Whether anybody can sign in as an admin. Where nobody can, `dispatch-hub admin create` makes one.
 */
has_admin: boolean, 
/**
 * Absent from anything but the demo.
 */
demo: Demo | null, };

/**
 * On `ops`: one instance, every few seconds. Counts are since its start.
 */
export type InstanceRow = { id: string, version: number, at: string, started_at: string, release: string, connections: number, channels: number, 
/**
 * What waits for slow readers, all together and for the slowest.
 */
queued_bytes: number, queued_most_bytes: number, 
/**
 * Batches that wait for the wire between instances.
 */
outbound_batches: number, 
/**
 * How stale readers can be, whatever the wire does.
 */
log_age_ms: number, database_connections: number, database_connections_idle: number, accepted: number, rejected: number, refused: number, 
/**
 * Of the refused: errors of ours.
 */
errors: number, 
/**
 * Timers that should have fired, and how long the oldest waits; `null` where the database did
 * not say.
 */
timers_overdue: number | null, timers_overdue_seconds: number | null, };

export type JobAcknowledge = { job: JobId, };

export type JobArrive = { job: JobId, };

export type JobAssign = { job: JobId, cleaner: CleanerId, 
/**
 * Seat to fill or to give to another; the first free one when absent (seat 0 when none is free).
 */
seat?: number, expected_version?: number, };

export type JobClaim = { job: JobId, };

export type JobComplete = { job: JobId, };

export type JobDepart = { job: JobId, };

export type JobId = string;

/**
 * Somebody says to be editing a job. Nobody is kept from anything by it.
 */
export type JobLock = { job: JobId, holder: AccountId, name: string, since: string, 
/**
 * Who had it before, where it was taken over.
 */
taken_from?: AccountId, };

export type JobMove = { job: JobId, 
/**
 * Where it stays as it is, only who does it changes.
 */
start?: string, 
/**
 * Who is to be on the crew; where nobody is named, or who is on it, the crew stays.
 */
cleaner?: CleanerId, 
/**
 * The cleaner's seat, as for `job.assign`.
 */
seat?: number, expected_version?: number, };

export type JobNoAccess = { job: JobId, note?: string, };

export type JobNoShow = { job: JobId, };

export type JobPause = { job: JobId, };

export type JobResume = { job: JobId, };

/**
 * On `control`: a bar on the timeline, or an entry of the unassigned queue.
 */
export type JobRow = { id: JobId, version: number, number: number, status: JobStatus, at_risk: boolean, service: ServiceSlug, starts_at: string, duration_minutes: number, travel_buffer_minutes: number, 
/**
 * One entry per seat; `null` is not yet filled.
 */
seats: Array<CleanerId | null>, lead: CleanerId | null, booking: BookingId, booking_version: number, booking_status: BookingStatus, customer: CustomerId, customer_name: string | null, customer_phone: string | null, address: string, district: string, access_notes: string, lon: number, lat: number, times: Partial<Record<JobStatus, string>>, };

export type JobStart = { job: JobId, };

export type JobStatus = "unassigned" | "assigned" | "acknowledged" | "en_route" | "arrived" | "in_progress" | "paused" | "completed" | "verified" | "cancelled" | "no_access" | "cleaner_no_show";

export type JobUnassign = { job: JobId, seat?: number, expected_version?: number, };

export type JobVerify = { job: JobId, expected_version?: number, };

export type JobWatch = { job: JobId, };

export type JobWithdraw = { job: JobId, cleaner?: CleanerId, reason?: string, };

/**
 * Body of every ephemeral channel.
 */
export type LiveBody = { at: string, set: Array<LiveRow>, unset: Array<LiveRowKey>, };

/**
 * A row of an ephemeral channel, told apart by `kind`.
 */
export type LiveRow = { "kind": "position" } & PositionRow | { "kind": "track" } & TrackRow | { "kind": "presence" } & PresenceRow | { "kind": "instance" } & InstanceRow;

export type LiveRowKey = { kind: LiveRowKind, id: string, };

export type LiveRowKind = "position" | "track" | "presence" | "instance";

/**
 * Parameters of `location.report`: what a phone has gathered since it last got through.
 */
export type LocationReport = { fixes: Array<Fix>, };

/**
 * Parameters of `presence.lock`.
 */
export type LockRequest = { zone: ZoneSlug, job: JobId, 
/**
 * Also where somebody else has it, who is told so.
 */
take_over?: boolean, };

/**
 * Who says to be editing the job now.
 */
export type LockStands = { job: JobId, 
/**
 * It is the caller.
 */
yours: boolean, 
/**
 * Nobody says so: `null`.
 */
lock: JobLock | null, };

/**
 * The nearer and then the earlier first.
 */
export type Nearest = { slots: Array<Alternative>, };

/**
 * The hub's clock.
 */
export type Now = { now: string, };

/**
 * On `board`: a job with open seats, without its address.
 */
export type OpenJobRow = { id: JobId, version: number, number: number, service: ServiceSlug, starts_at: string, duration_minutes: number, travel_buffer_minutes: number, crew_size: number, open_seats: number, 
/**
 * Who is on the crew already, so that they do not see it as open to them.
 */
crew: Array<CleanerId>, district: string, 
/**
 * Rounded to 0.01 degrees.
 */
lon: number, lat: number, };

/**
 * Wall-clock minutes from local midnight between which work may go on.
 */
export type OpeningHours = { opens: number, closes: number, };

/**
 * The answer to a command.
 */
export type Outcome = { "outcome": "accepted", result: unknown, 
/**
 * Where the channels that the actor may read stand once they include this command.
 */
positions: { [key in string]: ReachedPosition }, } | { "outcome": "rejected", code: string, message: string, details: Record<string, unknown>, } | { "outcome": "refused", code: Refusal, message: string, details: Record<string, unknown>, };

export type Parting = "given_to_another" | "taken_away" | "given_back" | "cancelled";

/**
 * On `positions`: the last that was heard of a cleaner.
 */
export type PositionRow = { id: CleanerId, 
/**
 * Grows with `at`.
 */
version: number, at: string, lon: number, lat: number, accuracy_m?: number, heading?: number, speed?: number, 
/**
 * The booking they are on the way to.
 */
to?: BookingId, };

export type PresenceCounts = { 
/**
 * Signed in, guests too, and looking at slots or a visit of this zone.
 */
customers: number, 
/**
 * Connections of nobody in particular that look at slots of this zone.
 */
visitors: number, 
/**
 * Whose home zone this is.
 */
cleaners: number, 
/**
 * Dispatchers, managers and admins who watch the zone's control room.
 */
dispatchers: number, };

/**
 * On `presence`: the zone as it is now. Whoever has several connections, on whichever instances,
 * counts once.
 */
export type PresenceRow = { id: ZoneSlug, 
/**
 * Higher for every change; the same where nothing has changed and it is only said again.
 */
version: number, counts: PresenceCounts, 
/**
 * By name; at most 300 of them.
 */
cleaners: Array<PresentCleaner>, 
/**
 * By name; at most 300 of them.
 */
dispatchers: Array<PresentDispatcher>, 
/**
 * At most one for a job.
 */
locks: Array<JobLock>, };

export type PresentCleaner = { id: CleanerId, name: string, };

export type PresentDispatcher = { id: AccountId, name: string, role: Role, 
/**
 * What they look at, where they look at one thing.
 */
focus?: Focus, };

export type PropertyAdd = { customer?: CustomerId, address: string, district?: string, access_notes?: string, lon: number, lat: number, };

export type PropertyHit = { id: PropertyId, zone: ZoneSlug, address: string, district: string, customer: CustomerId, customer_name: string | null, };

export type PropertyId = string;

/**
 * On `customer`.
 */
export type PropertyRow = { id: PropertyId, version: number, zone: ZoneSlug, address: string, district: string, access_notes: string, lon: number, lat: number, };

/**
 * One query with its parameters.
 */
export type Query = { "kind": "clock.now", "parameters": ClockNow } | { "kind": "job.targets", "parameters": TargetsOf } | { "kind": "job.history", "parameters": HistoryOf } | { "kind": "job.fate", "parameters": FateOf } | { "kind": "slots.nearest", "parameters": SlotsNearest } | { "kind": "search", "parameters": SearchAsked } | { "kind": "catalogue.read", "parameters": CatalogueRead } | { "kind": "users.list", "parameters": UsersList } | { "kind": "cleaners.list", "parameters": CleanersList } | { "kind": "shifts.list", "parameters": ShiftsList } | { "kind": "templates.list", "parameters": TemplatesList } | { "kind": "time_off.list", "parameters": TimeOffList };

/**
 * A place in a channel. A position of another epoch than the reader's counts as passed.
 */
export type ReachedPosition = { offset: number, epoch: string, };

/**
 * Why no decision was made.
 */
export type Refusal = "unauthenticated" | "forbidden" | "not_found" | "invalid_argument" | "rate_limited" | "draining" | "unavailable" | "idempotency_mismatch" | "command_expired" | "internal";

/**
 * The rules say no. The serde tag is the wire code, the fields are `details`.
 */
export type Rejection = { "code": "out_of_area" } | { "code": "slot_gone", "details": { alternatives: Array<Alternative>, } } | { "code": "lead_time", "details": { earliest: string, } } | { "code": "outside_booking_window", "details": { latest: string, } } | { "code": "not_a_slot" } | { "code": "hold_limit", "details": { limit: number, } } | { "code": "hold_expired" } | { "code": "already_extended" } | { "code": "details_missing", "details": { missing: Array<string>, } } | { "code": "policy_window_closed", "details": { until: string, } } | { "code": "illegal_transition", "details": { from: string, } } | { "code": "stale_version", "details": { current: number, } } | { "code": "overlap", "details": { with?: TimeRange, } } | { "code": "skill_missing", "details": { missing: Array<string>, } } | { "code": "outside_shift" } | { "code": "time_off" } | { "code": "already_taken" } | { "code": "not_lead" } | { "code": "too_early", "details": { earliest: string, } } | { "code": "another_job_active", "details": { job: JobId, } } | { "code": "active_job", "details": { job: JobId, } } | { "code": "jobs_affected", "details": { jobs: Array<JobId>, } } | { "code": "already_resolved" } | { "code": "already_exists" } | { "code": "in_use" } | { "code": "import_faults", "details": { faults: Array<ImportFault>, fault_count: number, } } | { "code": "not_tracking" };

/**
 * What somebody is to the company.
 */
export type Role = "customer" | "cleaner" | "dispatcher" | "manager" | "admin" | "system";

/**
 * A row of any row channel, told apart by `kind`.
 */
export type Row = { "kind": "customer" } & CustomerRow | { "kind": "property" } & PropertyRow | { "kind": "hold" } & HoldRow | { "kind": "booking" } & BookingRow | { "kind": "visit" } & VisitRow | { "kind": "cleaner" } & CleanerRow | { "kind": "shift" } & ShiftRow | { "kind": "shift_template" } & ShiftTemplateRow | { "kind": "time_off" } & TimeOffRow | { "kind": "agenda_job" } & AgendaJobRow | { "kind": "open_job" } & OpenJobRow | { "kind": "job" } & JobRow | { "kind": "alert" } & AlertRow;

/**
 * Kind and id name a row within its channel.
 */
export type RowKey = { kind: RowKind, id: string, };

export type RowKind = "customer" | "property" | "hold" | "booking" | "visit" | "cleaner" | "shift" | "shift_template" | "time_off" | "agenda_job" | "open_job" | "job" | "alert";

/**
 * Bookings, customers and properties by whatever is known of them: parts of names and addresses,
 * digits of a phone, a job's number, an id. Spelling and script matter little.
 */
export type SearchAsked = { text: string, 
/**
 * All kinds when absent; in an address apart by commas.
 */
kinds?: Array<SearchKind>, zone?: ZoneSlug, 
/**
 * How many at most; twenty when absent.
 */
limit?: number, };

export type SearchKind = "booking" | "customer" | "property";

export type Service = { slug: ServiceSlug, name: string, duration_minutes: number, crew_size: number, skills: Array<SkillSlug>, travel_buffer_minutes: number, lead_time_minutes: number, booking_window_days: number, slot_step_minutes: number, price_minor: number, currency: string, active: boolean, version: number, };

export type ServiceSave = { slug: ServiceSlug, name: string, duration_minutes: number, crew_size: number, skills: Array<SkillSlug>, travel_buffer_minutes: number, lead_time_minutes: number, booking_window_days: number, slot_step_minutes: number, price_minor: number, currency: string, active: boolean, expected_version?: number, };

export type ServiceSlug = string;

/**
 * A sign-in, as the one who made it gets it.
 */
export type SessionBody = { access_token: string, 
/**
 * Seconds.
 */
expires_in: number, refresh_token: string, user: UserBody, };

export type ShiftCancel = { shift: ShiftId, 
/**
 * Take the shift's work away from the cleaner; without it that is a rejection.
 */
force?: boolean, expected_version?: number, };

export type ShiftChange = { shift: ShiftId, start: string, end: string, 
/**
 * Take the work away that the shift no longer covers; without it that is a rejection.
 */
force?: boolean, expected_version?: number, };

export type ShiftEntry = { id: ShiftId, cleaner: CleanerId, cleaner_name: string, zone: ZoneSlug, local_date: string, starts_at: string, ends_at: string, 
/**
 * The template that it was made from and still follows.
 */
template: TemplateId | null, version: number, };

/**
 * Wall-clock minutes from local midnight; an end past 1440 lies on the next day.
 */
export type ShiftHours = { starts: number, ends: number, };

export type ShiftId = string;

/**
 * By their beginning.
 */
export type ShiftPage = { shifts: Array<ShiftEntry>, 
/**
 * The `after` of the page behind this one; `null` at the end.
 */
next: string | null, };

export type ShiftPublish = { cleaner: CleanerId, zone: ZoneSlug, start: string, end: string, };

/**
 * On `agenda` and `control`.
 */
export type ShiftRow = { id: ShiftId, version: number, cleaner: CleanerId, zone: ZoneSlug, local_date: string, starts_at: string, ends_at: string, 
/**
 * The template that it was made from and still follows.
 */
template: TemplateId | null, };

/**
 * On `agenda`: the hours of a week, by the clock on the wall of the zone.
 */
export type ShiftTemplateRow = { id: TemplateId, version: number, cleaner: CleanerId, zone: ZoneSlug, 
/**
 * Monday first.
 */
week: [Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>], valid_from: string, 
/**
 * The last date; `null` is until further notice.
 */
valid_until: string | null, exceptions: Partial<Record<string, TemplateException>>, 
/**
 * The last date whose shifts have been made.
 */
planned_until: string | null, };

/**
 * Shifts that touch a range of time, the earlier first, a page at a time.
 */
export type ShiftsList = { zone?: ZoneSlug, cleaner?: CleanerId, from: string, until: string, 
/**
 * The `next` of the page before.
 */
after?: ShiftId, 
/**
 * How many at most; fifty when absent.
 */
limit?: number, };

export type SkillSlug = string;

/**
 * Body of `slots:{zone}:{date}`: changes to the number of free cleaners at a start. Readers add
 * them up and take floor(free / crew size); a start never mentioned has none.
 */
export type SlotsBody = { at: string, free: Array<FreeChange>, };

/**
 * The bookable starts nearest to one, that one included, within two days of it.
 */
export type SlotsNearest = { zone: ZoneSlug, service: ServiceSlug, start: string, 
/**
 * How many at most; three when absent.
 */
limit?: number, };

/**
 * What a job would be to one cleaner.
 */
export type Target = { cleaner: CleanerId, 
/**
 * In order.
 */
starts: string[], 
/**
 * The first reason against the start asked about.
 */
against: Rejection | null, };

/**
 * Where a job can be moved as it is at this version.
 */
export type Targets = { job: JobId, version: number, 
/**
 * By id.
 */
cleaners: Array<Target>, };

/**
 * Where a job can be moved: per cleaner of its zone the starts of its date, or the one named, that
 * `job.move` would accept, and why not the one asked about.
 */
export type TargetsOf = { job: JobId, 
/**
 * Only this start; where it is absent all of the job's date, every quarter of an hour, and the
 * one it has is asked about.
 */
start?: string, };

export type TemplateEnd = { template: TemplateId, last_date: string, force?: boolean, expected_version?: number, };

export type TemplateEntry = { id: TemplateId, cleaner: CleanerId, cleaner_name: string, zone: ZoneSlug, 
/**
 * Monday first.
 */
week: [Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>], valid_from: string, 
/**
 * The last date; `null` is until further notice.
 */
valid_until: string | null, exceptions: Partial<Record<string, TemplateException>>, version: number, };

export type TemplateExcept = { template: TemplateId, date: string, 
/**
 * Instead of the week's on that date, none of them for a day without; absent: the week's again.
 */
hours?: Array<ShiftHours>, force?: boolean, expected_version?: number, };

/**
 * What is different on one date.
 */
export type TemplateException = { "kind": "hours", hours: Array<ShiftHours>, } | { "kind": "by_hand" };

export type TemplateId = string;

/**
 * By the name of their cleaner.
 */
export type TemplatePage = { templates: Array<TemplateEntry>, 
/**
 * The `after` of the page behind this one; `null` at the end.
 */
next: string | null, };

export type TemplatePlan = { template: TemplateId, };

export type TemplateSave = { 
/**
 * Absent: a new template.
 */
template?: TemplateId, cleaner: CleanerId, zone: ZoneSlug, 
/**
 * Monday first.
 */
week: [Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>, Array<ShiftHours>], valid_from: string, 
/**
 * The last date; absent is until further notice.
 */
valid_until?: string, 
/**
 * Take the work away that changed shifts no longer cover; without it that is a rejection.
 */
force?: boolean, expected_version?: number, };

/**
 * Weekly templates of shifts with their exceptions, by their cleaner's name, a page at a time.
 */
export type TemplatesList = { zone?: ZoneSlug, cleaner?: CleanerId, 
/**
 * Those whose last date is not before this one.
 */
since?: string, 
/**
 * The `next` of the page before.
 */
after?: TemplateId, 
/**
 * How many at most; fifty when absent.
 */
limit?: number, };

export type TimeOffAdd = { cleaner: CleanerId, start: string, end: string, reason?: string, 
/**
 * Take assigned jobs away from the cleaner; without it they are a rejection that lists them.
 */
force?: boolean, };

export type TimeOffEntry = { id: TimeOffId, cleaner: CleanerId, cleaner_name: string, starts_at: string, ends_at: string, 
/**
 * For managers and admins: why somebody is away is no matter of all staff.
 */
reason: string | null, version: number, };

export type TimeOffId = string;

/**
 * Time off that touches a range of time, the earlier first, a page at a time.
 */
export type TimeOffList = { 
/**
 * Of those who call this zone home.
 */
zone?: ZoneSlug, cleaner?: CleanerId, from: string, until: string, 
/**
 * The `next` of the page before.
 */
after?: TimeOffId, 
/**
 * How many at most; fifty when absent.
 */
limit?: number, };

/**
 * By its beginning.
 */
export type TimeOffPage = { time_off: Array<TimeOffEntry>, 
/**
 * The `after` of the page behind this one; `null` at the end.
 */
next: string | null, };

/**
 * On `agenda`, and on `control` of those zones and dates where it cuts into a shift.
 */
export type TimeOffRow = { id: TimeOffId, version: number, cleaner: CleanerId, starts_at: string, ends_at: string, };

/**
 * A half-open range of time, never empty.
 */
export type TimeRange = { start: string, end: string, };

/**
 * On `track`: one of the crew on the way. About a hundred metres coarse, so that it tells no
 * door: the way begins at another customer's, or at home.
 */
export type TrackRow = { id: CleanerId, version: number, at: string, lon: number, lat: number, 
/**
 * The straight line and what streets add to it, at a town's usual speed.
 */
arrives_at: string, };

/**
 * Parameters of `presence.unlock`.
 */
export type UnlockRequest = { zone: ZoneSlug, job: JobId, };

export type UserBody = { id: AccountId, role: Role, name: string, };

/**
 * Somebody who can be signed in.
 */
export type UserEntry = { id: AccountId, role: Role, name: string, 
/**
 * To sign in with; `null` for who has no password.
 */
email: string | null, disabled: boolean, version: number, };

/**
 * By name.
 */
export type UserPage = { users: Array<UserEntry>, 
/**
 * The `after` of the page behind this one; `null` at the end.
 */
next: string | null, };

export type UserSave = { 
/**
 * Absent: a new account.
 */
account?: AccountId, role: Role, name: string, email?: string, password?: string, disabled?: boolean, expected_version?: number, };

/**
 * Accounts by name, a page at a time.
 */
export type UsersList = { 
/**
 * This one alone.
 */
account?: AccountId, 
/**
 * Part of a name or of an address.
 */
text?: string, 
/**
 * All roles when absent; in an address apart by commas.
 */
roles?: Array<Role>, disabled?: boolean, 
/**
 * The `next` of the page before.
 */
after?: AccountId, 
/**
 * How many at most; fifty when absent.
 */
limit?: number, };

/**
 * On `booking`: how the work stands, and who comes.
 */
export type VisitRow = { id: JobId, version: number, number: number, status: JobStatus, times: Partial<Record<JobStatus, string>>, 
/**
 * The lead first.
 */
crew: Array<CleanerCard>, };

export type Zone = { slug: ZoneSlug, name: string, 
/**
 * Outer ring of the dispatch area, `[lon, lat]`, closed.
 */
polygon: Array<[number, number]>, 
/**
 * IANA time zone name.
 */
time_zone: string, 
/**
 * Monday first; `null` is closed.
 */
opening_hours: [OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null], version: number, };

export type ZoneSave = { slug: ZoneSlug, name: string, polygon: Array<[number, number]>, time_zone: string, opening_hours: [OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null, OpeningHours | null], expected_version?: number, };

export type ZoneSlug = string;

/** Wire names of all commands. */
export type CommandKind = Command["kind"];

/** Wire names of all queries. */
export type QueryKind = Query["kind"];

/** Parameters by wire name. */
export type QueryKinds = { [Q in Query as Q["kind"]]: Q["parameters"] };

/** Answers by the query's wire name. */
export type QueryAnswers = { [A in Answer as A["kind"]]: A["answer"] };

/** Parameters by wire name. */
export type CommandKinds = { [C in Command as C["kind"]]: C["parameters"] };

export type RejectionCode = Rejection["code"];

/** The body of any channel. */
export type AnyBody = Body | SlotsBody | LiveBody;

/** The row of one kind. */
export type RowOf<K extends Row["kind"]> = Extract<Row, { kind: K }>;
