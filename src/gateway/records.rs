//! Who may read the event log and the audit trail: the right is the role's, the account must still
//! be what it was, and whoever tries without is noted.

use hub::ports::Caller;

use super::{Gateway, actor_of};
use crate::{
    audience,
    execute::{Outcome, Refusal},
    store::{StoreError, account},
};

impl Gateway {
    /// Whether this caller may read records now; otherwise how to say no.
    pub async fn may_read_records(
        &self,
        caller: &Caller,
        what: &str,
    ) -> Result<Result<(), Outcome>, StoreError> {
        let Some(actor) = actor_of(&caller.identity) else {
            return Ok(Err(unauthenticated()));
        };
        if !audience::may_read_records(actor.role) {
            self.note_denial(caller, what, "");
            return Ok(Err(Outcome::forbidden()));
        }
        let account = account::find(&self.pools, actor.id).await?;
        let valid = account.is_some_and(|known| !known.disabled && known.role == actor.role);
        Ok(if valid {
            Ok(())
        } else {
            Err(unauthenticated())
        })
    }
}

fn unauthenticated() -> Outcome {
    Outcome::refused(Refusal::Unauthenticated, "sign in first, or again")
}
