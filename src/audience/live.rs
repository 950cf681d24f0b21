//! What is live but not durable: `positions:{zone}`, `track:{booking}`, `presence:{zone}` and `ops`.
//! The newest entry of each key counts, and what is lost is made up for by the next one; a snapshot is what an
//! instance has heard.
//!
//! Rows are told apart by kind and id and applied as those of all channels are; of two rows with
//! one name the higher version is the newer. Rows have the time they speak of, and are out of date
//! a minute after it: readers judge that by the clock, as nobody says when a phone falls silent.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Channel, channel::UnknownChannel, presence::PresenceRow};
use crate::domain::{
    Actor, Role,
    ids::{BookingId, CleanerId, CustomerId, ZoneSlug},
    position::{Fix, Followed},
};

/// A channel without a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EphemeralChannel {
    /// Where the cleaners of a zone are, for its staff.
    Positions(ZoneSlug),
    /// Who is on the way to a customer's door, and when they will be there.
    Track(BookingId),
    /// Who is there, for the staff.
    Presence(ZoneSlug),
    /// How every instance is.
    Ops,
}

/// A channel of the product, whichever its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyChannel {
    Durable(Channel),
    Ephemeral(EphemeralChannel),
}

impl fmt::Display for EphemeralChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Positions(zone) => write!(f, "positions:{zone}"),
            Self::Track(booking) => write!(f, "track:{booking}"),
            Self::Presence(zone) => write!(f, "presence:{zone}"),
            Self::Ops => f.write_str("ops"),
        }
    }
}

impl fmt::Display for AnyChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Durable(channel) => channel.fmt(f),
            Self::Ephemeral(channel) => channel.fmt(f),
        }
    }
}

impl FromStr for EphemeralChannel {
    type Err = UnknownChannel;

    /// Accepts canonical names only, so that one channel has one name.
    fn from_str(name: &str) -> Result<Self, UnknownChannel> {
        let channel = match name.split_once(':') {
            None if name == "ops" => Some(Self::Ops),
            Some(("positions", zone)) => zone.parse().ok().map(Self::Positions),
            Some(("presence", zone)) => zone.parse().ok().map(Self::Presence),
            Some(("track", booking)) => booking.parse().ok().map(Self::Track),
            None | Some(_) => None,
        };
        channel
            .filter(|channel| channel.to_string() == name)
            .ok_or(UnknownChannel)
    }
}

impl FromStr for AnyChannel {
    type Err = UnknownChannel;

    fn from_str(name: &str) -> Result<Self, UnknownChannel> {
        let ephemeral = name.parse().map(Self::Ephemeral);
        ephemeral.or_else(|UnknownChannel| name.parse().map(Self::Durable))
    }
}

/// What the store knows about an ephemeral channel and the one who asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveFacts {
    /// The actor's account is there, is not disabled, and has the actor's role.
    pub account_valid: bool,
    pub zone_exists: bool,
    /// The booking's crew is on the way.
    pub on_the_way: bool,
    pub booked_by: Option<CustomerId>,
}

/// May this actor (nobody, where not signed in) read this channel now? The right to follow a visit
/// ends when its crew has arrived, also for the staff, who have `positions`.
pub fn may_follow(actor: Option<Actor>, channel: &EphemeralChannel, facts: &LiveFacts) -> bool {
    let Some(actor) = actor.filter(|_| facts.account_valid) else {
        return false;
    };
    let staff = match actor.role {
        Role::Dispatcher | Role::Manager | Role::Admin => true,
        Role::Customer | Role::Cleaner | Role::System => false,
    };
    match channel {
        EphemeralChannel::Positions(_) | EphemeralChannel::Presence(_) => {
            staff && facts.zone_exists
        }
        EphemeralChannel::Track(_) => {
            let own = facts.booked_by.is_some() && facts.booked_by == actor.customer();
            facts.on_the_way && (staff || own)
        }
        EphemeralChannel::Ops => actor.role == Role::Admin,
    }
}

/// Body of every ephemeral channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LiveBody {
    #[ts(type = "string")]
    pub at: Timestamp,
    pub set: Vec<LiveRow>,
    pub unset: Vec<LiveRowKey>,
}

/// A row of an ephemeral channel, told apart by `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveRow {
    Position(PositionRow),
    Track(TrackRow),
    Presence(PresenceRow),
    Instance(InstanceRow),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LiveRowKey {
    pub kind: LiveRowKind,
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveRowKind {
    Position,
    Track,
    Presence,
    Instance,
}

/// On `positions`: the last that was heard of a cleaner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(optional_fields)]
pub struct PositionRow {
    pub id: CleanerId,
    /// Grows with `at`.
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "string")]
    pub at: Timestamp,
    pub lon: f64,
    pub lat: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// The booking they are on the way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<BookingId>,
}

