//! What accepted commands answer: the `result` of the envelope. New ids are here; how things stand
//! afterwards is on the channels.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::{
    alert::AlertStatus,
    entity::{Duty, HoldStatus, JobStatus},
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId,
        ServiceSlug, ShiftId, TemplateId, TimeOffId, ZoneSlug,
    },
    import::ImportFault,
};

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
        pub struct $name { $($(#[$meta])* pub $field: $type,)* }
    )*};
}

/// What became of a file's lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ImportCounts {
    pub new: u32,
    pub changed: u32,
    pub unchanged: u32,
}

answers! {
    /// Whose details were written.
    CustomerWritten { customer: CustomerId }
    /// A new property, and the zone that it lies in.
    PropertyAdded { property: PropertyId, zone: ZoneSlug }
    /// A hold and the end of it.
    SlotHeld { hold: HoldId, #[ts(type = "string")] expires_at: Timestamp }
    /// A hold that is no more.
    HoldEnded { hold: HoldId }
    /// What became of a hold.
    HoldStands { hold: HoldId, status: HoldStatus, #[ts(type = "string")] expires_at: Timestamp }
    /// A new booking, its job, and the number by which people call it.
    Booked { booking: BookingId, job: JobId, #[ts(type = "number")] number: i64 }
    /// Which booking was changed.
    BookingWritten { booking: BookingId }
    /// When the visit is now.
    BookingMoved { booking: BookingId, job: JobId, #[ts(type = "string")] starts_at: Timestamp }
    /// When the job is now, and how it stands.
    JobMoved { job: JobId, #[ts(type = "string")] starts_at: Timestamp, status: JobStatus }
    /// Who has which seat of a job's crew now.
    SeatFilled { job: JobId, seat: u8, cleaner: CleanerId }
    /// How the job stands now.
    JobStands { job: JobId, status: JobStatus }
    /// When the job is to be looked at next, if nobody touches it.
    JobWatched { job: JobId, #[ts(type = "string | null")] next: Option<Timestamp> }
    /// How the alert stands now.
    AlertStands { alert: AlertId, status: AlertStatus }
    /// What a cleaner says of themself now.
    DutyStands { cleaner: CleanerId, duty: Duty }
    /// A new shift.
    ShiftWritten { shift: ShiftId }
    /// A shift that was changed or cancelled, and the jobs that its cleaner lost with it.
    ShiftReshaped { shift: ShiftId, unassigned: BTreeSet<JobId> }
    /// A template at its new version, and the jobs that its cleaner lost with it.
    TemplateWritten {
        template: TemplateId, #[ts(type = "number")] version: i64, unassigned: BTreeSet<JobId>,
    }
    /// A new time off, and the jobs that were taken from the cleaner for it.
    TimeOffAdded { time_off: TimeOffId, unassigned: BTreeSet<JobId> }
    /// Whether anybody sees the position now: an older one, or one too coarse, is not shown.
    LocationTaken { shown: bool }
    /// A zone at its new version.
    ZoneSaved { zone: ZoneSlug, #[ts(type = "number")] version: i64 }
    /// A service at its new version.
    ServiceSaved { service: ServiceSlug, #[ts(type = "number")] version: i64 }
    /// An account at its new version.
    UserSaved { account: AccountId, #[ts(type = "number")] version: i64 }
    /// What an import has done, or in a dry run would do without its faults.
    Imported {
        dry_run: bool, zones: ImportCounts, cleaners: ImportCounts, shifts: ImportCounts,
        faults: Vec<ImportFault>,
        /// Of all faults, listed or not.
        fault_count: u32,
    }
    /// A cleaner at their new version.
    CleanerSaved { cleaner: CleanerId, #[ts(type = "number")] version: i64 }
}
