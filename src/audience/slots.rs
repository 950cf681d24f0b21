//! `slots:{zone}:{date}`: how many cleaners are free at each start of each service. Numbers, not
//! people: anybody may read them. A decision publishes the change of the cleaners it locked, so
//! publications commute; a snapshot is the change from nobody. Where what is counted by changes, or
//! too many days at once, readers start from a fresh snapshot.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Channel, FreeChange};
use crate::domain::{
    World,
    entity::Service,
    ids::{CleanerId, ServiceSlug, ZoneSlug},
    slots::{self, Touched},
};

/// Where more cleaners' days than this change, readers are told to count anew instead: that is less
/// to send, and less to compute while others wait.
const MOST_CLEANER_DAYS: usize = 400;

/// What a decision changes, and the cleaners whose freedom it may change.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) free: BTreeMap<Channel, Vec<FreeChange>>,
    /// To be counted anew, by a fresh snapshot.
    pub(super) anew: BTreeSet<Channel>,
    /// Two decisions that change what one cleaner contributes must not be made side by side.
    pub(super) cleaners: BTreeSet<CleanerId>,
}

pub(super) fn changes(before: &World, after: &World) -> Changes {
    let mut anew = dates_with_other_terms(before, after);
    let under_the_same_terms;
    let was = if before.zones == after.zones && before.services == after.services {
        before
    } else {
        under_the_same_terms = World {
            zones: after.zones.clone(),
            services: after.services.clone(),
            ..before.clone()
        };
        &under_the_same_terms
    };
    let touched = Touched::between(was, after);
    let mut free: BTreeMap<Channel, Vec<FreeChange>> = BTreeMap::new();
    if touched.cleaner_days() > MOST_CLEANER_DAYS {
        anew.extend(touched.places());
    } else {
        for change in touched.changes() {
            let place = (change.zone, change.date);
            if !anew.contains(&place) {
                free.entry(channel(place)).or_default().push(FreeChange {
                    service: change.service,
                    start: change.start,
                    by: change.by,
                });
            }
        }
    }
    Changes {
        free,
        anew: anew.into_iter().map(channel).collect(),
        cleaners: touched.cleaners().collect(),
    }
}

fn channel((zone, date): (ZoneSlug, Date)) -> Channel {
    Channel::Slots { zone, date }
}

/// Dates whose free starts are counted by other hours, lengths or skills than before.
fn dates_with_other_terms(before: &World, after: &World) -> BTreeSet<(ZoneSlug, Date)> {
    let terms = |service: &Service| {
        (
            service.duration_minutes,
            service.travel_buffer_minutes,
            service.slot_step_minutes,
            service.skills.clone(),
        )
    };
    let of_services = |world: &World| -> BTreeMap<ServiceSlug, _> {
        let services = world.services.iter();
        services
            .map(|(slug, row)| (slug.clone(), terms(row)))
            .collect()
    };
    let everywhere = of_services(before) != of_services(after);
    let other_hours = |slug: &ZoneSlug| {
        before
            .zones
            .get(slug)
            .zip(after.zones.get(slug))
            .is_some_and(|(was, is)| {
                was.opening_hours != is.opening_hours || was.time_zone != is.time_zone
            })
    };
    let dates = after.slot_dates.iter();
    dates
        .filter(|(zone, _)| everywhere || other_hours(zone))
        .cloned()
        .collect()
}

/// The change that makes the counts of a date out of nothing.
pub(super) fn all(world: &World, zone: &ZoneSlug, date: Date) -> Vec<FreeChange> {
    let Some(zone) = world.zones.get(zone) else {
        return Vec::new();
    };
    slots::counts(world, zone, date)
        .into_iter()
        .map(|free| FreeChange {
            service: free.service,
            start: free.start,
            by: free.cleaners.cast_signed(),
        })
        .collect()
}
