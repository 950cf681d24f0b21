//! Who is connected where. Advisory: no rule of a business may read it.

use async_trait::async_trait;

use super::{Body, ChannelName};

/// A connection as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    pub user: String,
    pub client: String,
    pub conn_info: Option<Body>,
    pub chan_info: Option<Body>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub info: ClientInfo,
    /// When it was entered, in microseconds since 1970 by the lists' own clock, which is one for
    /// all instances. An entry that is changed keeps it; one that was lost and is entered again
    /// does not.
    pub since_us: u64,
}

/// What begins the names of lists that belong to no channel: the application's own. Nobody is told
/// of leaves where an instance's entries are removed from them.
pub const PRIVATE_LIST: char = '~';

#[derive(Debug, Clone, thiserror::Error)]
#[error("presence unavailable: {0}")]
pub struct PresenceError(pub String);

/// What a call changed for the whole fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceChange {
    Changed,
    Unchanged,
}

/// Presence lists. Entries live under this instance's lease: when the instance dies, a survivor
/// removes them and emits the leaves.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    async fn enter(
        &self,
        channel: &ChannelName,
        info: &ClientInfo,
    ) -> Result<PresenceChange, PresenceError>;
    async fn leave(
        &self,
        channel: &ChannelName,
        client: &str,
    ) -> Result<PresenceChange, PresenceError>;
    /// Everybody on the channel, on any instance, in the order in which they were entered: of two
    /// who enter at once, every instance finds the same one first.
    async fn list(&self, channel: &str) -> Result<Vec<Listed>, PresenceError>;
    /// Renews this instance's lease and removes the entries of instances whose lease has run out.
    /// Returns what this call removed, for leaves to be emitted: each entry is returned to one
    /// instance only. Called every few seconds, well within the lease.
    async fn beat(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError>;
}
