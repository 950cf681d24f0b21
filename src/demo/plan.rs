//! A zone's day as planned: who is on shift, and which visits they make.
//!
//! It follows from the zone and the date alone, so that every start plans the same day; only what
//! has been booked by now is put on stage. Most cleaners go from visit to visit without a
//! pause: that keeps three jobs under way at any hour in the zones that are open.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{
    company::{SITES, services},
    dice::Dice,
    people::{CLEANERS_PER_SITE, CUSTOMERS_PER_SITE},
};
use crate::domain::{
    calendar::{Day, round_up},
    command::ServiceSave,
    entity::TimeRange,
    ids::ServiceSlug,
};

/// A zone's day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DayPlan {
    pub(super) day: Day,
    pub(super) open: TimeRange,
    pub(super) shifts: Vec<PlannedShift>,
    pub(super) visits: Vec<Visit>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlannedShift {
    /// Number of the cleaner at the site.
    pub(super) cleaner: usize,
    pub(super) during: TimeRange,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Visit {
    /// Place in the day's list.
    pub(super) number: usize,
    pub(super) service: ServiceSlug,
    pub(super) start: Timestamp,
    /// Travel and work.
    pub(super) busy: TimeRange,
    /// Numbers of the cleaners, the lead first.
    pub(super) crew: Vec<usize>,
    /// Number of the customer.
    pub(super) customer: usize,
    pub(super) booked_at: Timestamp,
    /// When dispatch fills the seats; what is never assigned is for the board.
    pub(super) assigned_at: Option<Timestamp>,
    pub(super) cancelled_at: Option<Timestamp>,
}

/// The day of a site; `None` on a day when it is closed.
pub(super) fn plan(site: usize, date: Date) -> Option<DayPlan> {
    let day = SITES[site].zone().day(date)?;
    let open = day.open?;
    let shifts: Vec<_> = (0..CLEANERS_PER_SITE)
        .filter_map(|cleaner| shift(cleaner, date, open))
        .collect();
    let visits = Planner::new(site, date, open).visits(&shifts);
    Some(DayPlan {
        day,
        open,
        shifts,
        visits,
    })
}

/// Early, middle or late, five days of seven. The first cleaner, whom visitors sign in as, works
/// every day and long.
fn shift(cleaner: usize, date: Date, open: TimeRange) -> Option<PlannedShift> {
    let hours = |count: i64| SignedDuration::from_hours(count);
    let length = hours(9);
    let days = usize::try_from(date.day_of_year()).unwrap_or(0);
    let works = cleaner == 0 || (cleaner * 2 + days) % 7 < 5;
    let (start, end) = match cleaner % 3 {
        _ if cleaner == 0 => (open.start + hours(2), open.end - hours(2)),
        0 => (open.start, open.start + length),
        1 => (open.start + hours(4), open.start + hours(4) + length),
        _ => (open.end - length, open.end),
    };
    let during = TimeRange::new(start, end).filter(|_| works)?;
    Some(PlannedShift { cleaner, during })
}

/// Fills a day, cleaner by cleaner.
struct Planner {
    open: TimeRange,
    dice: Dice,
    offered: Vec<ServiceSave>,
    visits: Vec<Visit>,
    /// Until when each cleaner is taken.
    taken: Vec<Option<Timestamp>>,
}

impl Planner {
    fn new(site: usize, date: Date, open: TimeRange) -> Self {
        Self {
            open,
            dice: Dice::of(&format!("day {} {date}", SITES[site].slug)),
            offered: services().collect(),
            visits: Vec::new(),
            taken: vec![None; CLEANERS_PER_SITE],
        }
    }

    fn visits(mut self, shifts: &[PlannedShift]) -> Vec<Visit> {
        self.pair_up(shifts);
        for shift in shifts {
            self.fill(shift);
        }
        self.visits
    }

    /// Work for two, at most one visit of each kind of shift.
    fn pair_up(&mut self, shifts: &[PlannedShift]) {
        for kind in 0..3 {
            let able: Vec<_> = shifts
                .iter()
                .filter(|shift| shift.cleaner % 3 == kind && shift.cleaner != 0)
                .filter(|shift| knows(shift.cleaner, "deep"))
                .collect();
            let [one, other, ..] = able[..] else { continue };
            let Some(deep) = self.offered.iter().find(|service| service.crew_size == 2) else {
                continue;
            };
            let deep = deep.clone();
            if self.dice.percent(70) {
                self.place(&deep, one, vec![one.cleaner, other.cleaner]);
            }
        }
    }

    fn fill(&mut self, shift: &PlannedShift) {
        let steady = is_steady(shift.cleaner);
        loop {
            let able = self.able(shift);
            let Some(service) = self.dice.pick(&able).cloned() else {
                return;
            };
            if steady || self.dice.percent(45) {
                self.place(&service, shift, vec![shift.cleaner]);
            }
            if !steady {
                let rest = SignedDuration::from_mins(15 * self.dice.between(1, 8));
                self.taken[shift.cleaner] = Some(self.free_from(shift) + rest);
            }
        }
    }

    fn free_from(&self, shift: &PlannedShift) -> Timestamp {
        self.taken[shift.cleaner].unwrap_or(shift.during.start)
    }

    /// Services for one that the cleaner knows and that fit into the rest of the shift.
    fn able(&self, shift: &PlannedShift) -> Vec<ServiceSave> {
        let known = |service: &&ServiceSave| {
            let mut skills = service.skills.iter();
            service.crew_size == 1 && skills.all(|skill| knows(shift.cleaner, skill.as_str()))
        };
        let offered = self.offered.iter().filter(known);
        let fitting = offered.filter(|service| self.next(service, shift).is_some());
        fitting.cloned().collect()
    }

    /// The next time for a service in a shift: its start, and what it takes.
    fn next(&self, service: &ServiceSave, shift: &PlannedShift) -> Option<(Timestamp, TimeRange)> {
        let buffer = service.travel_buffer_minutes;
        let travel = SignedDuration::from_mins(i64::from(buffer));
        let start = round_up(self.free_from(shift) + travel);
        let busy = TimeRange::of_work(start, buffer, service.duration_minutes)?;
        let fits = busy.end <= shift.during.end.min(self.open.end);
        fits.then_some((start, busy))
    }

    /// The next visit of a shift, if it fits.
    fn place(&mut self, service: &ServiceSave, shift: &PlannedShift, crew: Vec<usize>) {
        let Some((start, busy)) = self.next(service, shift) else {
            return;
        };
        for cleaner in &crew {
            self.taken[*cleaner] = Some(busy.end);
        }
        let visit = self.sell(service, start, busy, crew);
        self.visits.push(visit);
    }

    fn sell(
        &mut self,
        service: &ServiceSave,
        start: Timestamp,
        busy: TimeRange,
        crew: Vec<usize>,
    ) -> Visit {
        let dice = &mut self.dice;
        let ahead = match dice.between(1, 100) {
            ..=60 => dice.between(24 * 60, 7 * 24 * 60),
            61..=85 => dice.between(5 * 60, 24 * 60),
            _ => dice.between(7 * 24 * 60, 13 * 24 * 60),
        };
        let booked_at = start - SignedDuration::from_mins(ahead);
        let assigned = dice.percent(80) || crew.len() > 1;
        let assigned_after = SignedDuration::from_mins(dice.between(5, 90));
        // A steady cleaner's day has no holes.
        let cancelled = dice.percent(8) && !crew.iter().any(|cleaner| is_steady(*cleaner));
        let cancelled_before = SignedDuration::from_mins(dice.between(60, 180));
        Visit {
            number: self.visits.len(),
            service: service.slug.clone(),
            start,
            busy,
            crew,
            customer: dice.below(CUSTOMERS_PER_SITE),
            booked_at,
            assigned_at: assigned.then_some(booked_at + assigned_after),
            cancelled_at: cancelled.then_some(start - cancelled_before),
        }
    }
}

/// Goes from visit to visit: most do, and of the early shift, which opens a zone alone, all.
fn is_steady(cleaner: usize) -> bool {
    cleaner != 0 && (cleaner.is_multiple_of(3) || !matches!(cleaner % 5, 0 | 2))
}

fn knows(cleaner: usize, skill: &str) -> bool {
    super::people::skills_of(cleaner)
        .iter()
        .any(|known| known.as_str() == skill)
}

impl DayPlan {
    /// Visits whose crew is on its way or at work, however late it set out and soon it was done;
    /// without those of the first cleaner, which wait for a visitor.
    #[cfg(test)]
    pub(super) fn under_way(&self, at: Timestamp) -> usize {
        let minutes = SignedDuration::from_mins;
        let visits = self.visits.iter().filter(|visit| {
            visit.cancelled_at.is_none()
                && !visit.crew.contains(&0)
                && (visit.busy.start + minutes(4)..visit.busy.end - minutes(9)).contains(&at)
        });
        visits.count()
    }
}
