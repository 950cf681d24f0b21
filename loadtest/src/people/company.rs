//! A company made from a seed, as the files and commands that bring it into an empty installation.
//!
//! Zones lie in several time zones and are open around the clock, so that there is work to do at
//! whatever hour a run begins. Personal texts carry canaries (see [`super::canary`]).

use std::fmt::Write as _;

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::canary::{Canaries, Whose};

/// Time zones in turn; their offsets are whole, half and quarter hours.
const TIME_ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Vancouver",
    "Pacific/Auckland",
];
const FIRST_NAMES: [&str; 12] = [
    "Anna", "Boris", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hamid", "Ines", "Jonas", "Kim",
    "Lea",
];
/// Zones are squares of this many degrees, side by side.
const SIDE: f64 = 0.1;
/// Local dates with shifts: from yesterday on, for who is past midnight already.
const SHIFT_DAYS: std::ops::RangeInclusive<i64> = -1..=3;

/// How large the company is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub zones: usize,
    pub cleaners: usize,
    pub dispatchers: usize,
    pub customers: usize,
}

/// See the module.
pub struct Company {
    pub zones: Vec<Zone>,
    pub cleaners: Vec<Cleaner>,
    pub services: Vec<Service>,
    pub dispatchers: Vec<String>,
}

/// Where the company works.
#[derive(Debug, Clone)]
pub struct Zone {
    pub slug: String,
    pub time_zone: TimeZone,
    clock: &'static str,
    corner: [f64; 2],
}

/// Who works there.
#[derive(Debug, Clone)]
pub struct Cleaner {
    pub email: String,
    pub name: String,
    /// The canary of the family name.
    pub canary: String,
    /// Home zones by number, the one with the shifts first.
    pub zones: Vec<usize>,
    pub skilled: bool,
}

/// What is sold.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub slug: &'static str,
    pub minutes: u16,
    pub crew: u8,
    pub buffer: u16,
    pub skill: Option<&'static str>,
}

pub const SERVICES: [Service; 4] = [
    service("quick", 30, 1, 0, None),
    service("standard", 60, 1, 15, None),
    service("windows", 45, 1, 15, Some("windows")),
    service("duo", 60, 2, 15, None),
];

const fn service(
    slug: &'static str,
    minutes: u16,
    crew: u8,
    buffer: u16,
    skill: Option<&'static str>,
) -> Service {
    Service {
        slug,
        minutes,
        crew,
        buffer,
        skill,
    }
}

impl Zone {
    fn of(number: usize) -> Self {
        let clock = TIME_ZONES[number % TIME_ZONES.len()];
        // The grid keeps zones apart from each other.
        let number_32 = u32::try_from(number).expect("few zones");
        let (column, row) = (number_32 % 10, number_32 / 10);
        Self {
            slug: format!("zone-{number}"),
            time_zone: TimeZone::get(clock).expect("jiff brings its own time zones"),
            clock,
            corner: [
                10.0 + 2.0 * SIDE * f64::from(column),
                50.0 + 2.0 * SIDE * f64::from(row),
            ],
        }
    }

    pub fn date_at(&self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone.clone()).date()
    }

    /// A point inside; `x` and `y` are shares of the side.
    pub fn point(&self, x: f64, y: f64) -> [f64; 2] {
        let inside = |share: f64| SIDE * (0.05 + 0.9 * share);
        [self.corner[0] + inside(x), self.corner[1] + inside(y)]
    }

    fn feature(&self) -> Value {
        let [west, south] = self.corner;
        let (east, north) = (west + SIDE, south + SIDE);
        let ring = [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south],
        ];
        let hours: serde_json::Map<_, _> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .into_iter()
            .map(|day| (day.to_owned(), json!("00:00-24:00")))
            .collect();
        json!({
            "type": "Feature",
            "properties": {
                "slug": self.slug, "name": self.slug, "time_zone": self.clock,
                "opening_hours": hours,
            },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        })
    }
}

impl Service {
    /// The parameters of `admin.service_save`.
    pub fn save(&self) -> Value {
        json!({
            "slug": self.slug, "name": self.slug, "duration_minutes": self.minutes,
            "crew_size": self.crew, "skills": self.skill.into_iter().collect::<Vec<_>>(),
            "travel_buffer_minutes": self.buffer, "lead_time_minutes": 0,
            "booking_window_days": 14, "slot_step_minutes": 30, "price_minor": 4900,
            "currency": "EUR", "active": true,
        })
    }
}

