//! What the demo company sells and where: zones in three time zones a third of the day apart, so
//! that it is always working hours in one of them.

use super::names::{BERLIN, BRISBANE, Places, VANCOUVER};
use crate::domain::{
    Command, World,
    command::{ServiceSave, ZoneSave},
    entity::{OpeningHours, Zone},
    ids::ZoneSlug,
};

/// One of the demo's zones, with what its people and places are made from.
pub(super) struct Site {
    pub(super) slug: &'static str,
    name: &'static str,
    time_zone: &'static str,
    polygon: &'static [[f64; 2]],
    weekdays: OpeningHours,
    weekend: OpeningHours,
    pub(super) phone_prefix: &'static str,
    pub(super) places: Places,
}

const fn hours(opens: u16, closes: u16) -> OpeningHours {
    OpeningHours {
        opens: opens * 60,
        closes: closes * 60,
    }
}

pub(super) const SITES: [Site; 3] = [
    Site {
        slug: "center",
        name: "Berlin Center",
        time_zone: "Europe/Berlin",
        polygon: &[
            [13.336, 52.494],
            [13.372, 52.486],
            [13.441, 52.489],
            [13.462, 52.516],
            [13.431, 52.551],
            [13.366, 52.554],
            [13.334, 52.532],
            [13.336, 52.494],
        ],
        weekdays: hours(6, 22),
        weekend: hours(7, 21),
        phone_prefix: "+49 30 5550",
        places: BERLIN,
    },
    Site {
        slug: "north",
        name: "Vancouver North",
        time_zone: "America/Vancouver",
        polygon: &[
            [-123.146, 49.312],
            [-123.082, 49.304],
            [-122.998, 49.301],
            [-122.951, 49.327],
            [-122.996, 49.361],
            [-123.098, 49.366],
            [-123.146, 49.312],
        ],
        weekdays: hours(6, 22),
        weekend: hours(7, 21),
        phone_prefix: "+1 604 555 0",
        places: VANCOUVER,
    },
    Site {
        slug: "riverside",
        name: "Brisbane Riverside",
        time_zone: "Australia/Brisbane",
        polygon: &[
            [152.972, -27.496],
            [153.022, -27.509],
            [153.079, -27.481],
            [153.071, -27.441],
            [153.018, -27.437],
            [152.981, -27.458],
            [152.972, -27.496],
        ],
        weekdays: hours(6, 21),
        weekend: hours(6, 20),
        phone_prefix: "+61 7 5550 ",
        places: BRISBANE,
    },
];

impl Site {
    pub(super) fn zone_slug(&self) -> ZoneSlug {
        slug(self.slug)
    }

    /// The zone as the demo makes it.
    pub(super) fn zone(&self) -> Zone {
        let save = self.save();
        Zone {
            slug: save.slug,
            name: save.name,
            polygon: save.polygon,
            time_zone: save.time_zone,
            opening_hours: save.opening_hours,
            version: 1,
        }
    }

    fn save(&self) -> ZoneSave {
        let mut opening_hours = [Some(self.weekdays); 7];
        opening_hours[5..].fill(Some(self.weekend));
        ZoneSave {
            slug: self.zone_slug(),
            name: self.name.to_owned(),
            polygon: self.polygon.to_vec(),
            time_zone: self.time_zone.to_owned(),
            opening_hours,
            expected_version: None,
        }
    }

    /// West, south, east and north ends of what lies well inside the polygon.
    pub(super) fn inside(&self) -> [f64; 4] {
        let column = |axis: usize| self.polygon.iter().map(move |corner| corner[axis]);
        let inner = |axis: usize| {
            let (least, most) = column(axis).fold((f64::MAX, f64::MIN), |(least, most), value| {
                (least.min(value), most.max(value))
            });
            let quarter = (most - least) / 4.0;
            (least + quarter, most - quarter)
        };
        let ((west, east), (south, north)) = (inner(0), inner(1));
        [west, south, east, north]
    }
}

/// Names that the demo's own code gives are slugs.
pub(super) fn slug<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the demo's names are slugs")
}

/// Slug, name, minutes, crew, skill, travel buffer, lead time, price.
type Sold = (
    &'static str,
    &'static str,
    u16,
    u8,
    Option<&'static str>,
    u16,
    u32,
    i64,
);

const SERVICES: [Sold; 5] = [
    ("express", "Express clean", 60, 1, None, 15, 60, 4900),
    ("standard", "Standard clean", 120, 1, None, 30, 90, 8900),
    (
        "windows",
        "Window cleaning",
        90,
        1,
        Some("windows"),
        30,
        120,
        7900,
    ),
    (
        "office",
        "Office clean",
        180,
        1,
        Some("office"),
        30,
        120,
        14900,
    ),
    ("deep", "Deep clean", 240, 2, Some("deep"), 30, 180, 27900),
];

pub(super) fn services() -> impl Iterator<Item = ServiceSave> {
    SERVICES.into_iter().map(
        |(name, title, duration_minutes, crew_size, skill, buffer, lead, price_minor)| {
            ServiceSave {
                slug: slug(name),
                name: title.to_owned(),
                duration_minutes,
                crew_size,
                skills: skill.map(slug).into_iter().collect(),
                travel_buffer_minutes: buffer,
                lead_time_minutes: lead,
                booking_window_days: 14,
                slot_step_minutes: 15,
                price_minor,
                currency: "EUR".to_owned(),
                active: true,
                expected_version: None,
            }
        },
    )
}

/// What makes the zones and services that are missing, with names for the log of commands.
pub(super) fn founding(world: &World) -> Vec<(String, Command)> {
    let zones = SITES
        .iter()
        .map(Site::save)
        .filter(|zone| !world.zones.contains_key(&zone.slug))
        .map(|zone| (format!("zone {}", zone.slug), Command::SaveZone(zone)));
    let services = services()
        .filter(|service| !world.services.contains_key(&service.slug))
        .map(|service| {
            (
                format!("service {}", service.slug),
                Command::SaveService(service),
            )
        });
    zones.chain(services).collect()
}
