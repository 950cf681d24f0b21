//! What the control room must not miss about a job, and when.
//!
//! A job has at most one alert per [`AlertKind`]; it stands as long as its cause does and goes with
//! it. Everything here follows from the job's state and the clock: [`standing`] says what stands at
//! an instant, [`next_watch`] when to look at the job again if nothing else happens to it. The two
//! belong together: once what stands has been told, the next look lies ahead. A test holds them to
//! that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    World,
    entity::{BookingStatus, Job, JobStatus},
    ids::{AccountId, AlertId, JobId},
};

/// What an alert is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Near its start with an open seat.
    Unassigned,
    /// The crew should have set out.
    Late,
    /// The start has passed and nobody has arrived.
    NoCheckIn,
    /// The crew did not come.
    NoShow,
    /// Nobody is left for an open seat.
    AtRisk,
}

impl AlertKind {
    pub const ALL: [Self; 5] = [
        Self::Unassigned,
        Self::Late,
        Self::NoCheckIn,
        Self::NoShow,
        Self::AtRisk,
    ];
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    Warning,
    Urgent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    Open,
    Acknowledged,
    Snoozed,
    Resolved,
}

/// One row per job and kind, raised anew where the cause comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    pub job: JobId,
    pub about: AlertKind,
    pub level: AlertLevel,
    pub status: AlertStatus,
    pub raised_at: Timestamp,
    pub snoozed_until: Option<Timestamp>,
    /// Who acknowledged, snoozed or resolved it. A resolved one without is one whose cause has gone.
    pub handled_by: Option<AccountId>,
    pub version: i64,
}

impl Alert {
    pub fn is_resolved(&self) -> bool {
        self.status == AlertStatus::Resolved
    }

    /// Resolved because its cause has gone: as if there had never been one.
    pub fn is_over(&self) -> bool {
        self.is_resolved() && self.handled_by.is_none()
    }
}

/// When a job is told of. An operator's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Before the start, with an open seat.
    pub unassigned: SignedDuration,
    /// The same, when it becomes urgent.
    pub unassigned_urgent: SignedDuration,
    /// After the time to set out: the start less the way there.
    pub late: SignedDuration,
    /// After the start.
    pub no_check_in: SignedDuration,
    /// After the start, with a crew that never set out: from then on it has not come.
    pub no_show: SignedDuration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            unassigned: SignedDuration::from_hours(2),
            unassigned_urgent: SignedDuration::from_mins(30),
            late: SignedDuration::from_mins(5),
            no_check_in: SignedDuration::from_mins(5),
            no_show: SignedDuration::from_mins(30),
        }
    }
}

/// From when on a state of affairs is told of, as long as the job stays as it is.
struct Onset {
    about: AlertKind,
    level: AlertLevel,
    at: Timestamp,
}

/// What stands at `now`, at which level. Who has not arrived is not late besides.
pub fn standing(
    job: &Job,
    thresholds: &Thresholds,
    now: Timestamp,
) -> BTreeMap<AlertKind, AlertLevel> {
    let mut standing = BTreeMap::new();
    for onset in onsets(job, thresholds) {
        if onset.at <= now {
            let level = standing.entry(onset.about).or_insert(onset.level);
            *level = (*level).max(onset.level);
        }
    }
    if standing.contains_key(&AlertKind::NoCheckIn) {
        standing.remove(&AlertKind::Late);
    }
    standing
}

/// When the job has to be looked at next, if nobody touches it; `None`: never.
pub fn next_watch(world: &World, job: &Job, thresholds: &Thresholds) -> Option<Timestamp> {
    let alerts: BTreeMap<AlertKind, &Alert> = world
        .alerts
        .values()
        .filter(|alert| alert.job == job.id && !alert.is_over())
        .map(|alert| (alert.about, alert))
        .collect();
    let untold = onsets(job, thresholds)
        .into_iter()
        .filter(|onset| {
            let given_way =
                onset.about == AlertKind::Late && alerts.contains_key(&AlertKind::NoCheckIn);
            let told = alerts.get(&onset.about).is_some_and(|alert| {
                alert.status == AlertStatus::Snoozed || onset.level <= alert.level
            });
            !given_way && !told
        })
        .map(|onset| onset.at);
    let woken = alerts.values().filter_map(|alert| alert.snoozed_until);
    untold
        .chain(woken)
        .chain(missed_at(job, thresholds))
        .chain(given_up_at(world, job))
        .min()
}

/// When the crew has not come; `None` where it is on its way, or nobody was to.
pub fn missed_at(job: &Job, thresholds: &Thresholds) -> Option<Timestamp> {
    awaits_departure(job.status).then(|| after(job.starts_at, thresholds.no_show))
}

/// When a visit that nobody came for cannot be saved any more: the end of its time.
pub fn given_up_at(world: &World, job: &Job) -> Option<Timestamp> {
    let booking = world.bookings.get(&job.booking)?;
    let open = job.status == JobStatus::CleanerNoShow && booking.status == BookingStatus::Confirmed;
    let minutes = SignedDuration::from_mins(i64::from(job.duration_minutes));
    open.then(|| after(job.starts_at, minutes))
}

fn onsets(job: &Job, thresholds: &Thresholds) -> Vec<Onset> {
    let mut onsets = Vec::new();
    let mut add = |about, level, at| onsets.push(Onset { about, level, at });
    let (start, buffer) = (
        job.starts_at,
        SignedDuration::from_mins(i64::from(job.travel_buffer_minutes)),
    );
    let open_seat = job.seats.iter().any(Option::is_none);
    if open_seat && (job.status == JobStatus::Unassigned || awaits_departure(job.status)) {
        let (first, second) = (thresholds.unassigned, thresholds.unassigned_urgent);
        add(
            AlertKind::Unassigned,
            AlertLevel::Warning,
            after(start, -first),
        );
        add(
            AlertKind::Unassigned,
            AlertLevel::Urgent,
            after(start, -second),
        );
    }
    if awaits_departure(job.status) {
        let at = after(start, thresholds.late - buffer);
        add(AlertKind::Late, AlertLevel::Warning, at);
    }
    if awaits_departure(job.status) || job.status == JobStatus::EnRoute {
        let at = after(start, thresholds.no_check_in);
        add(AlertKind::NoCheckIn, AlertLevel::Urgent, at);
    }
    if job.status == JobStatus::CleanerNoShow {
        add(AlertKind::NoShow, AlertLevel::Urgent, Timestamp::MIN);
    }
    if job.at_risk {
        add(AlertKind::AtRisk, AlertLevel::Warning, Timestamp::MIN);
    }
    onsets
}

/// There is a crew, and it has not set out.
fn awaits_departure(status: JobStatus) -> bool {
    matches!(status, JobStatus::Assigned | JobStatus::Acknowledged)
}

fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
