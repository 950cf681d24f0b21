//! What a scope or a channel needs of the database, as the parameters of the one statement that
//! reads it. Pure: windows around instants, and who is named.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::Reach;
use crate::{
    audience::Channel,
    domain::{
        Scope,
        entity::TimeRange,
        ids::{
            AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId,
            ServiceSlug, ZoneSlug,
        },
        limits::LIMITS,
    },
};

/// The first instant of year 1: nothing is earlier, and what is written of earlier years the
/// database does not read.
const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The longest that one visit takes, travel included.
const LONGEST_VISIT: SignedDuration = SignedDuration::from_hours(8);

/// The parameters of `load.sql`.
#[derive(Debug, Default, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "parameters of one statement, each explained there"
)]
pub(super) struct Wanted {
    pub(super) accounts: Vec<AccountId>,
    pub(super) email: Option<String>,
    pub(super) customers: Vec<CustomerId>,
    pub(super) bookings_since: Option<Timestamp>,
    pub(super) properties: Vec<PropertyId>,
    pub(super) holds: Vec<HoldId>,
    pub(super) bookings: Vec<BookingId>,
    pub(super) jobs: Vec<JobId>,
    pub(super) alerts: Vec<AlertId>,
    pub(super) cleaners: Vec<CleanerId>,
    pub(super) rosters: Vec<Roster>,
    pub(super) at_property_start: Option<Timestamp>,
    pub(super) at_property_end: Option<Timestamp>,
    pub(super) own_start: Option<Timestamp>,
    pub(super) own_end: Option<Timestamp>,
    pub(super) around: bool,
    pub(super) moved: bool,
    pub(super) everybody: bool,
    pub(super) moved_start: Option<Timestamp>,
    pub(super) moved_slots: Option<TimeRange>,
    pub(super) own_work: bool,
    pub(super) staff: bool,
    pub(super) plain: bool,
    pub(super) settled: bool,
    pub(super) seated: bool,
    pub(super) terms_of: Vec<ZoneSlug>,
    pub(super) rewritten: Vec<CleanerId>,
    pub(super) service: Option<ServiceSlug>,
    pub(super) board: Option<ZoneSlug>,
    pub(super) control_zone: Option<ZoneSlug>,
    pub(super) control_date: Option<Date>,
    pub(super) makes_job: bool,
}

/// Everybody with a shift in the zone (in any, if `None`) that overlaps the range.
#[derive(Debug, Serialize)]
pub(super) struct Roster {
    zone: Option<ZoneSlug>,
    start: Timestamp,
    end: Timestamp,
}

impl Wanted {
    #[expect(clippy::too_many_lines, reason = "one short arm per scope")]
    pub(super) fn of(scope: Scope, reach: Reach) -> Self {
        let now = Timestamp::now();
        match scope {
            // Resolved before, or nothing at all.
            Scope::Nothing
            | Scope::Shift { .. }
            | Scope::Template(_)
            | Scope::Plan(_)
            | Scope::Import(_) => Self::default(),
            Scope::Customer(customer) => Self {
                customers: vec![customer],
                bookings_since: Some(before(now, DAY * 2)),
                ..Self::default()
            },
            Scope::Slot {
                customer,
                property,
                zone,
                service: _,
                start,
            } => Self {
                customers: customer.into_iter().collect(),
                properties: property.into_iter().collect(),
                settled: true,
                ..Self::slot(zone, start, reach)
            },
            Scope::Hold { hold, property } => Self {
                holds: vec![hold],
                properties: property.into_iter().collect(),
                around: true,
                ..Self::default()
            },
            Scope::Booking(booking) => Self {
                bookings: vec![booking],
                around: true,
                ..Self::default()
            },
            Scope::Job { job, cleaner } => Self {
                jobs: vec![job],
                cleaners: cleaner.into_iter().collect(),
                around: true,
                ..Self::default()
            },
            Scope::Watch(job) => Self {
                jobs: vec![job],
                plain: true,
                ..Self::default()
            },
            Scope::Alert(alert) => Self {
                alerts: vec![alert],
                plain: true,
                ..Self::default()
            },
            Scope::Move {
                job,
                booking,
                cleaner,
                start,
            } => Self {
                jobs: job.into_iter().collect(),
                bookings: booking.into_iter().collect(),
                cleaners: cleaner.into_iter().collect(),
                around: true,
                moved: true,
                moved_start: Some(start),
                moved_slots: (reach == Reach::Alternatives).then(|| Scope::slots_around(start)),
                ..Self::default()
            },
            Scope::Targets { job, start } => Self {
                jobs: vec![job],
                around: true,
                moved: true,
                moved_start: start,
                everybody: true,
                ..Self::default()
            },
            Scope::Cleaner { cleaner, during } => Self::cleaner(cleaner, during, now),
            Scope::Zone(zone) => Self {
                terms_of: vec![zone],
                plain: true,
                ..Self::default()
            },
            Scope::Service(service) => Self {
                service: Some(service),
                plain: true,
                ..Self::default()
            },
            Scope::Account { account, email } => Self {
                accounts: account.into_iter().collect(),
                customers: account.map(|id| CustomerId(id.0)).into_iter().collect(),
                bookings_since: Some(before(now, DAY * 2)),
                email,
                ..Self::staff(account.map(|id| CleanerId(id.0)), now)
            },
            Scope::Staff { cleaner, email } => Self {
                email,
                ..Self::staff(cleaner, now)
            },
        }
    }

