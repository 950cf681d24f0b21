//! One zone's date ready to be counted on: which starts of which service are sold, as masks, and what
//! a cleaner's time makes of them.
//!
//! Everything that is the same for all cleaners is worked out once: a service's length in cells, its
//! starts, the skills it needs as bits. What is left per cleaner is one mask of free cells, and per
//! service a handful of shifts: the runs of the shorter services are the beginnings of those of the
//! longer ones.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use super::LEAD_CELLS;
use crate::domain::{
    calendar::{CELL_SECONDS, Day, cells_for},
    entity::{Cleaner, Occupancy, Service, Shift, TimeRange, Zone},
    ids::SkillSlug,
};

/// How long a mask is.
const MASK_SECONDS: i64 = 128 * CELL_SECONDS;

/// A zone's date and what is sold on it.
pub(super) struct Sheet<'w> {
    zone: &'w Zone,
    pub(super) date: Date,
    /// Of the mask's first cell, in seconds of UTC.
    origin: i64,
    /// By name.
    pub(super) sales: Vec<Sale<'w>>,
    /// Of `sales`, the shortest work first.
    by_length: Vec<usize>,
    /// The skills that services need; the first ones have a bit each.
    skills: Vec<&'w SkillSlug>,
}

/// A service on this date.
pub(super) struct Sale<'w> {
    pub(super) service: &'w Service,
    /// Travel and work.
    cells: u32,
    buffer: u32,
    needs: Needs<'w>,
    sold: u128,
}

/// Skills, as bits where there is one for each.
enum Needs<'w> {
    Bits(u128),
    Names(&'w BTreeSet<SkillSlug>),
}

impl<'w> Sheet<'w> {
    pub(super) fn of(
        zone: &'w Zone,
        day: &Day,
        services: impl Iterator<Item = &'w Service>,
    ) -> Self {
        let mut sheet = Self {
            zone,
            date: day.date,
            origin: day.midnight.as_second() - i64::from(LEAD_CELLS) * CELL_SECONDS,
            sales: Vec::new(),
            by_length: Vec::new(),
            skills: Vec::new(),
        };
        for service in services {
            let needs = sheet.needs(&service.skills);
            let buffer = cells_for(service.travel_buffer_minutes);
            sheet.sales.push(Sale {
                service,
                cells: buffer + cells_for(service.duration_minutes),
                buffer,
                needs,
                sold: sold_at(day, service),
            });
        }
        sheet.by_length = (0..sheet.sales.len()).collect();
        sheet
            .by_length
            .sort_by_key(|index| sheet.sales[*index].cells);
        sheet
    }

    fn needs(&mut self, skills: &'w BTreeSet<SkillSlug>) -> Needs<'w> {
        let mut bits = 0;
        for skill in skills {
            let known = self.skills.iter().position(|known| *known == skill);
            let place = known.unwrap_or_else(|| {
                self.skills.push(skill);
                self.skills.len() - 1
            });
            match u32::try_from(place).map(|place| 1_u128.checked_shl(place)) {
                Ok(Some(bit)) => bits |= bit,
                Ok(None) | Err(_) => return Needs::Names(skills),
            }
        }
        Needs::Bits(bits)
    }

    /// What the cleaner has of the skills that have bits; `None` for who is not at work in this zone.
    pub(super) fn offer(&self, cleaner: &Cleaner) -> Option<u128> {
        if !cleaner.active || !cleaner.zones.contains(&self.zone.slug) {
            return None;
        }
        let mut bits = 0;
        for (place, skill) in (0..128).zip(&self.skills) {
            if cleaner.skills.contains(*skill) {
                bits |= 1 << place;
            }
        }
        Some(bits)
    }

    /// Free cells of somebody with these shifts and this on their hands.
    pub(super) fn free<'r>(
        &self,
        shifts: impl Iterator<Item = &'r Shift>,
        busy: impl Iterator<Item = &'r Occupancy>,
    ) -> u128 {
        let on = shifts.fold(0, |mask, shift| mask | self.worked(shift));
        if on == 0 {
            return 0;
        }
        busy.fold(on, |mask, row| mask & !self.taken(row.busy))
    }

    /// Cells that a shift covers whole, in this zone.
    #[inline]
    pub(super) fn worked(&self, shift: &Shift) -> u128 {
        let first = ceiling(shift.during.start) - self.origin;
        let end = floor(shift.during.end) - self.origin;
        if end <= 0 || first >= MASK_SECONDS || shift.zone != self.zone.slug {
            return 0;
        }
        cells_between(ceiling_cells(first), end.div_euclid(CELL_SECONDS))
    }

