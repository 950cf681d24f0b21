//! The memory of durable channels. Appending belongs to whoever owns the transaction (and to the
//! memory adapter itself); the engine only reads.

use async_trait::async_trait;

use super::{ChannelName, Epoch, Position, Publication};

#[derive(Debug, Clone, thiserror::Error)]
#[error("channel log unavailable: {0}")]
pub struct LogError(pub String);

/// What lies after an offset, and where the channel stood at that instant.
#[derive(Debug, Clone)]
pub struct LogRead {
    /// Contiguous, in the order asked for; at most as many as asked for.
    pub publications: Vec<Publication>,
    /// The head (highest offset, 0 for a channel never written) read at the same instant.
    pub head: Position,
}

/// Reads of durable channels. Every read is of committed state on the primary.
#[async_trait]
pub trait ChannelLog: Send + Sync + 'static {
    /// The current name of the log.
    async fn epoch(&self) -> Result<Epoch, LogError>;

    /// The head of one channel; offset 0 when nothing was ever published to it.
    async fn head(&self, channel: &str) -> Result<Position, LogError>;

    /// At most `limit` of the publications kept with an offset above `after`, oldest first. What
    /// was trimmed away is missing at the front: a reader that needs continuity compares the first
    /// offset with `after + 1`, and an empty list with `head`.
    async fn read_after(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Result<LogRead, LogError>;

    /// At most `limit` publications with an offset below `before` (`None`: from the newest),
    /// newest first.
    async fn read_before(
        &self,
        channel: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<LogRead, LogError>;

    /// A head was read below an offset that had been seen before that read was sent: the log went
    /// back (a restore, a failover that lost commits). Gives the log a new name unless its name is
    /// no longer `seen` (compare and set), and returns the current one.
    async fn renew_epoch(&self, seen: &str) -> Result<Epoch, LogError>;

    /// Heads of channels written since the previous look with this `cursor`, at least once each;
    /// the cost follows recent writes, not open channels. The first look passes `None`.
    async fn recent_heads(
        &self,
        cursor: Option<RecentCursor>,
    ) -> Result<(Vec<(ChannelName, Position)>, RecentCursor), LogError>;
}

/// Where a look at recent heads left off; opaque to the engine.
pub type RecentCursor = u64;
