//! `presence.focus`, `presence.lock` and `presence.unlock`: called like commands, but without an
//! id, a receipt or a trace. They are what colleagues tell each other, and decide nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hub::ports::Caller;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::{Gateway, actor_of, input, too_fast};
use crate::{
    audience::presence::{
        FocusReport, FocusTaken, LockRequest, PRESENCE_FOCUS, PRESENCE_LOCK, PRESENCE_UNLOCK,
        UnlockRequest, may_tell_presence,
    },
    execute::{Outcome, Refusal},
    presence::Untold,
};

/// The longest that a lock may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What colleagues can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    Focus,
    Lock,
    Unlock,
}

impl Telling {
    pub(super) fn of(kind: &str) -> Option<Self> {
        match kind {
            PRESENCE_FOCUS => Some(Self::Focus),
            PRESENCE_LOCK => Some(Self::Lock),
            PRESENCE_UNLOCK => Some(Self::Unlock),
            _ => None,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Focus => PRESENCE_FOCUS,
            Self::Lock => PRESENCE_LOCK,
            Self::Unlock => PRESENCE_UNLOCK,
        }
    }
}

impl Gateway {
    /// Somebody of the staff tells colleagues what they do. Nothing of it is stored or logged.
    pub(super) async fn tell_presence(
        &self,
        caller: &Caller,
        telling: Telling,
        data: Option<&RawValue>,
    ) -> Outcome {
        let Some(actor) = actor_of(&caller.identity) else {
            return Outcome::refused(Refusal::Unauthenticated, "sign in first");
        };
        if self.draining.is_cancelled() {
            return Outcome::try_again(Refusal::Draining, "this instance is stopping", 1000);
        }
        if !may_tell_presence(actor.role) {
            self.note_denial(caller, telling.kind(), "");
            return Outcome::refused(Refusal::Forbidden, "this is not for your role");
        }
        if let Err(wait) = self.tellings.take(&actor.id) {
            return too_fast("too much at once", wait);
        }
        let told = match telling {
            Telling::Focus => self.focus(caller, data),
            Telling::Lock => self.lock(caller, data).await,
            Telling::Unlock => self.unlock(caller, data).await,
        };
        told.unwrap_or_else(|refused| refused)
    }

    fn focus(&self, caller: &Caller, data: Option<&RawValue>) -> Result<Outcome, Outcome> {
        let report: FocusReport = read(data)?;
        let told = self.presence.focus(&caller.client, &report);
        told.map_err(untold)?;
        Ok(accepted(&FocusTaken { zone: report.zone }))
    }

    /// In a task of its own: a caller that goes away leaves no claim half made.
    async fn lock(&self, caller: &Caller, data: Option<&RawValue>) -> Result<Outcome, Outcome> {
        let request: LockRequest = read(data)?;
        let (presence, client) = (Arc::clone(&self.presence), Arc::clone(&caller.client));
        let task = self
            .tasks
            .spawn(async move { presence.lock(&client, &request).await });
        let stands = timeout(PATIENCE, task).await;
        let Ok(Ok(stands)) = stands else {
            return Err(untold(Untold::Unavailable));
        };
        Ok(accepted(&stands.map_err(untold)?))
    }

    async fn unlock(&self, caller: &Caller, data: Option<&RawValue>) -> Result<Outcome, Outcome> {
        let request: UnlockRequest = read(data)?;
        let unlocked = self.presence.unlock(&caller.client, &request);
        let stands = timeout(PATIENCE, unlocked).await;
        let stands = stands.unwrap_or(Err(Untold::Unavailable));
        Ok(accepted(&stands.map_err(untold)?))
    }
}

fn read<T: DeserializeOwned>(data: Option<&RawValue>) -> Result<T, Outcome> {
    let text = data.map_or("{}", RawValue::get);
    let read = input::read(text.as_bytes());
    read.map_err(|invalid| Outcome::invalid_argument(&invalid.field, invalid.reason))
}

fn accepted(answer: &impl Serialize) -> Outcome {
    Outcome::Accepted {
        result: serde_json::to_value(answer).expect("plain data"),
        positions: BTreeMap::new(),
    }
}

fn untold(untold: Untold) -> Outcome {
    match untold {
        Untold::Absent => Outcome::refused(
            Refusal::NotFound,
            "subscribe to the zone's control or presence channel first, by this connection",
        ),
        Untold::Unavailable => {
            Outcome::try_again(Refusal::Unavailable, "not available just now", 1000)
        }
    }
}