impl Company {
    pub fn new(size: Size, canaries: &mut Canaries) -> Self {
        let zones: Vec<Zone> = (0..size.zones).map(Zone::of).collect();
        let cleaners = (0..size.cleaners).map(|number| {
            let canary = canaries.make(Whose::CleanersName(number));
            let home = number % size.zones;
            // Every third helps out next door: their work shows in two zones' slots.
            let helps =
                (number.is_multiple_of(3) && size.zones > 1).then_some((home + 1) % size.zones);
            Cleaner {
                email: format!("cleaner{number}@example.org"),
                name: format!("{} {canary}", FIRST_NAMES[number % FIRST_NAMES.len()]),
                canary,
                zones: std::iter::once(home).chain(helps).collect(),
                skilled: number.is_multiple_of(2),
            }
        });
        Self {
            cleaners: cleaners.collect(),
            zones,
            services: SERVICES.to_vec(),
            dispatchers: (0..size.dispatchers)
                .map(|number| format!("dispatcher{number}@example.org"))
                .collect(),
        }
    }

    pub fn zones_file(&self) -> String {
        let features: Vec<Value> = self.zones.iter().map(Zone::feature).collect();
        json!({ "type": "FeatureCollection", "features": features }).to_string()
    }

    pub fn cleaners_file(&self) -> String {
        let lines = self.cleaners.iter().enumerate().map(|(number, cleaner)| {
            let zones: Vec<&str> = cleaner
                .zones
                .iter()
                .map(|zone| self.zones[*zone].slug.as_str())
                .collect();
            let skills = if cleaner.skilled { "windows" } else { "-" };
            let (email, name, zones) = (&cleaner.email, &cleaner.name, zones.join(";"));
            format!("{email},{name},+49 30 {number:06},{zones},{skills},yes\n")
        });
        std::iter::once("email,name,phone,zones,skills,active\n".to_owned())
            .chain(lines)
            .collect()
    }

    /// Early and late shifts in turn, overlapping around noon: at every hour somebody works.
    pub fn shifts_file(&self, now: Timestamp) -> String {
        let mut file = "email,zone,date,starts,ends\n".to_owned();
        for (number, cleaner) in self.cleaners.iter().enumerate() {
            let zone = &self.zones[cleaner.zones[0]];
            let is_early = (number / self.zones.len()).is_multiple_of(2);
            let (starts, ends) = if is_early {
                ("00:00", "14:00")
            } else {
                ("10:00", "24:00")
            };
            for day in SHIFT_DAYS {
                let date = zone.date_at(now) + Span::new().days(day);
                let (email, slug) = (&cleaner.email, &zone.slug);
                writeln!(file, "{email},{slug},{date},{starts},{ends}")
                    .expect("a string takes everything");
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        zones: 3,
        cleaners: 12,
        dispatchers: 2,
        customers: 5,
    };

    #[test]
    fn a_point_of_a_zone_lies_in_it_and_in_no_other() {
        let zones: Vec<Zone> = (0..12).map(Zone::of).collect();
        let holds = |zone: &Zone, [x, y]: [f64; 2]| {
            let [west, south] = zone.corner;
            (west..west + SIDE).contains(&x) && (south..south + SIDE).contains(&y)
        };
        for zone in &zones {
            for point in [zone.point(0.0, 0.0), zone.point(1.0, 1.0)] {
                let at: Vec<_> = zones.iter().filter(|zone| holds(zone, point)).collect();
                assert_eq!(at.len(), 1, "{point:?}");
                assert_eq!(at[0].slug, zone.slug);
            }
        }
    }

    #[test]
    fn every_zone_has_somebody_at_work_at_every_hour() {
        let company = Company::new(SIZE, &mut Canaries::new(1));
        let file = company.shifts_file("2026-11-21T01:00:00Z".parse().expect("a time"));
        for zone in &company.zones {
            for hours in ["00:00,14:00", "10:00,24:00"] {
                let here = |line: &&str| line.contains(&zone.slug) && line.ends_with(hours);
                assert_eq!(file.lines().filter(here).count(), 2 * 5, "{hours}\n{file}");
            }
        }
    }
}
