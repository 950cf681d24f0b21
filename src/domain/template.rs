//! Weekly templates: the hours that a cleaner works in a zone by the clock on its wall, from which
//! their shifts are made some weeks ahead.
//!
//! Wall time is kept and instants follow from it. An hour that a change of clocks skips is as much
//! later as was skipped; one that happens twice is the first. A date that was skipped whole has no
//! shifts. Where two shifts would meet because of that, the later begins when the earlier ends; one
//! of which nothing is left is none.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    World,
    calendar::wall_time,
    entity::{Service, TimeRange, Zone},
    ids::{CleanerId, TemplateId, ZoneSlug},
    limits::LIMITS,
};

const DAY_MINUTES: u16 = 24 * 60;

/// Wall-clock minutes from local midnight; an end past 1440 lies on the next day.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ShiftHours {
    pub starts: u16,
    pub ends: u16,
}

/// What is different on one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TemplateException {
    /// These hours instead of the week's; none is a day without.
    Hours { hours: Vec<ShiftHours> },
    /// People changed that day's shifts themselves: the template leaves the date alone.
    ByHand,
}

/// Hours of a week in one zone.
pub type Week = [Vec<ShiftHours>; 7];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftTemplate {
    pub id: TemplateId,
    pub cleaner: CleanerId,
    pub zone: ZoneSlug,
    /// Monday first.
    pub week: Week,
    pub valid_from: Date,
    /// The last date; `None` is until further notice.
    pub valid_until: Option<Date>,
    pub exceptions: BTreeMap<Date, TemplateException>,
    /// The last date whose shifts have been made.
    pub planned_until: Option<Date>,
    pub version: i64,
}

impl ShiftTemplate {
    /// The shifts of a date by the clock on the zone's wall; `None` where the date is left alone.
    pub fn shifts_on(&self, zone: &Zone, date: Date) -> Option<Vec<TimeRange>> {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        let hours = match self.exceptions.get(&date) {
            Some(TemplateException::ByHand) => return None,
            Some(TemplateException::Hours { hours }) => hours,
            None => &self.week[weekday],
        };
        let valid = self.valid_from <= date && self.valid_until.is_none_or(|last| date <= last);
        Some(if valid {
            ranges(zone, date, hours)
        } else {
            Vec::new()
        })
    }

    /// The next date whose shifts are to be made; `None` once there will be no more.
    pub fn next_date(&self) -> Option<Date> {
        let after = self.planned_until.and_then(|last| last.tomorrow().ok());
        let next = after.map_or(self.valid_from, |after| after.max(self.valid_from));
        self.valid_until
            .is_none_or(|last| next <= last)
            .then_some(next)
    }

    /// When the next date comes within the horizon, so that its shifts are due; `None` for never.
    pub fn plan_due(&self, world: &World) -> Option<Timestamp> {
        let zone = world.zones.get(&self.zone)?;
        let seen_from = self
            .next_date()?
            .checked_sub(days_ahead(world).days())
            .ok()?;
        wall_time(&zone.rules(), seen_from, 0)
    }
}

/// How many days ahead shifts are made: a while more than the longest booking window, so that
/// nobody books where nobody is planned yet.
pub fn days_ahead(world: &World) -> i64 {
    let services = world.services.values();
    let longest = services.map(|service: &Service| service.booking_window_days);
    let longest = i64::from(longest.max().unwrap_or(0));
    longest.max(LIMITS.planned_least_days) + LIMITS.planned_beyond_days
}

/// The shifts of a date with these hours, in order.
pub fn ranges(zone: &Zone, date: Date, hours: &[ShiftHours]) -> Vec<TimeRange> {
    let rules = zone.rules();
    let mut hours = hours.to_vec();
    hours.sort();
    let mut found: Vec<TimeRange> = Vec::new();
    for ShiftHours { starts, ends } in hours {
        let (Some(start), Some(end)) = (
            wall_time(&rules, date, starts),
            wall_time(&rules, date, ends),
        ) else {
            continue;
        };
        if zone.date_at(start) != date {
            continue;
        }
        let start = found.last().map_or(start, |before| start.max(before.end));
        found.extend(TimeRange::new(start, end));
    }
    found
}

/// Why a week's hours make no sense, where they do not.
pub fn fault_of_week(week: &Week) -> Option<&'static str> {
    if let Some(fault) = week.iter().find_map(|hours| fault_of_day(hours)) {
        return Some(fault);
    }
    let mut runs: Vec<(u32, u32)> = (0_u32..)
        .zip(week)
        .flat_map(|(day, hours)| {
            let midnight = day * u32::from(DAY_MINUTES);
            let run = move |h: &ShiftHours| {
                (midnight + u32::from(h.starts), midnight + u32::from(h.ends))
            };
            hours.iter().map(run)
        })
        .collect();
    runs.sort_unstable();
    let again = runs
        .first()
        .map(|(start, end)| (start + WEEK_MINUTES, end + WEEK_MINUTES));
    runs.extend(again);
    let meet = runs.windows(2).any(|pair| pair[0].1 > pair[1].0);
    meet.then_some("shifts that overlap")
}

const WEEK_MINUTES: u32 = 7 * DAY_MINUTES as u32;

/// The same of one day's hours.
pub fn fault_of_day(hours: &[ShiftHours]) -> Option<&'static str> {
    if hours.len() > LIMITS.shifts_per_day {
        return Some("too many shifts on a day");
    }
    let longest = LIMITS.shift.as_mins();
    for ShiftHours { starts, ends } in hours {
        if *starts >= DAY_MINUTES || ends <= starts {
            return Some("minutes since midnight, the end after the start");
        }
        if i64::from(ends - starts) > longest {
            return Some("a shift that is too long");
        }
    }
    let mut hours = hours.to_vec();
    hours.sort();
    let meet = hours.windows(2).any(|pair| pair[0].ends > pair[1].starts);
    meet.then_some("shifts that overlap")
}

#[cfg(test)]
mod tests;
