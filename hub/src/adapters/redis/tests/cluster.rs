//! A Redis Cluster of the test's own: three masters, and a replica where one is wanted.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use redis::{Value, aio::MultiplexedConnection};
use tempfile::TempDir;

use super::quick;
use crate::adapters::redis::{RedisBroker, RedisConfig, RedisPresence, connect};

/// Ends with the test.
pub(crate) struct RedisCluster {
    folder: TempDir,
    pub(crate) nodes: Vec<Node>,
}

pub(crate) struct Node {
    port: u16,
    folder: PathBuf,
    process: Child,
}

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;
const START: Duration = Duration::from_secs(30);

impl RedisCluster {
    /// Three masters that share the slots.
    pub(crate) async fn start() -> Self {
        let mut cluster = Self {
            folder: tempfile::tempdir().unwrap(),
            nodes: Vec::new(),
        };
        for number in 0..MASTERS {
            cluster.add_node().await;
            let first = SLOTS * number / MASTERS;
            let last = SLOTS * (number + 1) / MASTERS - 1;
            let (first, last) = (first.to_string(), last.to_string());
            cluster.nodes[number]
                .command(&["cluster", "addslotsrange", &first, &last])
                .await;
        }
        cluster.meet().await;
        cluster
    }

    /// One more node, which stands by for the first.
    pub(crate) async fn add_replica(&mut self) {
        let id = self.nodes[0].command(&["cluster", "myid"]).await;
        let id: String = redis::from_redis_value(id).unwrap();
        self.add_node().await;
        self.meet().await;
        let replica = self.nodes.last().unwrap();
        replica.command(&["cluster", "replicate", &id]).await;
        replica
            .comes_to(&["info", "replication"], "master_link_status:up")
            .await;
    }

    async fn add_node(&mut self) {
        let number = self.nodes.len();
        let node = Node::start(self.folder.path(), number).await;
        let epoch = (number + 1).to_string();
        node.command(&["cluster", "set-config-epoch", &epoch]).await;
        self.nodes.push(node);
    }

    /// Waits until every node knows all of them and can be used.
    async fn meet(&self) {
        for node in &self.nodes[1..] {
            let (port, bus) = (self.nodes[0].port.to_string(), self.nodes[0].bus());
            node.command(&["cluster", "meet", "127.0.0.1", &port, &bus])
                .await;
        }
        for node in &self.nodes {
            node.comes_to(&["cluster", "info"], "cluster_state:ok")
                .await;
            let all = format!("cluster_known_nodes:{}\r", self.nodes.len());
            node.comes_to(&["cluster", "info"], &all).await;
        }
    }

    /// Names two of the nodes.
    pub(crate) fn url(&self) -> String {
        let nodes = self.nodes.iter().take(2);
        let nodes: Vec<_> = nodes
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// Both adapters of one more instance of a fleet.
    pub(crate) fn instance_of(&self, fleet: &str) -> (RedisBroker, RedisPresence) {
        let config = RedisConfig {
            prefix: fleet.to_owned(),
            ..quick()
        };
        connect(&self.url(), config).unwrap()
    }

    /// The node that serves a key at first.
    pub(crate) async fn master_of(&self, key: &str) -> usize {
        let slot = self.nodes[0].command(&["cluster", "keyslot", key]).await;
        let slot: usize = redis::from_redis_value(slot).unwrap();
        (0..MASTERS)
            .find(|number| slot < SLOTS * (number + 1) / MASTERS)
            .unwrap()
    }
}

impl Node {
    /// Two ports that are free when looked at may be taken when used: then the next try.
    async fn start(parent: &Path, number: usize) -> Self {
        for _ in 0..20 {
            let (one, other) = (free_port(), free_port());
            let folder = parent.join(format!("{number}-{one}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("bus"), other.to_string()).unwrap();
            let mut node = Self {
                port: one,
                process: spawn(one, &folder),
                folder,
            };
            if node.is_ready().await {
                return node;
            }
        }
        panic!("a node found no ports of its own");
    }

    fn bus(&self) -> String {
        std::fs::read_to_string(self.folder.join("bus")).unwrap()
    }

    async fn is_ready(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if self.connect().await.is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    async fn connect(&self) -> Option<MultiplexedConnection> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        client.get_multiplexed_async_connection().await.ok()
    }

    pub(crate) async fn command(&self, words: &[&str]) -> Value {
        let mut connection = self.connect().await.unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await.unwrap()
    }

    /// Waits until the answer holds this text.
    pub(crate) async fn comes_to(&self, words: &[&str], text: &str) {
        let start = Instant::now();
        loop {
            let answer = self.command(words).await;
            let answer: String = redis::from_redis_value(answer).unwrap();
            if answer.contains(text) {
                return;
            }
            assert!(start.elapsed() < START, "no {text} in {answer}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn kill(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }

    /// With what it knew of the cluster.
    pub(crate) async fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder);
        assert!(self.is_ready().await, "it starts on the ports it had");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &Path) -> Child {
    let bus = std::fs::read_to_string(folder.join("bus")).unwrap();
    let port = port.to_string();
    Command::new("redis-server")
        .args(["--port", &port, "--cluster-port", &bus])
        .args(["--bind", "127.0.0.1", "--cluster-enabled", "yes"])
        .args(["--cluster-node-timeout", "2000"])
        // What others serve stays usable while a node is away.
        .args(["--cluster-require-full-coverage", "no"])
        .args(["--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
