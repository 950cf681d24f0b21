//! Receipts: a command id executes at most once for its actor (P5). The receipt is the first row a
//! command's transaction writes: a second try waits here for the first to end, whichever instance
//! runs it, and so does the one that asks what became of a commit whose answer was lost.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{
    Command,
    ids::{AccountId, CommandId},
};

/// What the receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// The first time: the receipt is written and awaits its outcome.
    First,
    /// Decided before; the outcome as it was stored.
    Decided(String),
    /// The id was used for another command or other parameters.
    Mismatch,
}

/// The hash covers the kind and the parsed parameters, so neither the order of keys nor spaces
/// matter. A password counts as given or not given, see `NewPassword`.
pub fn body_hash(command: &Command) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(command.kind().as_bytes());
    hash.update([0]);
    hash.update(command.parameters().to_string().as_bytes());
    hash.finalize().to_vec()
}

/// Writes the receipt, or reads the one that is there.
pub async fn take(
    connection: &mut PgConnection,
    actor: AccountId,
    id: CommandId,
    command: &Command,
    body_hash: &[u8],
) -> Result<Receipt, StoreError> {
    let done = sqlx::query!(
        "insert into command (actor_id, command_id, kind, body_hash) values ($1, $2, $3, $4)
         on conflict on constraint command_pk do nothing",
        actor.0,
        id.0,
        command.kind(),
        body_hash,
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Receipt::First);
    }
    #[cfg(feature = "breakages")]
    if crate::breakage::is(crate::breakage::Breakage::ReceiptsAreIgnored) {
        return Ok(Receipt::First);
    }
    let known = sqlx::query!(
        r#"select kind, body_hash, outcome::text as outcome from command
           where actor_id = $1 and command_id = $2"#,
        actor.0,
        id.0,
    )
    .fetch_one(connection)
    .await?;
    if known.kind != command.kind() || known.body_hash != body_hash {
        return Ok(Receipt::Mismatch);
    }
    known
        .outcome
        .map(Receipt::Decided)
        .ok_or_else(|| StoreError::Unreadable {
            what: "receipt",
            reason: "it has no outcome".to_owned(),
        })
}
