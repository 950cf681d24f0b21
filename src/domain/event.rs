//! What happened. Events are facts in the past tense; applying them to a [`World`] is the only way
//! that rows change, so that folding all events gives the rows.
//!
//! A fact that makes a row carries the whole row, version included; every other fact raises the
//! version of the row that it names by one. Occupancy rows never change: they are taken and freed.
//! So moving a promise from one cleaner to another leaves the versions of jobs, holds and cleaners
//! alone: nobody edits a promise.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    World,
    alert::Alert,
    entity::{
        Account, Booking, Cleaner, Customer, Duty, Hold, Job, JobStatus, Occupancy, Property,
        Service, Shift, TimeOff, TimeRange, Zone,
    },
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, ShiftId, SkillSlug,
        TemplateId,
    },
    template::ShiftTemplate,
};

macro_rules! events {
    ($($kind:literal of $aggregate:literal $id:expr => $variant:ident { $($field:ident : $type:ty),* $(,)? })*) => {
        /// A fact of the business.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Event { $(#[serde(rename = $kind)] $variant { $($field: $type),* },)* }

        impl Event {
            /// Names of all kinds of events.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// Version of the shape of the bodies.
            pub const SCHEMA_VERSION: i32 = 1;

            /// The name of the fact, like `job.departed`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind,)* }
            }

            /// Whose fact it is: the kind of row, and its id.
            pub fn aggregate(&self) -> (&'static str, String) {
                match self {
                    $(
                        #[allow(unused_variables, reason = "each kind needs one field of all")]
                        Self::$variant { $($field),* } => ($aggregate, $id.to_string()),
                    )*
                }
            }
        }
    };
}

events! {
    "account.saved" of "account" account.id => AccountSaved { account: Account }
    "customer.created" of "customer" customer.id => CustomerCreated { customer: Customer }
    "customer.updated" of "customer" customer => CustomerUpdated {
        customer: CustomerId, name: Option<String>, phone: Option<String>, email: Option<String>,
    }
    "property.added" of "property" property.id => PropertyAdded { property: Property }

    "hold.placed" of "hold" hold.id => HoldPlaced { hold: Hold }
    "hold.extended" of "hold" hold => HoldExtended { hold: HoldId, expires_at: Timestamp }
    "hold.consumed" of "hold" hold => HoldConsumed { hold: HoldId, booking: BookingId }
    "hold.released" of "hold" hold => HoldReleased { hold: HoldId }
    "hold.expired" of "hold" hold => HoldExpired { hold: HoldId }

    "booking.confirmed" of "booking" booking.id => BookingConfirmed { booking: Booking }
    "booking.cancelled" of "booking" booking => BookingCancelled {
        booking: BookingId, reason: Option<String>, at: Timestamp,
    }
    "booking.rescheduled" of "booking" booking => BookingRescheduled {
        booking: BookingId, starts_at: Timestamp, local_date: Date, at: Timestamp,
    }
    "booking.begun" of "booking" booking => BookingBegun { booking: BookingId, at: Timestamp }
    "booking.completed" of "booking" booking => BookingCompleted { booking: BookingId, at: Timestamp }
    "booking.closed" of "booking" booking => BookingClosed { booking: BookingId, at: Timestamp }
    "booking.not_served" of "booking" booking => BookingNotServed { booking: BookingId, at: Timestamp }

    "job.created" of "job" job.id => JobCreated { job: Job }
    // `status` is the job's after the fact
    "job.assigned" of "job" job => JobAssigned {
        job: JobId, seat: u8, cleaner: CleanerId, instead_of: Option<CleanerId>, status: JobStatus, at: Timestamp,
    }
    "job.unassigned" of "job" job => JobUnassigned {
        job: JobId, seat: u8, cleaner: CleanerId, status: JobStatus, at: Timestamp,
    }
    "job.withdrawn" of "job" job => JobWithdrawn {
        job: JobId, seat: u8, cleaner: CleanerId, reason: Option<String>, status: JobStatus, at: Timestamp,
    }
    "job.moved" of "job" job => JobMoved {
        job: JobId, starts_at: Timestamp, local_date: Date, status: JobStatus, at: Timestamp,
    }
    "job.acknowledged" of "job" job => JobAcknowledged { job: JobId, at: Timestamp }
    "job.departed" of "job" job => JobDeparted { job: JobId, at: Timestamp }
    "job.arrived" of "job" job => JobArrived { job: JobId, at: Timestamp }
    "job.started" of "job" job => JobStarted { job: JobId, at: Timestamp }
    "job.paused" of "job" job => JobPaused { job: JobId, at: Timestamp }
    "job.resumed" of "job" job => JobResumed { job: JobId, at: Timestamp }
    "job.completed" of "job" job => JobCompleted { job: JobId, at: Timestamp }
    "job.verified" of "job" job => JobVerified { job: JobId, at: Timestamp }
    "job.not_accessed" of "job" job => JobNotAccessed { job: JobId, note: Option<String>, at: Timestamp }
    "job.cancelled" of "job" job => JobCancelled { job: JobId, at: Timestamp }
    "job.missed" of "job" job => JobMissed { job: JobId, at: Timestamp }
    "job.put_at_risk" of "job" job => JobPutAtRisk { job: JobId }
    "job.secured" of "job" job => JobSecured { job: JobId }

    // new, raised anew, or worse than it was
    "alert.raised" of "alert" alert.id => AlertRaised { alert: Alert }
    "alert.acknowledged" of "alert" alert => AlertAcknowledged {
        alert: AlertId, by: AccountId, at: Timestamp,
    }
    "alert.snoozed" of "alert" alert => AlertSnoozed {
        alert: AlertId, until: Timestamp, by: AccountId, at: Timestamp,
    }
    // by nobody where its cause has gone
    "alert.resolved" of "alert" alert => AlertResolved {
        alert: AlertId, by: Option<AccountId>, at: Timestamp,
    }

    "cleaner.saved" of "cleaner" cleaner.id => CleanerSaved { cleaner: Cleaner }
    "cleaner.duty_set" of "cleaner" cleaner => DutySet { cleaner: CleanerId, duty: Duty }
    "shift.published" of "shift" shift.id => ShiftPublished { shift: Shift }
    "shift.changed" of "shift" shift => ShiftChanged {
        shift: ShiftId, local_date: Date, during: TimeRange, template: Option<TemplateId>,
    }
    // The row as it was: it is no more
    "shift.cancelled" of "shift" shift.id => ShiftCancelled { shift: Shift }
    "template.saved" of "template" template.id => TemplateSaved { template: ShiftTemplate }
    "template.planned" of "template" template => TemplatePlanned { template: TemplateId, until: Date }
    "template.left_to_hand" of "template" template => TemplateLeftToHand {
        template: TemplateId, date: Date,
    }
    "time_off.added" of "time_off" time_off.id => TimeOffAdded { time_off: TimeOff }
    "occupancy.taken" of "occupancy" occupancy.id => OccupancyTaken { occupancy: Occupancy }
    "occupancy.freed" of "occupancy" occupancy.id => OccupancyFreed { occupancy: Occupancy }

    "zone.saved" of "zone" zone.slug => ZoneSaved { zone: Zone }
    "service.saved" of "service" service.slug => ServiceSaved { service: Service }
    "skill.added" of "skill" skill => SkillAdded { skill: SkillSlug, name: String }
}

