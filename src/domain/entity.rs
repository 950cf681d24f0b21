//! The rows of the business. Terms are those of the glossary; every range is half open.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    context::Role,
    ids::{
        AccountId, BookingId, CleanerId, CustomerId, HoldId, JobId, OccupancyId, PropertyId,
        ServiceSlug, ShiftId, SkillSlug, TemplateId, TimeOffId, ZoneSlug,
    },
};

/// A half-open range of time, never empty.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
pub struct TimeRange {
    #[ts(type = "string")]
    pub start: Timestamp,
    #[ts(type = "string")]
    pub end: Timestamp,
}

impl TimeRange {
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub fn contains_instant(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// Anybody known to the company who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub role: Role,
    pub name: String,
    pub disabled: bool,
    /// Sign-in address of the password provider, lower case.
    pub email: Option<String>,
    /// Set by the command that changes it, to be stored with the identity; never read back or
    /// written anywhere else.
    #[serde(skip)]
    pub new_password_hash: Option<String>,
    pub version: i64,
}

/// Wall-clock minutes from local midnight between which work may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OpeningHours {
    pub opens: u16,
    pub closes: u16,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Zone {
    pub slug: ZoneSlug,
    pub name: String,
    /// Outer ring of the dispatch area, `[lon, lat]`, closed.
    pub polygon: Vec<[f64; 2]>,
    /// IANA time zone name.
    pub time_zone: String,
    /// Monday first; `null` is closed.
    pub opening_hours: [Option<OpeningHours>; 7],
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Service {
    pub slug: ServiceSlug,
    pub name: String,
    pub duration_minutes: u16,
    pub crew_size: u8,
    pub skills: BTreeSet<SkillSlug>,
    pub travel_buffer_minutes: u16,
    pub lead_time_minutes: u32,
    pub booking_window_days: u16,
    pub slot_step_minutes: u16,
    #[ts(type = "number")]
    pub price_minor: i64,
    pub currency: String,
    pub active: bool,
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    pub id: PropertyId,
    pub customer: CustomerId,
    pub zone: ZoneSlug,
    pub address: String,
    pub district: String,
    pub access_notes: String,
    pub lon: f64,
    pub lat: f64,
    pub version: i64,
}

/// Whether a cleaner says they are working: a business fact, not a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    Off,
    On,
    Break,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaner {
    pub id: CleanerId,
    pub name: String,
    pub phone: Option<String>,
    pub zones: BTreeSet<ZoneSlug>,
    pub skills: BTreeSet<SkillSlug>,
    pub duty: Duty,
    pub active: bool,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    pub id: ShiftId,
    pub cleaner: CleanerId,
    pub zone: ZoneSlug,
    pub local_date: Date,
    pub during: TimeRange,
    /// The template that it was made from and still follows; `None` once made or changed by hand.
    #[serde(default)]
    pub template: Option<TemplateId>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeOff {
    pub id: TimeOffId,
    pub cleaner: CleanerId,
    pub during: TimeRange,
    pub reason: String,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    Active,
    Consumed,
    Released,
    Expired,
}

impl HoldStatus {
    /// As on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Consumed => "consumed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

/// A reservation of capacity while the customer fills in the form. Each seat has a row of
/// occupancy; a seat may lose it to forced time off, and the hold is honoured all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: HoldId,
    pub customer: CustomerId,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    pub starts_at: Timestamp,
    pub placed_at: Timestamp,
    pub expires_at: Timestamp,
    pub extended: bool,
    pub status: HoldStatus,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    Confirmed,
    InService,
    Completed,
    Closed,
    Cancelled,
    NotServed,
}

impl BookingStatus {
    /// As on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::InService => "in_service",
            Self::Completed => "completed",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::NotServed => "not_served",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub id: BookingId,
    pub hold: Option<HoldId>,
    pub customer: CustomerId,
    pub property: PropertyId,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    pub starts_at: Timestamp,
    /// Of the start, in the zone.
    pub local_date: Date,
    pub price_minor: i64,
    pub currency: String,
    /// The policy as sold: hours before the start until which the customer may cancel alone.
    pub cancel_until_hours: u16,
    pub status: BookingStatus,
    pub booked_at: Timestamp,
    pub version: i64,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Unassigned,
    Assigned,
    Acknowledged,
    EnRoute,
    Arrived,
    InProgress,
    Paused,
    Completed,
    Verified,
    Cancelled,
    NoAccess,
    CleanerNoShow,
}

impl JobStatus {
    pub const ALL: [Self; 12] = [
        Self::Unassigned,
        Self::Assigned,
        Self::Acknowledged,
        Self::EnRoute,
        Self::Arrived,
        Self::InProgress,
        Self::Paused,
        Self::Completed,
        Self::Verified,
        Self::Cancelled,
        Self::NoAccess,
        Self::CleanerNoShow,
    ];

    /// It takes its course. A visit that nobody came for does not, although it may be saved.
    pub fn is_live(self) -> bool {
        !matches!(
            self,
            Self::Completed
                | Self::Verified
                | Self::Cancelled
                | Self::NoAccess
                | Self::CleanerNoShow
        )
    }

    /// The crew is en route or on site.
    pub fn is_under_way(self) -> bool {
        matches!(
            self,
            Self::EnRoute | Self::Arrived | Self::InProgress | Self::Paused
        )
    }

    /// As on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unassigned => "unassigned",
            Self::Assigned => "assigned",
            Self::Acknowledged => "acknowledged",
            Self::EnRoute => "en_route",
            Self::Arrived => "arrived",
            Self::InProgress => "in_progress",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoAccess => "no_access",
            Self::Verified => "verified",
            Self::CleanerNoShow => "cleaner_no_show",
        }
    }
}

/// One place on a job's crew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub cleaner: CleanerId,
    pub filled_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    /// Counted up from 1001, said aloud as `J-1042`.
    pub number: i64,
    pub booking: BookingId,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    pub starts_at: Timestamp,
    pub local_date: Date,
    pub duration_minutes: u16,
    pub travel_buffer_minutes: u16,
    /// One entry per seat of the crew; `None` is a seat not yet filled.
    pub seats: Vec<Option<Seat>>,
    pub status: JobStatus,
    /// Some seat has neither a cleaner nor reserved time.
    pub at_risk: bool,
    /// When each status was last entered.
    pub times: BTreeMap<JobStatus, Timestamp>,
    pub version: i64,
}

