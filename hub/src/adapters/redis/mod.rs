//! Redis as a wire between instances, and as the place of presence leases. Thin on purpose: Redis
//! may lose, repeat or reorder anything, be flushed or be away (P1); nothing durable is in it.

mod broker;
mod connection;
mod listening;
mod place;
mod presence;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

pub use broker::RedisBroker;
pub use presence::RedisPresence;

use connection::Connection;
use place::Place;

/// How this instance uses Redis. Instances that belong together agree on `prefix` and `partitions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Starts every key and every pub/sub channel.
    pub prefix: String,
    /// Pub/sub channels that the feed is spread over, by the channel's name. On a cluster each is
    /// sharded pub/sub on a connection of its own.
    pub partitions: u32,
    /// Period of the beacon that each instance must hear from itself.
    pub beacon_ms: u64,
    /// An instance that has not heard its beacon for this long listens anew.
    pub deaf_ms: u64,
    /// The longest wait for an answer.
    pub response_ms: u64,
    /// The longest wait for a connection.
    pub connect_ms: u64,
    /// Feed items that wait for the engine; more of them show as an interruption.
    pub feed_items: usize,
    /// How long presence entries outlive their instance's last beat. With a beat every 2.5 s a
    /// crash shows within 10 s, whichever survivor looks.
    pub lease_ms: u64,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            prefix: "hub".to_owned(),
            partitions: 16,
            beacon_ms: 500,
            deaf_ms: 2_000,
            response_ms: 500,
            connect_ms: 1_000,
            feed_items: 16_384,
            lease_ms: 7_500,
        }
    }
}

/// The URL cannot be understood. That Redis is away is no error: it may come later.
#[derive(Debug, thiserror::Error)]
#[error("invalid Redis URL: {0}")]
pub struct InvalidRedisUrl(#[from] redis::RedisError);

/// Both adapters over one Redis (`redis://…`, `redis+unix://…`) or a Redis Cluster
/// (`redis+cluster://user:password@one:6379,two,three`: some of its nodes), as one instance. Returns
/// at once, whether Redis is there or not. Redis 7 or newer.
pub fn connect(
    url: &str,
    config: RedisConfig,
) -> Result<(RedisBroker, RedisPresence), InvalidRedisUrl> {
    let instance: Arc<str> = uuid::Uuid::new_v4().to_string().into();
    let connection = Arc::new(Connection::new(Place::parse(url)?, &config)?);
    let config = Arc::new(config);
    Ok((
        RedisBroker::new(connection.clone(), config.clone(), instance.clone()),
        RedisPresence::new(connection, config, instance),
    ))
}

/// The servers that an address names, at least one: for uses of their own beside the adapters. Plain
/// pub/sub reaches all of a cluster from any node.
pub fn servers(url: &str) -> Result<Vec<redis::ConnectionInfo>, InvalidRedisUrl> {
    Ok(match Place::parse(url)? {
        Place::One(server) => vec![server],
        Place::Cluster(nodes) => nodes,
    })
}

impl RedisConfig {
    fn deaf_after(&self) -> Duration {
        Duration::from_millis(self.deaf_ms)
    }
}
