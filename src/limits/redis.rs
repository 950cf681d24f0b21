//! Reports of use over Redis, by plain pub/sub on one channel: nothing is stored there, and nothing
//! waits for it. Of a cluster any node does, and where one is away the next is tried.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use hub::adapters::redis::{InvalidRedisUrl, RedisConfig, servers};
use redis::{
    AsyncCommands, Client, ConnectionInfo, ProtocolVersion, RedisError, RedisResult,
    aio::{MultiplexedConnection, PubSub},
};
use tokio::{sync::mpsc, time::timeout};

use super::sharing::{Cut, Exchange, Report};

/// Reports that wait to be charged; further ones are left out.
const WAITING: usize = 256;
/// A report is at most as long; what is longer is none of ours.
const LONGEST_BYTES: usize = 1 << 20;

pub struct RedisExchange {
    servers: Vec<ConnectionInfo>,
    /// The one in use.
    server: AtomicUsize,
    telling: Mutex<Option<MultiplexedConnection>>,
    channel: Arc<str>,
    patience: Duration,
}

/// Returns at once, whether Redis is there or not.
pub fn connect(url: &str, config: &RedisConfig) -> Result<RedisExchange, InvalidRedisUrl> {
    let servers = servers(url)?.into_iter().map(|server| {
        let settings = server.redis_settings().clone();
        server.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP2))
    });
    Ok(RedisExchange {
        servers: servers.collect(),
        server: AtomicUsize::new(0),
        telling: Mutex::new(None),
        channel: format!("{}:limits", config.prefix).into(),
        patience: Duration::from_millis(config.connect_ms),
    })
}

impl From<RedisError> for Cut {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}

impl RedisExchange {
    fn client(&self) -> RedisResult<Client> {
        let server = self.server.load(Relaxed) % self.servers.len();
        Client::open(self.servers[server].clone())
    }

    /// Within the patience; after a failure the next server is tried.
    async fn within<T>(&self, done: impl Future<Output = RedisResult<T>>) -> Result<T, Cut> {
        let done = timeout(self.patience, done).await;
        let done = done.map_err(|_late| Cut("no answer in time".to_owned()));
        let done = done.and_then(|done| Ok(done?));
        if done.is_err() {
            self.server.fetch_add(1, Relaxed);
        }
        done
    }

    async fn publish(&self, text: &str) -> RedisResult<()> {
        let known = self.telling().clone();
        let mut connection = match known {
            Some(connection) => connection,
            None => self.client()?.get_multiplexed_async_connection().await?,
        };
        connection.publish::<_, _, ()>(&*self.channel, text).await?;
        *self.telling() = Some(connection);
        Ok(())
    }

    async fn subscribe(&self) -> RedisResult<PubSub> {
        let mut connection = self.client()?.get_async_pubsub().await?;
        connection.subscribe(&*self.channel).await?;
        Ok(connection)
    }

    fn telling(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Exchange for RedisExchange {
    async fn tell(&self, report: &Report) -> Result<(), Cut> {
        let text = serde_json::to_string(report).expect("reports are plain data");
        let told = self.within(self.publish(&text)).await;
        if told.is_err() {
            *self.telling() = None;
        }
        told
    }

    async fn listen(&self) -> Result<mpsc::Receiver<Report>, Cut> {
        let connection = self.within(self.subscribe()).await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(pass_on(connection, sender));
        Ok(receiver)
    }
}

/// Until the connection ends, or nobody listens.
async fn pass_on(connection: PubSub, reports: mpsc::Sender<Report>) {
    let mut messages = connection.into_on_message();
    loop {
        let message = tokio::select! {
            () = reports.closed() => return,
            message = messages.next() => message,
        };
        let Some(message) = message else { return };
        let bytes = message.get_payload_bytes();
        if bytes.len() > LONGEST_BYTES {
            continue;
        }
        if let Ok(report) = serde_json::from_slice(bytes) {
            // Without room it is left out: the limit stays as it is here.
            let _ = reports.try_send(report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_cluster_the_next_node_is_tried() {
        let url = "redis+cluster://one:7000,two:7001";
        let exchange = connect(url, &RedisConfig::default()).expect("a cluster");
        let address = |exchange: &RedisExchange| {
            let client = exchange.client().expect("an address");
            client.get_connection_info().addr().to_string()
        };
        assert_eq!(address(&exchange), "one:7000");
        exchange.server.fetch_add(1, Relaxed);
        assert_eq!(address(&exchange), "two:7001");
        exchange.server.fetch_add(1, Relaxed);
        assert_eq!(address(&exchange), "one:7000");
        assert!(connect("nowhere", &RedisConfig::default()).is_err());
    }
}