impl Job {
    /// The first filled seat's cleaner: their status commands move the job.
    pub fn lead(&self) -> Option<CleanerId> {
        (0..)
            .zip(&self.seats)
            .filter_map(|(place, seat): (usize, _)| seat.map(|seat| (seat.filled_at, place, seat)))
            .min_by_key(|(filled_at, place, _)| (*filled_at, *place))
            .map(|(_, _, seat)| seat.cleaner)
    }

    /// Everybody on the crew, by seat.
    pub fn crew(&self) -> impl Iterator<Item = CleanerId> + '_ {
        self.seats.iter().flatten().map(|seat| seat.cleaner)
    }

    /// Seats by number, with who fills them.
    pub fn seats_by_number(&self) -> impl Iterator<Item = (u8, Option<CleanerId>)> + '_ {
        (0_u8..).zip(self.seats.iter().map(|seat| seat.map(|seat| seat.cleaner)))
    }
}

impl Cause {
    /// Which seat of the crew it is about.
    pub fn seat(self) -> Option<u8> {
        match self {
            Self::Hold { seat, .. } | Self::Reserved { seat, .. } | Self::Assigned { seat, .. } => {
                Some(seat)
            }
            Self::TimeOff { .. } => None,
        }
    }

    /// Whether re-homing may move it to another cleaner.
    pub fn is_movable(self) -> bool {
        match self {
            Self::Hold { .. } | Self::Reserved { .. } => true,
            Self::Assigned { .. } | Self::TimeOff { .. } => false,
        }
    }
}

/// Why a cleaner's time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// Capacity promised to a hold; may be moved to another cleaner.
    Hold { hold: HoldId, seat: u8 },
    /// Capacity promised to a booked job's unfilled seat; may be moved to another cleaner.
    Reserved { job: JobId, seat: u8 },
    /// This person does this job; never moved by re-homing.
    Assigned { job: JobId, seat: u8 },
    /// Never moved by re-homing.
    TimeOff { time_off: TimeOffId },
}

/// A cleaner's time, taken. `busy` lies on the 15-minute grid of UTC, rounded outward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    pub id: OccupancyId,
    pub cleaner: CleanerId,
    pub busy: TimeRange,
    #[serde(flatten)]
    pub cause: Cause,
}
