//! The rows that channels are made of. Each is a type made for its audience: what is not in the
//! type cannot leak. Instants are UTC; nothing here depends on the clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::body::{RowKey, RowKind};
use crate::domain::{
    alert::{AlertKind, AlertLevel, AlertStatus},
    entity::{BookingStatus, Duty, JobStatus},
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId,
        ServiceSlug, ShiftId, SkillSlug, TemplateId, TimeOffId, ZoneSlug,
    },
    template::{TemplateException, Week},
};

/// When each status was last entered.
pub type StatusTimes = BTreeMap<JobStatus, Timestamp>;

/// A row of any row channel, told apart by `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Row {
    Customer(CustomerRow),
    Property(PropertyRow),
    Hold(HoldRow),
    Booking(BookingRow),
    Visit(VisitRow),
    Cleaner(CleanerRow),
    Shift(ShiftRow),
    ShiftTemplate(ShiftTemplateRow),
    TimeOff(TimeOffRow),
    AgendaJob(AgendaJobRow),
    OpenJob(OpenJobRow),
    Job(JobRow),
    Alert(AlertRow),
}

impl Row {
    pub fn key(&self) -> RowKey {
        let (kind, id) = match self {
            Self::Customer(row) => (RowKind::Customer, row.id.0),
            Self::Property(row) => (RowKind::Property, row.id.0),
            Self::Hold(row) => (RowKind::Hold, row.id.0),
            Self::Booking(row) => (RowKind::Booking, row.id.0),
            Self::Visit(row) => (RowKind::Visit, row.id.0),
            Self::Cleaner(row) => (RowKind::Cleaner, row.id.0),
            Self::Shift(row) => (RowKind::Shift, row.id.0),
            Self::ShiftTemplate(row) => (RowKind::ShiftTemplate, row.id.0),
            Self::TimeOff(row) => (RowKind::TimeOff, row.id.0),
            Self::AgendaJob(row) => (RowKind::AgendaJob, row.id.0),
            Self::OpenJob(row) => (RowKind::OpenJob, row.id.0),
            Self::Job(row) => (RowKind::Job, row.id.0),
            Self::Alert(row) => (RowKind::Alert, row.id.0),
        };
        RowKey { kind, id }
    }
}

/// On `customer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CustomerRow {
    pub id: CustomerId,
    #[ts(type = "number")]
    pub version: i64,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// On `customer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PropertyRow {
    pub id: PropertyId,
    #[ts(type = "number")]
    pub version: i64,
    pub zone: ZoneSlug,
    pub address: String,
    pub district: String,
    pub access_notes: String,
    pub lon: f64,
    pub lat: f64,
}

/// On `customer`, while the hold is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct HoldRow {
    pub id: HoldId,
    #[ts(type = "number")]
    pub version: i64,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    #[ts(type = "string")]
    pub expires_at: Timestamp,
    pub extended: bool,
}

/// On `customer` and `booking`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct BookingRow {
    pub id: BookingId,
    #[ts(type = "number")]
    pub version: i64,
    pub status: BookingStatus,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    pub property: PropertyId,
    pub address: String,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    pub duration_minutes: u16,
    #[ts(type = "number")]
    pub price_minor: i64,
    pub currency: String,
    pub cancel_until_hours: u16,
}

/// On `booking`: how the work stands, and who comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct VisitRow {
    pub id: JobId,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "number")]
    pub number: i64,
    pub status: JobStatus,
    #[ts(type = "Partial<Record<JobStatus, string>>")]
    pub times: StatusTimes,
    /// The lead first.
    pub crew: Vec<CleanerCard>,
}

/// A cleaner as their customer sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CleanerCard {
    pub id: CleanerId,
    pub first_name: String,
}

/// On `agenda` (their own) and `control` (those with a shift in that zone on that date).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CleanerRow {
    pub id: CleanerId,
    #[ts(type = "number")]
    pub version: i64,
    pub name: String,
    pub phone: Option<String>,
    pub zones: BTreeSet<ZoneSlug>,
    pub skills: BTreeSet<SkillSlug>,
    pub duty: Duty,
    pub active: bool,
}

