//! `slots:{zone}:{date}`: how many cleaners are free at each start of each service. Numbers, not
//! people: anybody may read them. A decision publishes the change of the cleaners it locked, so
//! publications commute; a snapshot is the change from nobody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Channel, FreeChange};
use crate::domain::{
    World,
    entity::{Cleaner, Occupancy, Shift, TimeRange},
    ids::{CleanerId, SkillSlug, ZoneSlug},
    slots,
};

/// What a decision changes, and the cleaners whose freedom it may change.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) free: BTreeMap<Channel, Vec<FreeChange>>,
    pub(super) cleaners: BTreeSet<CleanerId>,
}

pub(super) fn changes(before: &World, after: &World) -> Changes {
    let mut free: BTreeMap<Channel, Vec<FreeChange>> = BTreeMap::new();
    for change in slots::difference(before, after) {
        let channel = Channel::Slots {
            zone: change.zone,
            date: change.date,
        };
        free.entry(channel).or_default().push(FreeChange {
            service: change.service,
            start: change.start,
            by: change.by,
        });
    }
    Changes {
        free,
        cleaners: cleaners_changed(before, after),
    }
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

/// Those whose time or offer differs; everybody, where the terms differ that all are counted by.
/// Two decisions that change what one cleaner contributes must not be made side by side.
fn cleaners_changed(before: &World, after: &World) -> BTreeSet<CleanerId> {
    if before.services != after.services || before.zones != after.zones {
        return before.shifts.values().map(|shift| shift.cleaner).collect();
    }
    let (old, new) = (contributions(before), contributions(after));
    let everybody: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    everybody
        .into_iter()
        .filter(|cleaner| old.get(cleaner) != new.get(cleaner))
        .collect()
}

/// All that a cleaner's free starts follow from.
#[derive(Debug, Default, PartialEq)]
struct Contribution<'w> {
    offer: Option<(bool, &'w BTreeSet<ZoneSlug>, &'w BTreeSet<SkillSlug>)>,
    shifts: BTreeSet<(TimeRange, &'w ZoneSlug)>,
    busy: BTreeSet<TimeRange>,
}

fn contributions(world: &World) -> BTreeMap<CleanerId, Contribution<'_>> {
    let mut found: BTreeMap<CleanerId, Contribution<'_>> = BTreeMap::new();
    for Cleaner {
        id,
        active,
        zones,
        skills,
        ..
    } in world.cleaners.values()
    {
        found.entry(*id).or_default().offer = Some((*active, zones, skills));
    }
    for Shift {
        cleaner,
        during,
        zone,
        ..
    } in world.shifts.values()
    {
        found
            .entry(*cleaner)
            .or_default()
            .shifts
            .insert((*during, zone));
    }
    for Occupancy { cleaner, busy, .. } in world.occupancy.values() {
        found.entry(*cleaner).or_default().busy.insert(*busy);
    }
    found
}
