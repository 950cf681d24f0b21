//! Local days as elapsed time.
//!
//! What recurs is wall time plus a zone; what is counted is 15-minute cells of elapsed time. A day
//! runs from the first instant of its local date to that of the next one, so it has 92, 94, 96, 98
//! or 100 cells, and it may have no midnight at all. Every offset in use is a whole number of cells,
//! so the cells of every zone lie on one grid of UTC. Rules come from the bundled time zone data,
//! never from the machine's: each instance counts the same days.

use std::sync::LazyLock;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::entity::{TimeRange, Zone};

pub const CELL_MINUTES: u16 = 15;
const CELL: SignedDuration = SignedDuration::from_mins(15);
const CELL_NANOS: i128 = CELL.as_nanos();
pub(super) const CELL_SECONDS: i64 = CELL.as_secs();

static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The rules of an IANA time zone; `None` where there is no such name.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    RULES.get(name).ok()
}

/// One local date of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    /// The first instant of the date.
    pub midnight: Timestamp,
    /// How many cells it has.
    pub cells: u32,
    /// When work may go on.
    pub open: Option<TimeRange>,
}

impl Zone {
    /// The zone's rules of local time.
    pub fn rules(&self) -> TimeZone {
        time_zone(&self.time_zone).expect("a zone is saved with a time zone that exists")
    }

    /// The local date at an instant.
    pub fn date_at(&self, at: Timestamp) -> Date {
        self.rules().to_datetime(at).date()
    }

    /// One local date; `None` at the ends of the calendar, and for a date that was skipped whole.
    pub fn day(&self, date: Date) -> Option<Day> {
        let rules = self.rules();
        let midnight = first_instant(&rules, date)?;
        let next = first_instant(&rules, date.tomorrow().ok()?)?;
        let cells = (next.as_nanosecond() - midnight.as_nanosecond()) / CELL_NANOS;
        let cells = u32::try_from(cells).ok().filter(|cells| *cells > 0)?;
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        let open = self.opening_hours[weekday].and_then(|hours| {
            TimeRange::new(
                wall_time(&rules, date, hours.opens)?,
                wall_time(&rules, date, hours.closes)?,
            )
        });
        Some(Day {
            date,
            midnight,
            cells,
            open,
        })
    }

    /// The day that an instant falls on.
    pub fn day_at(&self, at: Timestamp) -> Option<Day> {
        self.day(self.date_at(at))
    }
}

impl Day {
    /// The instant `cells` cells after midnight, or before it.
    pub fn instant(&self, cells: i32) -> Timestamp {
        self.midnight
            .checked_add(CELL * cells)
            .expect("a day is made only where the next one can be")
    }

    /// Which cell since midnight begins at `at`; `None` off the grid and on other days.
    pub fn cell_beginning(&self, at: Timestamp) -> Option<u32> {
        let since = at.as_nanosecond() - self.midnight.as_nanosecond();
        let cell = u32::try_from(since / CELL_NANOS).ok()?;
        (since % CELL_NANOS == 0 && since >= 0 && cell < self.cells).then_some(cell)
    }
}

fn first_instant(rules: &TimeZone, date: Date) -> Option<Timestamp> {
    wall_time(rules, date, 0)
}

/// A wall time that a change of offset skips is as much later as was skipped; of one that happens
/// twice, it is the first.
pub(super) fn wall_time(rules: &TimeZone, date: Date, minutes: u16) -> Option<Timestamp> {
    let wall: DateTime = date
        .to_datetime(Time::midnight())
        .checked_add(i64::from(minutes).minutes())
        .ok()?;
    rules.to_ambiguous_timestamp(wall).compatible().ok()
}

/// How many cells cover so many minutes.
pub fn cells_for(minutes: u16) -> u32 {
    u32::from(minutes.div_ceil(CELL_MINUTES))
}

/// The beginning of the cell that an instant lies in.
pub fn round_down(at: Timestamp) -> Timestamp {
    let seconds = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    on_grid(seconds.div_euclid(CELL_SECONDS)).unwrap_or(at)
}

/// The first beginning of a cell that is not before an instant.
pub fn round_up(at: Timestamp) -> Timestamp {
    let seconds = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    on_grid(-(-seconds).div_euclid(CELL_SECONDS)).unwrap_or(at)
}

fn on_grid(cells: i64) -> Option<Timestamp> {
    Timestamp::from_second(cells * CELL_SECONDS).ok()
}

impl TimeRange {
    /// Widened to whole cells.
    #[must_use]
    pub fn outward(self) -> Self {
        Self {
            start: round_down(self.start),
            end: round_up(self.end),
        }
    }

    /// Narrowed to whole cells; `None` where none is left.
    pub fn inward(self) -> Option<Self> {
        Self::new(round_up(self.start), round_down(self.end))
    }

    /// What work at `start` takes of a cleaner's time: the travel buffer before it, and the work,
    /// in whole cells. `None` at the ends of the calendar.
    pub fn of_work(start: Timestamp, buffer_minutes: u16, duration_minutes: u16) -> Option<Self> {
        let buffer = SignedDuration::from_mins(i64::from(buffer_minutes));
        let duration = SignedDuration::from_mins(i64::from(duration_minutes));
        let range = Self::new(
            start.checked_sub(buffer).ok()?,
            start.checked_add(duration).ok()?,
        )?;
        Some(range.outward())
    }

