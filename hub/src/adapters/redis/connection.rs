//! The connection for commands. It is made when first used, mends itself, and can be replaced as a
//! whole when it only seems alive.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use redis::{
    Client, ConnectionInfo, IntoConnectionInfo, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSub},
    io::tcp::TcpSettings,
};

use super::RedisConfig;

pub(super) struct Connection {
    client: Client,
    settings: ConnectionManagerConfig,
    connect_timeout: Duration,
    manager: RwLock<ConnectionManager>,
}

/// Attempts at mending a connection; there is always one under way while Redis is away.
const ENDLESS: usize = 1_000_000;

impl Connection {
    /// Needs a runtime, although nothing is connected yet.
    pub(super) fn new(url: &str, config: &RedisConfig) -> RedisResult<Self> {
        let ms = Duration::from_millis;
        let tcp = TcpSettings::default().set_nodelay(true);
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(ms(5_000));
        let info: ConnectionInfo = url.into_connection_info()?.set_tcp_settings(tcp);
        let client = Client::open(info)?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(ENDLESS)
            .set_min_delay(ms(20))
            .set_max_delay(ms(1_000))
            .set_response_timeout(Some(ms(config.response_ms)))
            .set_connection_timeout(Some(ms(config.connect_ms)));
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), settings.clone())?;
        Ok(Self {
            client,
            settings,
            connect_timeout: ms(config.connect_ms),
            manager: RwLock::new(manager),
        })
    }

    pub(super) fn commands(&self) -> ConnectionManager {
        self.manager
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Gives up the present connection, which may be half open, for a new one.
    pub(super) fn replace(&self) {
        let settings = self.settings.clone();
        if let Ok(fresh) = ConnectionManager::new_lazy_with_config(self.client.clone(), settings) {
            *self.manager.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    /// A new connection for listening.
    pub(super) async fn listen(&self) -> RedisResult<PubSub> {
        tokio::time::timeout(self.connect_timeout, self.client.get_async_pubsub())
            .await
            .map_err(|_| {
                redis::RedisError::from((redis::ErrorKind::Io, "connecting took too long"))
            })?
    }
}
