//! One connection of this instance: who it belongs to, what it follows, and where that makes it be.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use hub::ports::ChannelName;
use tokio::time::Instant;

use super::entry::{Claim, Look};
use crate::{
    audience::{AnyChannel, Channel, EphemeralChannel},
    domain::{
        Role,
        ids::{BookingId, ZoneSlug},
    },
};

/// What is known of somebody of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub name: String,
    /// A cleaner's home zones.
    pub zones: BTreeSet<ZoneSlug>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) user: Arc<str>,
    pub(super) role: Option<Role>,
    pub(super) card: Option<Card>,
    /// What it follows and where that is; `None` while the zone of a booking is looked up.
    pub(super) follows: HashMap<ChannelName, Place>,
    pub(super) stays: HashMap<ZoneSlug, Stay>,
    pub(super) claims: Vec<Held>,
    pub(super) gone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Zone(ZoneSlug),
    Booking(BookingId),
}

#[derive(Debug, Default)]
pub(super) struct Stay {
    /// Set once nothing keeps it there.
    pub(super) until: Option<Instant>,
    pub(super) look: Option<Look>,
    pub(super) typing_until: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) zone: ZoneSlug,
    pub(super) claim: Claim,
    pub(super) until: Instant,
}

impl Connection {
    /// Whether people of this role are named.
    pub(super) fn has_card_by_role(&self) -> bool {
        match self.role {
            Some(Role::Cleaner | Role::Dispatcher | Role::Manager | Role::Admin) => true,
            None | Some(Role::Customer | Role::System) => false,
        }
    }

    pub(super) fn lacks_card(&self) -> bool {
        self.card.is_none() && self.has_card_by_role()
    }

    pub(super) fn zones(&self) -> BTreeSet<ZoneSlug> {
        if self.gone {
            return BTreeSet::new();
        }
        let followed = self.follows.values().filter_map(|place| match place {
            Place::Zone(zone) => Some(zone),
            Place::Booking(_) => None,
        });
        let home = self.card.iter().flat_map(|card| &card.zones);
        let home = home.filter(|_| self.role == Some(Role::Cleaner));
        followed.chain(home).cloned().collect()
    }
}

/// Where somebody who follows this channel is for it.
pub(super) fn place(role: Option<Role>, channel: &AnyChannel) -> Option<Place> {
    match role {
        Some(Role::Dispatcher | Role::Manager | Role::Admin) => match channel {
            AnyChannel::Durable(Channel::Control { zone, .. })
            | AnyChannel::Ephemeral(EphemeralChannel::Presence(zone)) => {
                Some(Place::Zone(zone.clone()))
            }
            AnyChannel::Durable(
                Channel::Slots { .. }
                | Channel::Booking(_)
                | Channel::Customer(_)
                | Channel::Agenda(_)
                | Channel::Board(_),
            )
            | AnyChannel::Ephemeral(
                EphemeralChannel::Positions(_) | EphemeralChannel::Track(_) | EphemeralChannel::Ops,
            ) => None,
        },
        None | Some(Role::Customer) => match channel {
            AnyChannel::Durable(Channel::Slots { zone, .. }) => Some(Place::Zone(zone.clone())),
            AnyChannel::Durable(Channel::Booking(booking))
            | AnyChannel::Ephemeral(EphemeralChannel::Track(booking)) => {
                Some(Place::Booking(*booking))
            }
            AnyChannel::Durable(
                Channel::Customer(_)
                | Channel::Agenda(_)
                | Channel::Board(_)
                | Channel::Control { .. },
            )
            | AnyChannel::Ephemeral(
                EphemeralChannel::Positions(_)
                | EphemeralChannel::Presence(_)
                | EphemeralChannel::Ops,
            ) => None,
        },
        Some(Role::Cleaner | Role::System) => None,
    }
}
