//! A Redis server without a memory of its own on disk: it is a wire.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    port::Port,
    process::{Files, Process, bound_command},
    slot::Slot,
    wait_until,
};

/// Redis starts in milliseconds and answers in less.
const START_PATIENCE: Duration = Duration::from_secs(10);
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
const STOP_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Redis {
    port: Port,
    folder: PathBuf,
    process: Slot,
}

impl Redis {
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let redis = Self {
            port: Port::reserve()?,
            folder: folder.to_owned(),
            process: Slot::empty("redis"),
        };
        redis.restart().await?;
        Ok(redis)
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.port.address()
    }

    pub fn process(&self) -> &Slot {
        &self.process
    }

    /// Starts it again at the same address, empty; a running one is killed first.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill().await;
        let mut command = bound_command(Path::new("redis-server"));
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--port", &self.port.number().to_string(), "--dir"]);
        command.arg(&self.folder);
        let files = Files::of(&self.folder, "redis");
        self.process
            .fill(Process::start("redis", command, files, Signal::KILL)?);
        self.process
            .unless_ended(wait_until("Redis to answer", START_PATIENCE, async || {
                self.ask("PING").await.is_ok_and(|it| it == "+PONG")
            }))
            .await
    }

    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// In order, as operators do.
    pub async fn stop(&self) {
        self.process.stop(Signal::TERM, STOP_PATIENCE).await;
    }

    pub async fn flush_all(&self) -> anyhow::Result<()> {
        let answer = self.ask("FLUSHALL").await?;
        ensure!(answer == "+OK", "FLUSHALL: {answer}");
        Ok(())
    }

    /// Ends the connections of all who listen; returns how many those were.
    pub async fn kill_listeners(&self) -> anyhow::Result<u64> {
        let answer = self.ask("CLIENT KILL TYPE pubsub").await?;
        let count = answer.strip_prefix(':').and_then(|it| it.parse().ok());
        count.with_context(|| format!("CLIENT KILL: {answer}"))
    }

    /// Gives a command and returns the first line of the answer.
    pub async fn ask(&self, command: &str) -> anyhow::Result<String> {
        let asking = async {
            let mut stream = TcpStream::connect(self.address()).await?;
            stream
                .write_all(format!("{command}\r\n").as_bytes())
                .await?;
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.push(stream.read_u8().await?);
            }
            anyhow::Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
        };
        timeout(ANSWER_PATIENCE, asking)
            .await
            .context("Redis does not answer")?
    }
}
