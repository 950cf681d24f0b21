//! Of the channels that a command has moved, an actor learns only of those they may read.

use super::Gateway;
use crate::{
    audience::{self, Channel, Facts},
    domain::Actor,
    execute::Outcome,
    store::StoreError,
};

impl Gateway {
    pub(super) async fn only_readable(&self, actor: Actor, outcome: Outcome) -> Outcome {
        let Outcome::Accepted {
            result,
            mut positions,
        } = outcome
        else {
            return outcome;
        };
        let mut hidden = Vec::new();
        for name in positions.keys() {
            if !self.is_readable(actor, name).await {
                hidden.push(name.clone());
            }
        }
        for name in hidden {
            positions.remove(&name);
        }
        Outcome::Accepted { result, positions }
    }

    async fn is_readable(&self, actor: Actor, name: &str) -> bool {
        let Ok(channel) = name.parse::<Channel>() else {
            return false;
        };
        if could_never_read(actor, &channel) {
            return false;
        }
        // Reading the facts fails only where the database is away; then the position is left out
        // and the client's own view tells it the same a little later.
        self.may_actor_read(Some(actor), &channel)
            .await
            .unwrap_or(false)
    }

    pub(super) async fn may_actor_read(
        &self,
        actor: Option<Actor>,
        channel: &Channel,
    ) -> Result<bool, StoreError> {
        let facts = crate::store::facts(&self.pools, actor, channel).await?;
        Ok(audience::may_subscribe(actor, channel, &facts))
    }
}

/// Whether the role alone rules it out, so that nothing need be read.
fn could_never_read(actor: Actor, channel: &Channel) -> bool {
    let zone = match channel {
        Channel::Board(zone) => Some(zone.clone()),
        Channel::Slots { .. }
        | Channel::Booking(_)
        | Channel::Customer(_)
        | Channel::Agenda(_)
        | Channel::Control { .. } => None,
    };
    let best = Facts {
        exists: true,
        account_valid: true,
        booked_by: actor.customer(),
        works_in: Some(zone.into_iter().collect()),
    };
    !audience::may_subscribe(Some(actor), channel, &best)
}
