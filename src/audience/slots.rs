//! `slots:{zone}:{date}`: how many cleaners are free at each start of each service. Numbers, not
//! people: anybody may read them. A decision publishes the change of the cleaners it locked, so
//! publications commute.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Channel, FreeChange};
use crate::domain::{
    World,
    ids::{CleanerId, ZoneSlug},
};

/// What a decision changes, and the cleaners whose freedom it changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) free: BTreeMap<Channel, Vec<FreeChange>>,
    pub(super) cleaners: BTreeSet<CleanerId>,
}

/// Nothing until the slots engine is in.
pub(super) fn changes(_before: &World, _after: &World) -> Changes {
    Changes::default()
}

/// Nothing until the slots engine is in.
pub(super) fn all(_world: &World, _zone: &ZoneSlug, _date: Date) -> Vec<FreeChange> {
    Vec::new()
}
