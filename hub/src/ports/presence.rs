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
    /// Everybody on the channel, on any instance.
    async fn list(&self, channel: &str) -> Result<Vec<ClientInfo>, PresenceError>;
    /// Renews this instance's lease and removes the entries of instances whose lease has run out.
    /// Returns what this call removed, for leaves to be emitted: each entry is returned to one
    /// instance only. Called every few seconds, well within the lease.
    async fn beat(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError>;
}
