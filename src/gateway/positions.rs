//! Of the channels that a command has moved, an actor learns only of those they may read.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Gateway;
use crate::{
    audience::{self, Channel, Facts},
    domain::Actor,
    execute::Outcome,
    store::StoreError,
};

/// The decision is made already: its answer does not wait longer than this. A position that is
/// left out costs the client nothing but the look at its own view.
const PATIENCE: Duration = Duration::from_millis(400);

impl Gateway {
    pub(super) async fn only_readable(&self, actor: Actor, outcome: Outcome) -> Outcome {
        let Outcome::Accepted {
            result,
            mut positions,
        } = outcome
        else {
            return outcome;
        };
        let questions = positions.keys().map(|name| self.is_readable(actor, name));
        let answers = timeout(PATIENCE, join_all(questions)).await;
        let mut answers = answers.unwrap_or_default().into_iter();
        positions.retain(|_, _| answers.next().unwrap_or(false));
        Outcome::Accepted { result, positions }
    }

    async fn is_readable(&self, actor: Actor, name: &str) -> bool {
        let Ok(channel) = name.parse::<Channel>() else {
            return false;
        };
        if could_never_read(actor, &channel) {
            return false;
        }
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
