//! A Redis server of the test's own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::quick;
use crate::adapters::redis::{RedisBroker, RedisPresence, connect};

/// Listens on a unix socket in a directory of its own, keeps nothing, and ends with the test.
pub(crate) struct RedisServer {
    directory: TempDir,
    process: Child,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = spawn(&directory);
        let server = Self { directory, process };
        server.ready().await;
        server
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    async fn ready(&self) {
        for _ in 0..5_000 {
            if tokio::net::UnixStream::connect(self.socket()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("redis-server did not start");
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let _ = std::fs::remove_file(self.socket());
    }

    pub(crate) async fn restart(&mut self) {
        self.process = spawn(&self.directory);
        self.ready().await;
    }

    /// STOP or CONT.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([format!("-{signal}"), self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    pub(crate) async fn command(&self, words: &[&str]) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        let _: redis::Value = command.query_async(&mut connection).await.unwrap();
    }

    /// Both adapters of one more instance.
    pub(crate) fn instance(&self) -> (RedisBroker, RedisPresence) {
        connect(&self.url(), quick()).unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(directory: &TempDir) -> Child {
    let path = directory.path();
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no"])
        .arg("--unixsocket")
        .arg(path.join("redis.sock"))
        .arg("--dir")
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "these tests need redis-server on the PATH ({error}): \
                 install it with `apt-get update && apt-get install -y redis-server`"
            )
        })
}