    /// Cells that a range meets.
    #[inline]
    pub(super) fn taken(&self, range: TimeRange) -> u128 {
        let first = floor(range.start) - self.origin;
        let end = ceiling(range.end) - self.origin;
        if end <= 0 || first >= MASK_SECONDS {
            return 0;
        }
        cells_between(first.div_euclid(CELL_SECONDS), ceiling_cells(end))
    }

    /// For each sale the starts at which it is sold and somebody with these free cells and skills
    /// could work.
    pub(super) fn starts(
        &self,
        free: u128,
        offer: u128,
        cleaner: &Cleaner,
        mut found: impl FnMut(usize, u128),
    ) {
        let (mut runs, mut length) = (free, 1);
        for index in &self.by_length {
            let sale = &self.sales[*index];
            runs = longer(runs, &mut length, sale.cells);
            if runs == 0 {
                return;
            }
            if sale.may_be_done_by(offer, cleaner) {
                found(*index, sale.starts_of(runs));
            }
        }
    }

    pub(super) fn start(&self, bit: u32) -> Timestamp {
        Timestamp::from_second(self.origin + i64::from(bit) * CELL_SECONDS)
            .expect("a day is made only where the next one can be")
    }
}

impl Sale<'_> {
    fn may_be_done_by(&self, offer: u128, cleaner: &Cleaner) -> bool {
        match self.needs {
            Needs::Bits(bits) => bits & !offer == 0,
            Needs::Names(skills) => skills.is_subset(&cleaner.skills),
        }
    }

    fn starts_of(&self, runs: u128) -> u128 {
        runs.checked_shl(self.buffer).unwrap_or(0) & self.sold
    }
}

/// Seconds, fractions of them cut off downward and upward.
fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

fn ceiling(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

/// Whole cells in so many seconds, and one for the rest.
fn ceiling_cells(seconds: i64) -> i64 {
    -(-seconds).div_euclid(CELL_SECONDS)
}

/// The cells from one on and before another, as far as the mask goes.
fn cells_between(first: i64, end: i64) -> u128 {
    let below = |cell: i64| -> u128 {
        let cells = u32::try_from(cell.clamp(0, 128)).expect("clamped");
        1_u128.checked_shl(cells).map_or(u128::MAX, |bit| bit - 1)
    };
    below(end) & !below(first)
}

/// Cells from which on `cells` cells in a row are free, out of those with `length` in a row.
pub(super) fn longer(mut runs: u128, length: &mut u32, cells: u32) -> u128 {
    while *length < cells {
        let step = (*length).min(cells - *length);
        runs &= runs.checked_shr(step).unwrap_or(0);
        *length += step;
    }
    runs
}

/// Starts at which the service is sold: every step since midnight, from opening on, done by closing.
pub(super) fn sold_at(day: &Day, service: &Service) -> u128 {
    let Some(open) = day.open else {
        return 0;
    };
    let midnight = day.midnight.as_second();
    let work = i64::from(service.duration_minutes) * 60;
    let first = ceiling_cells(ceiling(open.start) - midnight);
    let last = (floor(open.end) - work - midnight).div_euclid(CELL_SECONDS);
    let lead = i64::from(LEAD_CELLS);
    let within = cells_between(first + lead, last + 1 + lead)
        & cells_between(lead, i64::from(day.cells) + lead);
    within & steps(cells_for(service.slot_step_minutes).max(1))
}

/// Every so many cells since midnight.
fn steps(step: u32) -> u128 {
    let (mut starts, mut apart) = (1_u128, step);
    while apart < u128::BITS {
        starts |= starts << apart;
        apart *= 2;
    }
    starts << LEAD_CELLS
}

/// How many masks have each bit, counted side by side: plane n holds the n-th binary digit of all
/// counts, so that adding a mask is a few operations whatever it holds.
#[derive(Default)]
pub(super) struct Tally {
    planes: Vec<u128>,
}

impl Tally {
    pub(super) fn add(&mut self, mut mask: u128) {
        for plane in &mut self.planes {
            let carried = *plane & mask;
            *plane ^= mask;
            mask = carried;
            if mask == 0 {
                return;
            }
        }
        if mask != 0 {
            self.planes.push(mask);
        }
    }

    /// Bits that some mask had, each with how many had it.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u32, u32)> {
        let any = self.planes.iter().fold(0, |any, plane| any | plane);
        bits(any).map(|bit| (bit, self.count(bit)))
    }

    pub(super) fn count(&self, bit: u32) -> u32 {
        let planes = (0_u32..).zip(&self.planes);
        planes.fold(0, |count, (digit, plane)| {
            count | u32::from(plane >> bit & 1 == 1) << digit
        })
    }
}

pub(super) fn bits(mut mask: u128) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(bit)
    })
}