    /// Who could carry a visit in the zone, or where none is named the property's.
    fn slot(zone: Option<ZoneSlug>, start: Timestamp, reach: Reach) -> Self {
        let range = match reach {
            Reach::Among(cleaners) => {
                return Self {
                    cleaners,
                    own_start: Some(before(start, DAY)),
                    own_end: Some(after(start, DAY + LONGEST_VISIT)),
                    ..Self::default()
                };
            }
            Reach::Slot => TimeRange {
                start: before(start, SignedDuration::from_hours(1)),
                end: after(start, LONGEST_VISIT),
            },
            Reach::Alternatives => {
                let starts = Scope::slots_around(start);
                TimeRange {
                    start: starts.start,
                    end: after(starts.end, LONGEST_VISIT),
                }
            }
        };
        let Some(zone) = zone else {
            return Self {
                at_property_start: Some(range.start),
                at_property_end: Some(range.end),
                ..Self::default()
            };
        };
        Self {
            rosters: vec![Roster::over(Some(zone), range)],
            ..Self::default()
        }
    }

    /// Duty shows on every day that the cleaner works, so without a range all shifts to come are
    /// loaded.
    fn cleaner(cleaner: CleanerId, during: Option<TimeRange>, now: Timestamp) -> Self {
        let own = during.map_or_else(
            || (before(now, DAY * 2), ahead(now)),
            |range| (before(range.start, DAY), after(range.end, DAY)),
        );
        Self {
            cleaners: vec![cleaner],
            own_start: Some(own.0),
            own_end: Some(own.1),
            own_work: during.is_some(),
            plain: during.is_none(),
            ..Self::default()
        }
    }

    /// Their name stands on their jobs, finished ones of late too.
    fn staff(cleaner: Option<CleanerId>, now: Timestamp) -> Self {
        Self {
            cleaners: cleaner.into_iter().collect(),
            own_start: Some(before(now, DAY * 2)),
            own_end: Some(ahead(now)),
            staff: true,
            seated: true,
            ..Self::default()
        }
    }

    pub(super) fn shown_on(channel: &Channel, now: Timestamp) -> Self {
        match channel {
            Channel::Slots { zone, date } => Self {
                rosters: vec![Roster::of_date(zone, *date)],
                plain: true,
                ..Self::default()
            },
            Channel::Booking(booking) => Self {
                bookings: vec![*booking],
                plain: true,
                ..Self::default()
            },
            Channel::Customer(customer) => Self {
                customers: vec![*customer],
                bookings_since: Some(before(now, DAY * 60)),
                plain: true,
                ..Self::default()
            },
            Channel::Agenda(cleaner) => Self {
                cleaners: vec![*cleaner],
                own_start: Some(before(now, DAY)),
                own_end: Some(after(now, DAY * 30)),
                seated: true,
                plain: true,
                ..Self::default()
            },
            Channel::Board(zone) => Self {
                board: Some(zone.clone()),
                plain: true,
                ..Self::default()
            },
            Channel::Control { zone, date } => Self {
                rosters: vec![Roster::of_date(zone, *date)],
                control_zone: Some(zone.clone()),
                control_date: Some(*date),
                plain: true,
                ..Self::default()
            },
        }
    }
}

impl Roster {
    fn over(zone: Option<ZoneSlug>, range: TimeRange) -> Self {
        Self {
            zone,
            start: range.start,
            end: range.end,
        }
    }

    /// A local date, wherever on earth: its views pick what belongs to it.
    fn of_date(zone: &ZoneSlug, date: Date) -> Self {
        let midnight = date
            .to_zoned(TimeZone::UTC)
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp());
        Self {
            zone: Some(zone.clone()),
            start: before(midnight, DAY),
            end: after(midnight, DAY * 2),
        }
    }
}

pub(super) fn ahead(now: Timestamp) -> Timestamp {
    after(now, LIMITS.planning_horizon + DAY * 2)
}

pub(super) fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    let earlier = at.saturating_sub(by).unwrap_or(Timestamp::MIN);
    earlier.max(EARLIEST)
}

pub(super) fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    let later = at.saturating_add(by).unwrap_or(Timestamp::MAX);
    later.max(EARLIEST)
}
