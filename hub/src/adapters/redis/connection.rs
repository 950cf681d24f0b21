//! The ways to Redis. The one for commands is made when first used and mends itself; those for
//! listening are made by whoever listens. All of them speak RESP3.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, RedisError,
    RedisFuture, RedisResult, Value,
    aio::{
        AsyncPushSender, ConnectionLike, ConnectionManager, ConnectionManagerConfig,
        MultiplexedConnection,
    },
    cluster::{ClusterClient, ClusterClientBuilder, ClusterConfig},
    cluster_async::ClusterConnection,
};

use super::{
    RedisConfig,
    place::{self, Place},
};

pub(super) struct Connection {
    way: Way,
    config: AsyncConnectionConfig,
    /// For a new connection, or an answer on one.
    patience: Duration,
}

/// Plain pub/sub, or that of a cluster.
pub(super) struct Words {
    pub(super) subscribe: &'static str,
    pub(super) publish: &'static str,
}

const PLAIN: Words = Words {
    subscribe: "SUBSCRIBE",
    publish: "PUBLISH",
};
const SHARDED: Words = Words {
    subscribe: "SSUBSCRIBE",
    publish: "SPUBLISH",
};

enum Way {
    One {
        client: Client,
        settings: ConnectionManagerConfig,
        manager: RwLock<ConnectionManager>,
    },
    Cluster {
        info: ConnectionInfo,
        connection: ClusterConnection,
    },
}

/// Attempts at mending a connection; there is always one under way while Redis is away.
const ENDLESS: usize = 1_000_000;
/// Attempts at one command on a cluster whose slots are moving, and the pauses between them.
const CLUSTER_RETRIES: u32 = 3;
const CLUSTER_RETRY_MS: (u64, u64) = (20, 200);

impl Connection {
    /// Needs a runtime, although nothing is connected yet.
    pub(super) fn new(place: Place, config: &RedisConfig) -> RedisResult<Self> {
        let ms = Duration::from_millis;
        let (connect, response) = (ms(config.connect_ms), ms(config.response_ms));
        Ok(Self {
            way: match place {
                Place::One(info) => Way::one(info, connect, response)?,
                Place::Cluster(nodes) => Way::cluster(nodes, connect, response)?,
            },
            config: AsyncConnectionConfig::new()
                .set_connection_timeout(Some(connect))
                .set_response_timeout(Some(response)),
            patience: connect,
        })
    }

    pub(super) fn commands(&self) -> Commands {
        match &self.way {
            Way::One { manager, .. } => {
                let manager = manager.read().unwrap_or_else(PoisonError::into_inner);
                Commands::One(manager.clone())
            }
            Way::Cluster { connection, .. } => Commands::Cluster(connection.clone()),
        }
    }

    /// Gives up the present connection for commands, which may be half open, for a new one. That of
    /// a cluster mends its nodes one by one, and a new one would wait for all of them.
    pub(super) fn replace(&self) {
        match &self.way {
            Way::One {
                client,
                settings,
                manager,
            } => {
                let fresh =
                    ConnectionManager::new_lazy_with_config(client.clone(), settings.clone());
                if let Ok(fresh) = fresh {
                    *manager.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                }
            }
            Way::Cluster { .. } => {}
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        match &self.way {
            Way::One { .. } => false,
            Way::Cluster { .. } => true,
        }
    }

    pub(super) fn words(&self) -> &'static Words {
        match &self.way {
            Way::One { .. } => &PLAIN,
            Way::Cluster { .. } => &SHARDED,
        }
    }

    /// A new connection to the server that holds `key`, which passes on what is pushed to it.
    pub(super) async fn listen(
        &self,
        key: &str,
        pushes: impl AsyncPushSender,
    ) -> RedisResult<MultiplexedConnection> {
        let config = self.config.clone().set_push_sender(pushes);
        let connecting = async {
            let client = match &self.way {
                Way::One { client, .. } => client.clone(),
                Way::Cluster { info, connection } => {
                    let (host, port) = owner(&mut connection.clone(), key).await?;
                    Client::open(place::at(info, host, port))?
                }
            };
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        };
        tokio::time::timeout(2 * self.patience, connecting)
            .await
            .map_err(|_| RedisError::from((ErrorKind::Io, "connecting took too long")))?
    }
}

impl Way {
    fn one(info: ConnectionInfo, connect: Duration, response: Duration) -> RedisResult<Self> {
        let client = Client::open(info)?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(ENDLESS)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_secs(1))
            .set_response_timeout(Some(response))
            .set_connection_timeout(Some(connect));
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), settings.clone())?;
        Ok(Self::One {
            client,
            settings,
            manager: RwLock::new(manager),
        })
    }

    fn cluster(
        nodes: Vec<ConnectionInfo>,
        connect: Duration,
        response: Duration,
    ) -> RedisResult<Self> {
        let Some(info) = nodes.first().cloned() else {
            return Err((ErrorKind::InvalidClientConfig, "a cluster needs a node").into());
        };
        let client: ClusterClient = ClusterClientBuilder::new(nodes)
            .use_protocol(redis::ProtocolVersion::RESP3)
            .connection_timeout(connect)
            .response_timeout(response)
            .tcp_settings(place::tcp_settings())
            .retries(CLUSTER_RETRIES)
            .min_retry_wait(CLUSTER_RETRY_MS.0)
            .max_retry_wait(CLUSTER_RETRY_MS.1)
            .build()?;
        let config = ClusterConfig::new()
            .set_connection_timeout(connect)
            .set_response_timeout(response);
        let connection = client.get_pending_async_connection_with_config(config);
        Ok(Self::Cluster { info, connection })
    }
}

/// The node that serves a key, as any node of the cluster knows it.
async fn owner(cluster: &mut ClusterConnection, key: &str) -> RedisResult<(String, u16)> {
    let slot: u64 = redis::cmd("CLUSTER")
        .arg("KEYSLOT")
        .arg(key)
        .query_async(cluster)
        .await?;
    let ranges: Vec<Vec<Value>> = redis::cmd("CLUSTER")
        .arg("SLOTS")
        .query_async(cluster)
        .await?;
    for range in ranges {
        let [first, last, master, ..] = range.as_slice() else {
            continue;
        };
        let number = |value: &Value| redis::from_redis_value_ref::<u64>(value);
        if (number(first)?..=number(last)?).contains(&slot) {
            let Value::Array(node) = master else {
                break;
            };
            let [host, port, ..] = node.as_slice() else {
                break;
            };
            return Ok((
                redis::from_redis_value_ref(host)?,
                redis::from_redis_value_ref(port)?,
            ));
        }
    }
    Err((
        ErrorKind::ClusterConnectionNotFound,
        "nobody serves this part of the cluster",
    )
        .into())
}

/// A connection for commands, to one server or to the nodes of a cluster. Cheap to clone.
#[derive(Clone)]
pub(super) enum Commands {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Commands {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