/// On `agenda` and `control`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ShiftRow {
    pub id: ShiftId,
    #[ts(type = "number")]
    pub version: i64,
    pub cleaner: CleanerId,
    pub zone: ZoneSlug,
    #[ts(type = "string")]
    pub local_date: Date,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    #[ts(type = "string")]
    pub ends_at: Timestamp,
    /// The template that it was made from and still follows.
    pub template: Option<TemplateId>,
}

/// On `agenda`: the hours of a week, by the clock on the wall of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ShiftTemplateRow {
    pub id: TemplateId,
    #[ts(type = "number")]
    pub version: i64,
    pub cleaner: CleanerId,
    pub zone: ZoneSlug,
    /// Monday first.
    pub week: Week,
    #[ts(type = "string")]
    pub valid_from: Date,
    /// The last date; `null` is until further notice.
    #[ts(type = "string | null")]
    pub valid_until: Option<Date>,
    #[ts(type = "Partial<Record<string, TemplateException>>")]
    pub exceptions: BTreeMap<Date, TemplateException>,
    /// The last date whose shifts have been made.
    #[ts(type = "string | null")]
    pub planned_until: Option<Date>,
}

/// On `agenda`, and on `control` of those zones and dates where it cuts into a shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TimeOffRow {
    pub id: TimeOffId,
    #[ts(type = "number")]
    pub version: i64,
    pub cleaner: CleanerId,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    #[ts(type = "string")]
    pub ends_at: Timestamp,
}

/// On `agenda`: one's own job in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct AgendaJobRow {
    pub id: JobId,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "number")]
    pub number: i64,
    pub status: JobStatus,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub local_date: Date,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    pub duration_minutes: u16,
    pub travel_buffer_minutes: u16,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub address: String,
    pub access_notes: String,
    pub lon: f64,
    pub lat: f64,
    /// Whether this cleaner leads: only the lead moves the job.
    pub lead: bool,
    /// First names of the others on the crew.
    pub with: Vec<String>,
    #[ts(type = "Partial<Record<JobStatus, string>>")]
    pub times: StatusTimes,
}

/// On `board`: a job with open seats, without its address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OpenJobRow {
    pub id: JobId,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "number")]
    pub number: i64,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    pub duration_minutes: u16,
    pub travel_buffer_minutes: u16,
    pub crew_size: u8,
    pub open_seats: u8,
    /// Who is on the crew already, so that they do not see it as open to them.
    pub crew: Vec<CleanerId>,
    pub district: String,
    /// Rounded to 0.01 degrees.
    pub lon: f64,
    pub lat: f64,
}

/// On `control`: a bar on the timeline, or an entry of the unassigned queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct JobRow {
    pub id: JobId,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "number")]
    pub number: i64,
    pub status: JobStatus,
    pub at_risk: bool,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    pub duration_minutes: u16,
    pub travel_buffer_minutes: u16,
    /// One entry per seat; `null` is not yet filled.
    pub seats: Vec<Option<CleanerId>>,
    pub lead: Option<CleanerId>,
    pub booking: BookingId,
    #[ts(type = "number")]
    pub booking_version: i64,
    pub booking_status: BookingStatus,
    pub customer: CustomerId,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub address: String,
    pub district: String,
    pub access_notes: String,
    pub lon: f64,
    pub lat: f64,
    #[ts(type = "Partial<Record<JobStatus, string>>")]
    pub times: StatusTimes,
}

/// On `control`, beside its job, until it is resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct AlertRow {
    pub id: AlertId,
    #[ts(type = "number")]
    pub version: i64,
    pub job: JobId,
    pub about: AlertKind,
    pub level: AlertLevel,
    pub status: AlertStatus,
    #[ts(type = "string")]
    pub raised_at: Timestamp,
    /// While it is snoozed.
    #[ts(type = "string | null")]
    pub snoozed_until: Option<Timestamp>,
    /// Who acknowledged or snoozed it.
    pub handled_by: Option<AccountId>,
}
