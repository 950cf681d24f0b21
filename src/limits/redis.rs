//! Reports of use over Redis, by plain pub/sub on one channel: nothing is stored there, and nothing
//! waits for it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use hub::adapters::redis::RedisConfig;
use redis::{
    AsyncCommands, Client, IntoConnectionInfo, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};
use tokio::{sync::mpsc, time::timeout};

use super::sharing::{Cut, Exchange, Report};

/// Reports that wait to be charged; further ones are left out.
const WAITING: usize = 256;
/// A report is at most as long; what is longer is none of ours.
const LONGEST_BYTES: usize = 1 << 20;

pub struct RedisExchange {
    client: Client,
    commands: ConnectionManager,
    channel: Arc<str>,
    connect_within: Duration,
}

/// Returns at once, whether Redis is there or not.
pub fn connect(url: &str, config: &RedisConfig) -> Result<RedisExchange, RedisError> {
    let ms = Duration::from_millis;
    let info = url.into_connection_info()?;
    let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))?;
    let settings = ConnectionManagerConfig::new()
        .set_number_of_retries(1_000_000)
        .set_min_delay(ms(100))
        .set_max_delay(ms(2_000))
        .set_response_timeout(Some(ms(config.response_ms)))
        .set_connection_timeout(Some(ms(config.connect_ms)));
    Ok(RedisExchange {
        commands: ConnectionManager::new_lazy_with_config(client.clone(), settings)?,
        client,
        channel: format!("{}:limits", config.prefix).into(),
        connect_within: ms(config.connect_ms),
    })
}

impl From<RedisError> for Cut {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}

#[async_trait]
impl Exchange for RedisExchange {
    async fn tell(&self, report: &Report) -> Result<(), Cut> {
        let text = serde_json::to_string(report).expect("reports are plain data");
        let mut commands = self.commands.clone();
        let told = commands.publish::<_, _, ()>(&*self.channel, text);
        let late = |_| Cut("no answer in time".to_owned());
        timeout(self.connect_within, told).await.map_err(late)??;
        Ok(())
    }

    async fn listen(&self) -> Result<mpsc::Receiver<Report>, Cut> {
        let late = |_| Cut("connecting took too long".to_owned());
        let connected = timeout(self.connect_within, self.client.get_async_pubsub()).await;
        let mut connection = connected.map_err(late)??;
        let subscribed = timeout(self.connect_within, connection.subscribe(&*self.channel)).await;
        subscribed.map_err(late)??;
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut messages = connection.into_on_message();
            loop {
                let message = tokio::select! {
                    () = sender.closed() => return,
                    message = messages.next() => message,
                };
                let Some(message) = message else { return };
                let bytes = message.get_payload_bytes();
                if bytes.len() > LONGEST_BYTES {
                    continue;
                }
                if let Ok(report) = serde_json::from_slice(bytes) {
                    // Without room it is left out: the limit stays as it is here.
                    let _ = sender.try_send(report);
                }
            }
        });
        Ok(receiver)
    }
}