/// On `track`: one of the crew on the way. About a hundred metres coarse, so that it tells no
/// door: the way begins at another customer's, or at home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TrackRow {
    pub id: CleanerId,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "string")]
    pub at: Timestamp,
    pub lon: f64,
    pub lat: f64,
    /// The straight line and what streets add to it, at a town's usual speed.
    #[ts(type = "string")]
    pub arrives_at: Timestamp,
}

/// On `ops`: one instance, every few seconds. Counts are since its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct InstanceRow {
    pub id: String,
    #[ts(type = "number")]
    pub version: i64,
    #[ts(type = "string")]
    pub at: Timestamp,
    #[ts(type = "string")]
    pub started_at: Timestamp,
    pub release: String,
    pub connections: usize,
    pub channels: usize,
    /// What waits for slow readers, all together and for the slowest.
    pub queued_bytes: usize,
    pub queued_most_bytes: usize,
    /// Batches that wait for the wire between instances.
    pub outbound_batches: usize,
    /// How stale readers can be, whatever the wire does.
    #[ts(type = "number")]
    pub log_age_ms: u64,
    pub database_connections: u32,
    pub database_connections_idle: u32,
    #[ts(type = "number")]
    pub accepted: u64,
    #[ts(type = "number")]
    pub rejected: u64,
    #[ts(type = "number")]
    pub refused: u64,
    /// Of the refused: errors of ours.
    #[ts(type = "number")]
    pub errors: u64,
    /// Timers that should have fired, and how long the oldest waits; `null` where the database did
    /// not say.
    #[ts(type = "number | null")]
    pub timers_overdue: Option<i64>,
    pub timers_overdue_seconds: Option<f64>,
}

impl LiveRow {
    pub fn key(&self) -> LiveRowKey {
        let (kind, id) = match self {
            Self::Position(row) => (LiveRowKind::Position, row.id.to_string()),
            Self::Track(row) => (LiveRowKind::Track, row.id.to_string()),
            Self::Presence(row) => (LiveRowKind::Presence, row.id.to_string()),
            Self::Instance(row) => (LiveRowKind::Instance, row.id.clone()),
        };
        LiveRowKey { kind, id }
    }
}

impl LiveBody {
    pub fn one(at: Timestamp, row: LiveRow) -> Self {
        Self {
            at,
            set: vec![row],
            unset: Vec::new(),
        }
    }

    /// The cleaner is not followed any more.
    pub fn gone(at: Timestamp, cleaner: CleanerId) -> Self {
        Self {
            at,
            set: Vec::new(),
            unset: vec![LiveRowKey {
                kind: LiveRowKind::Position,
                id: cleaner.to_string(),
            }],
        }
    }

    /// A snapshot of what was heard, one body per key.
    pub fn snapshot(at: Timestamp, heard: impl Iterator<Item = Self>) -> Self {
        Self {
            at,
            set: heard.flat_map(|body| body.set).collect(),
            unset: Vec::new(),
        }
    }
}

/// What a fix of somebody who is followed becomes: one body per channel.
pub fn shown(
    cleaner: CleanerId,
    fix: &Fix,
    followed: &Followed,
    now: Timestamp,
) -> Vec<(EphemeralChannel, LiveBody)> {
    let version = fix.at.as_millisecond();
    let position = LiveRow::Position(PositionRow {
        id: cleaner,
        version,
        at: fix.at,
        lon: fix.lon,
        lat: fix.lat,
        accuracy_m: fix.accuracy_m,
        heading: fix.heading,
        speed: fix.speed,
        to: followed.visit.map(|(booking, _)| booking),
    });
    let positions = EphemeralChannel::Positions(followed.zone.clone());
    let mut shown = vec![(positions, LiveBody::one(now, position))];
    if let Some((booking, door)) = followed.visit {
        let track = LiveRow::Track(TrackRow {
            id: cleaner,
            version,
            at: fix.at,
            lon: coarse(fix.lon),
            lat: coarse(fix.lat),
            arrives_at: fix.place().arrival(door, fix.at),
        });
        shown.push((EphemeralChannel::Track(booking), LiveBody::one(now, track)));
    }
    shown
}

fn coarse(degrees: f64) -> f64 {
    (degrees * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