    /// What is left of it without another.
    pub fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self::new(self.start, self.end.min(other.start));
        let after = Self::new(self.start.max(other.end), self.end);
        before.into_iter().chain(after)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::{entity::OpeningHours, testing::clocks::DAYS};

    fn zone(time_zone: &str) -> Zone {
        let hours = OpeningHours {
            opens: 8 * 60,
            closes: 20 * 60,
        };
        Zone {
            slug: "center".parse().expect("a slug"),
            name: "Center".to_owned(),
            polygon: vec![],
            time_zone: time_zone.to_owned(),
            opening_hours: [Some(hours); 7],
            version: 1,
        }
    }

    #[test]
    fn days_have_as_many_cells_as_time_passes_in_them() {
        for (time_zone, date, cells) in [
            ("Europe/Berlin", date(2026, 3, 29), 92),
            ("Europe/Berlin", date(2026, 3, 30), 96),
            ("Europe/Berlin", date(2026, 10, 25), 100),
            ("Australia/Lord_Howe", date(2026, 10, 4), 94),
            ("Australia/Lord_Howe", date(2026, 4, 5), 98),
            ("Asia/Kathmandu", date(2026, 3, 29), 96),
            ("Africa/Cairo", date(2026, 4, 24), 92),
        ] {
            let day = zone(time_zone).day(date).expect("a day");
            assert_eq!(day.cells, cells, "{time_zone} {date}");
        }
    }

    #[test]
    fn a_day_without_a_midnight_begins_at_its_first_instant() {
        // Cairo's clocks go from 23:59:59 to 01:00
        let day = zone("Africa/Cairo").day(date(2026, 4, 24)).expect("a day");
        assert_eq!(
            day.midnight,
            "2026-04-23T22:00:00Z".parse().expect("a time")
        );
        assert_eq!(
            zone("Africa/Cairo").date_at(day.midnight),
            date(2026, 4, 24)
        );
    }

    #[test]
    fn opening_hours_are_wall_time_on_days_of_change() {
        let day = zone("Europe/Berlin").day(date(2026, 3, 29)).expect("a day");
        let open = day.open.expect("open");
        assert_eq!(open.start, "2026-03-29T06:00:00Z".parse().expect("a time"));
        assert_eq!(open.end, "2026-03-29T18:00:00Z".parse().expect("a time"));
    }

    #[test]
    fn midnights_of_all_offsets_lie_on_the_grid() {
        for time_zone in ["Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Eucla"] {
            let day = zone(time_zone).day(date(2026, 6, 1)).expect("a day");
            assert_eq!(round_down(day.midnight), day.midnight, "{time_zone}");
        }
    }

    #[test]
    fn work_takes_whole_cells_rounded_outward() {
        let start = "2026-06-01T10:00:00Z".parse().expect("a time");
        let busy = TimeRange::of_work(start, 20, 50).expect("in the calendar");
        assert_eq!(busy.start, "2026-06-01T09:30:00Z".parse().expect("a time"));
        assert_eq!(busy.end, "2026-06-01T11:00:00Z".parse().expect("a time"));
    }

    /// All zones × all transitions, not a sample of them.
    #[test]
    fn days_follow_each_other_without_a_gap_whatever_clocks_do() {
        for (time_zone, date) in DAYS.iter().copied() {
            let zone = zone(time_zone);
            let what = format!("{time_zone} {date}");
            let day = zone.day(date).unwrap_or_else(|| panic!("{what}"));
            let next = zone.day(date.tomorrow().expect("in the calendar"));
            let end = day.instant(day.cells.cast_signed());
            assert_eq!(next.expect("a day").midnight, end, "{what}");
            assert_eq!(round_down(day.midnight), day.midnight, "{what}");
            for (at, is) in [
                (day.midnight, date),
                (end - SignedDuration::from_nanos(1), date),
                (end, date.tomorrow().expect("in the calendar")),
            ] {
                assert_eq!(zone.date_at(at), is, "{what} at {at}");
            }
            for cell in 0..day.cells {
                let begins = day.instant(cell.cast_signed());
                assert_eq!(day.cell_beginning(begins), Some(cell), "{what}");
                assert_eq!(zone.date_at(begins), date, "{what}");
            }
            assert_eq!(day.cell_beginning(end), None, "{what}");
        }
    }

    #[test]
    fn a_wall_time_is_the_first_of_its_instants_or_as_much_later_as_was_skipped() {
        for (time_zone, date) in DAYS.iter().copied() {
            let rules = zone(time_zone).rules();
            for minutes in (0..24 * 60).step_by(15) {
                let at = wall_time(&rules, date, minutes).expect("in the calendar");
                let wanted = date.to_datetime(Time::midnight()) + i64::from(minutes).minutes();
                let shown = rules.to_datetime(at);
                let what = format!("{time_zone} {wanted}: {at}");
                if shown == wanted {
                    // An earlier instant that shows the same would have been the first.
                    let earlier = (1..=8).map(|quarters| at - CELL * quarters);
                    assert!(
                        earlier
                            .map(|at| rules.to_datetime(at))
                            .all(|was| was != wanted),
                        "{what}"
                    );
                } else {
                    let skipped = shown.duration_since(wanted);
                    let change = at - skipped;
                    let before = rules.to_datetime(change - SignedDuration::from_nanos(1));
                    assert!(skipped.is_positive() && before < wanted, "{what}");
                }
            }
        }
    }
}
