//! What the business says to a command: [`decide`].
//!
//! One file per family of commands, each with its rules and their tests. Roles were checked before
//! (which role may give which command at all); here the actor's relation to the rows is: a row that
//! is not the actor's is as absent as one that does not exist. Nothing is decided by what is not in
//! the world, so the loader must keep the promises of [`scope`](super::scope).

mod draft;

use serde_json::Value;

use super::{Command, Context, Event, Objection, World};

/// A yes: what happened, and what the one who asked is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// In the order in which they happened. None: it was so already.
    pub events: Vec<Event>,
    /// A JSON object; each command's file says which.
    pub result: Value,
}

/// Decides one command. Pure: the same arguments give the same answer, ids included.
pub fn decide(command: &Command, world: &World, context: &Context) -> Result<Decision, Objection> {
    let draft = draft::Draft::new(world, context);
    let _ = (command, draft);
    Err(Objection::invalid("command", "not decided yet"))
}