impl Event {
    /// The version of its row once it has been applied to `world`; of a row that is no more, the
    /// one after its last. A row of occupancy is taken at 1 and freed at 2; a skill has only one.
    #[expect(clippy::too_many_lines, reason = "one short arm per fact")]
    pub fn aggregate_version(&self, world: &World) -> i64 {
        match self {
            Self::AccountSaved { account } => account.version,
            Self::CustomerCreated { customer } => customer.version,
            Self::PropertyAdded { property } => property.version,
            Self::HoldPlaced { hold } => hold.version,
            Self::BookingConfirmed { booking } => booking.version,
            Self::JobCreated { job } => job.version,
            Self::AlertRaised { alert } => alert.version,
            Self::AlertAcknowledged { alert, .. }
            | Self::AlertSnoozed { alert, .. }
            | Self::AlertResolved { alert, .. } => {
                world.alerts.get(alert).map_or(0, |row| row.version)
            }
            Self::CleanerSaved { cleaner } => cleaner.version,
            Self::ShiftPublished { shift } => shift.version,
            Self::ShiftCancelled { shift } => shift.version + 1,
            Self::ShiftChanged { shift, .. } => {
                world.shifts.get(shift).map_or(0, |row| row.version)
            }
            Self::TemplateSaved { template } => template.version,
            Self::TemplatePlanned { template, .. } | Self::TemplateLeftToHand { template, .. } => {
                world.templates.get(template).map_or(0, |row| row.version)
            }
            Self::TimeOffAdded { time_off } => time_off.version,
            Self::ZoneSaved { zone } => zone.version,
            Self::ServiceSaved { service } => service.version,
            Self::SkillAdded { .. } | Self::OccupancyTaken { .. } => 1,
            Self::OccupancyFreed { .. } => 2,
            Self::CustomerUpdated { customer, .. } => {
                world.customers.get(customer).map_or(0, |row| row.version)
            }
            Self::DutySet { cleaner, .. } => {
                world.cleaners.get(cleaner).map_or(0, |row| row.version)
            }
            Self::HoldExtended { hold, .. }
            | Self::HoldConsumed { hold, .. }
            | Self::HoldReleased { hold }
            | Self::HoldExpired { hold } => world.holds.get(hold).map_or(0, |row| row.version),
            Self::BookingCancelled { booking, .. }
            | Self::BookingBegun { booking, .. }
            | Self::BookingRescheduled { booking, .. }
            | Self::BookingCompleted { booking, .. }
            | Self::BookingClosed { booking, .. }
            | Self::BookingNotServed { booking, .. } => {
                world.bookings.get(booking).map_or(0, |row| row.version)
            }
            Self::JobAssigned { job, .. }
            | Self::JobUnassigned { job, .. }
            | Self::JobWithdrawn { job, .. }
            | Self::JobAcknowledged { job, .. }
            | Self::JobDeparted { job, .. }
            | Self::JobArrived { job, .. }
            | Self::JobStarted { job, .. }
            | Self::JobPaused { job, .. }
            | Self::JobResumed { job, .. }
            | Self::JobMoved { job, .. }
            | Self::JobCompleted { job, .. }
            | Self::JobVerified { job, .. }
            | Self::JobNotAccessed { job, .. }
            | Self::JobCancelled { job, .. }
            | Self::JobMissed { job, .. }
            | Self::JobPutAtRisk { job }
            | Self::JobSecured { job } => world.jobs.get(job).map_or(0, |row| row.version),
        }
    }
}
