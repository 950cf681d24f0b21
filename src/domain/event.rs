//! What happened. Events are facts in the past tense; applying them to a [`World`] is the only way
//! that rows change.

use serde::{Deserialize, Serialize};

use super::World;

/// A fact of the business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {}

impl World {
    /// Evolves the rows by one fact.
    pub fn apply(&mut self, event: &Event) {
        match *event {}
    }
}
