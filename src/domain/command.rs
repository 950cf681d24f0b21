//! Everything that can be asked of the business. The wire name is the serde tag.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Rejection,
    context::Role,
    contract::{Contract, ContractVisitor},
    entity::{Duty, OpeningHours},
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId,
        ServiceSlug, ShiftId, SkillSlug, TemplateId, ZoneSlug,
    },
    import::ImportText,
    instant::{kept, kept_if_any},
    template::{ShiftHours, Week},
};

macro_rules! commands {
    ($($wire:literal $variant:ident $parameters:ident { $($(#[$meta:meta])* $field:ident : $type:ty),* $(,)? })*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
            #[serde(deny_unknown_fields)]
            #[ts(optional_fields)]
            pub struct $parameters { $($(#[$meta])* pub $field: $type,)* }
        )*

        /// One command with its parameters.
        #[derive(Debug, Clone, PartialEq, TS)]
        #[ts(tag = "kind", content = "parameters")]
        pub enum Command { $(#[ts(rename = $wire)] $variant($parameters),)* }

        impl Command {
            /// Wire names of all commands.
            pub const KINDS: &'static [&'static str] = &[$($wire),*];

            /// The wire name.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $wire,)* }
            }

            /// Reads the parameters of the command called `kind`; `None` where there is no such command.
            pub fn parse(kind: &str, parameters: serde_json::Value) -> Option<Result<Self, serde_json::Error>> {
                match kind {
                    $($wire => Some(serde_json::from_value(parameters).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// Whether the contract of this command has this rejection.
            pub fn may_end_in(&self, rejection: &Rejection) -> bool {
                match self { $(Self::$variant(_) => <$parameters as Contract>::may_end_in(rejection),)* }
            }

            /// Shows the contract of every command, in the order of [`Self::KINDS`].
            pub fn visit_contracts(visitor: &mut impl ContractVisitor) {
                $(visitor.visit::<$parameters>($wire);)*
            }

            /// The parameters as a JSON value, keys in a fixed order.
            pub fn parameters(&self) -> serde_json::Value {
                match self { $(Self::$variant(parameters) => serde_json::to_value(parameters),)* }
                    .expect("parameters are plain data")
            }
        }
    };
}

commands! {
    // Customers. `customer` is named by staff; a customer means themself.
    "customer.update" UpdateCustomer CustomerUpdate {
        customer: Option<CustomerId>, name: Option<String>, phone: Option<String>, email: Option<String>,
        expected_version: Option<i64>,
    }
    "customer.create" CreateCustomer CustomerCreate { name: String, phone: String, email: Option<String> }
    "property.add" AddProperty PropertyAdd {
        customer: Option<CustomerId>, address: String, district: Option<String>, access_notes: Option<String>,
        lon: f64, lat: f64,
    }
    // Holds and bookings
    "hold.place" PlaceHold HoldPlace {
        customer: Option<CustomerId>, zone: ZoneSlug, service: ServiceSlug,
        #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp,
    }
    "hold.extend" ExtendHold HoldExtend { hold: HoldId }
    "hold.release" ReleaseHold HoldRelease { hold: HoldId }
    "hold.expire" ExpireHold HoldExpire { hold: HoldId }
    "booking.confirm" ConfirmBooking BookingConfirm { hold: HoldId, property: PropertyId }
    "booking.create" CreateBooking BookingCreate {
        customer: CustomerId, property: PropertyId, service: ServiceSlug,
        #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp,
    }
    "booking.cancel" CancelBooking BookingCancel {
        booking: BookingId, reason: Option<String>, expected_version: Option<i64>,
    }
    "booking.reschedule" RescheduleBooking BookingReschedule {
        booking: BookingId, #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp, expected_version: Option<i64>,
    }
    // Dispatch
    "job.claim" ClaimJob JobClaim { job: JobId }
    "job.assign" AssignJob JobAssign {
        job: JobId, cleaner: CleanerId,
        /// Seat to fill or to give to another; the first free one when absent (seat 0 when none is free).
        seat: Option<u8>,
        expected_version: Option<i64>,
    }
    "job.move" MoveJob JobMove {
        job: JobId,
        /// Where it stays as it is, only who does it changes.
        #[ts(as = "Option<String>")] #[serde(default, deserialize_with = "kept_if_any")] start: Option<Timestamp>,
        /// Who is to be on the crew; where nobody is named, or who is on it, the crew stays.
        cleaner: Option<CleanerId>,
        /// The cleaner's seat, as for `job.assign`.
        seat: Option<u8>,
        expected_version: Option<i64>,
    }
    "job.unassign" UnassignJob JobUnassign {
        job: JobId, seat: Option<u8>, expected_version: Option<i64>,
    }
    // The work itself; the lead's, or a dispatcher's on their behalf
    "job.acknowledge" AcknowledgeJob JobAcknowledge { job: JobId }
    "job.depart" DepartForJob JobDepart { job: JobId }
    "job.arrive" ArriveAtJob JobArrive { job: JobId }
    "job.start" StartJob JobStart { job: JobId }
    "job.pause" PauseJob JobPause { job: JobId }
    "job.resume" ResumeJob JobResume { job: JobId }
    "job.complete" CompleteJob JobComplete { job: JobId }
    "job.no_access" ReportNoAccess JobNoAccess { job: JobId, note: Option<String> }
    "job.verify" VerifyJob JobVerify { job: JobId, expected_version: Option<i64> }
    "job.withdraw" WithdrawFromJob JobWithdraw {
        job: JobId, cleaner: Option<CleanerId>, reason: Option<String>,
    }
    "job.no_show" ReportNoShow JobNoShow { job: JobId }
    // What the passing of time alone makes of a job; the timer's
    "job.watch" WatchJob JobWatch { job: JobId }
    "alert.acknowledge" AcknowledgeAlert AlertAcknowledge { alert: AlertId, expected_version: Option<i64> }
    "alert.snooze" SnoozeAlert AlertSnooze {
        alert: AlertId, #[ts(type = "string")] #[serde(deserialize_with = "kept")] until: Timestamp, expected_version: Option<i64>,
    }
    "alert.resolve" ResolveAlert AlertResolve { alert: AlertId, expected_version: Option<i64> }
    // People's time
    "duty.set" SetDuty DutySet { cleaner: Option<CleanerId>, duty: Duty }
    "shift.publish" PublishShift ShiftPublish {
        cleaner: CleanerId, zone: ZoneSlug,
        #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp, #[ts(type = "string")] #[serde(deserialize_with = "kept")] end: Timestamp,
    }
    "shift.change" ChangeShift ShiftChange {
        shift: ShiftId,
        #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp, #[ts(type = "string")] #[serde(deserialize_with = "kept")] end: Timestamp,
        /// Take the work away that the shift no longer covers; without it that is a rejection.
        force: Option<bool>,
        expected_version: Option<i64>,
    }
    "shift.cancel" CancelShift ShiftCancel {
        shift: ShiftId,
        /// Take the shift's work away from the cleaner; without it that is a rejection.
        force: Option<bool>,
        expected_version: Option<i64>,
    }
    // Weekly templates of shifts, by the clock on the wall of their zone
    "template.save" SaveTemplate TemplateSave {
        /// Absent: a new template.
        template: Option<TemplateId>,
        cleaner: CleanerId, zone: ZoneSlug,
        /// Monday first.
        week: Week,
        #[ts(type = "string")] valid_from: Date,
        /// The last date; absent is until further notice.
        #[ts(as = "Option<String>")] valid_until: Option<Date>,
        /// Take the work away that changed shifts no longer cover; without it that is a rejection.
        force: Option<bool>,
        expected_version: Option<i64>,
    }
    "template.end" EndTemplate TemplateEnd {
        template: TemplateId, #[ts(type = "string")] last_date: Date, force: Option<bool>,
        expected_version: Option<i64>,
    }
    "template.except" ExceptTemplate TemplateExcept {
        template: TemplateId, #[ts(type = "string")] date: Date,
        /// Instead of the week's on that date, none of them for a day without; absent: the week's again.
        hours: Option<Vec<ShiftHours>>,
        force: Option<bool>,
        expected_version: Option<i64>,
    }
    "template.plan" PlanTemplate TemplatePlan { template: TemplateId }
    "time_off.add" AddTimeOff TimeOffAdd {
        cleaner: CleanerId, #[ts(type = "string")] #[serde(deserialize_with = "kept")] start: Timestamp, #[ts(type = "string")] #[serde(deserialize_with = "kept")] end: Timestamp,
        reason: Option<String>,
        /// Take assigned jobs away from the cleaner; without it they are a rejection that lists them.
        force: Option<bool>,
    }
    // Administration: with no `expected_version` a new row is made.
    "admin.zone_save" SaveZone ZoneSave {
        slug: ZoneSlug, name: String, polygon: Vec<[f64; 2]>, time_zone: String,
        opening_hours: [Option<OpeningHours>; 7], expected_version: Option<i64>,
    }
    "admin.service_save" SaveService ServiceSave {
        slug: ServiceSlug, name: String, duration_minutes: u16, crew_size: u8, skills: BTreeSet<SkillSlug>,
        travel_buffer_minutes: u16, lead_time_minutes: u32, booking_window_days: u16, slot_step_minutes: u16,
        #[ts(type = "number")] price_minor: i64, currency: String, active: bool,
        expected_version: Option<i64>,
    }
    "admin.user_save" SaveUser UserSave {
        /// Absent: a new account.
        account: Option<AccountId>, role: Role, name: String, email: Option<String>,
        #[ts(as = "Option<String>")] #[schemars(with = "Option<String>")] password: Option<NewPassword>, disabled: Option<bool>,
        expected_version: Option<i64>,
    }
    "admin.cleaner_save" SaveCleaner CleanerSave {
        /// Absent: a new cleaner with an account of its own.
        cleaner: Option<CleanerId>, name: String, phone: Option<String>, email: Option<String>,
        zones: BTreeSet<ZoneSlug>, skills: BTreeSet<SkillSlug>, active: bool,
        expected_version: Option<i64>,
    }
    "admin.import" ImportCompany AdminImport {
        /// Zones as a `GeoJSON` text.
        #[ts(as = "Option<String>")] #[schemars(with = "Option<String>")] zones: Option<ImportText>,
        /// Cleaners as a CSV text.
        #[ts(as = "Option<String>")] #[schemars(with = "Option<String>")] cleaners: Option<ImportText>,
        /// Shifts as a CSV text.
        #[ts(as = "Option<String>")] #[schemars(with = "Option<String>")] shifts: Option<ImportText>,
        /// Import nothing, and list every fault.
        dry_run: Option<bool>,
    }
}

/// A password on its way in. It is hashed at the edge, before the decision; written out (receipts,
/// audit, logs) it only says that there was one.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct NewPassword {
    plain: String,
    /// The argon2id hash, once made.
    pub hash: Option<String>,
}

impl NewPassword {
    pub fn plain(&self) -> &str {
        &self.plain
    }
}

impl From<String> for NewPassword {
    fn from(plain: String) -> Self {
        Self { plain, hash: None }
    }
}

impl Serialize for NewPassword {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(***)")
    }
}
