//! One `PostgreSQL` server of the cluster: durable, reached by a unix socket, and left alone when it
//! falls: whoever made it fall starts it again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use embedded_postgres::Toolbox;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::time::timeout;

use super::{
    process::{Files, Process, run_to_end},
    slot::Slot,
    wait_until,
};
use crate::proxy::Target;

pub const SUPERUSER: &str = "postgres";
/// What serves the server's instances, and checkers besides.
const CONNECTIONS: u32 = 200;
/// Recovery is part of a start.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// A fast stop writes a checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const ORPHANS_PATIENCE: Duration = Duration::from_secs(5);
const CONNECT_PATIENCE: Duration = Duration::from_secs(6);

/// How a server is stopped, in `PostgreSQL`'s words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Ends the sessions, writes a checkpoint.
    Fast,
    /// As a crash that is noticed at once; the next start recovers.
    Immediate,
    /// kill -9 of the main process; the others end when they notice.
    Kill,
}

#[derive(Debug)]
pub struct PostgresServer {
    toolbox: Arc<Toolbox>,
    name: String,
    /// Names the socket's file only: nothing listens on a network.
    port: u16,
    process: Slot,
}

impl PostgresServer {
    pub(super) fn new(toolbox: Arc<Toolbox>, name: &str, port: u16) -> Self {
        Self {
            toolbox,
            name: name.to_owned(),
            port,
            process: Slot::empty(format!("PostgreSQL ({name})")),
        }
    }

    /// Where its data is.
    pub fn data(&self) -> PathBuf {
        self.toolbox.folder().join(&self.name)
    }

    pub fn process(&self) -> &Slot {
        &self.process
    }

    pub fn target(&self) -> Target {
        let file = format!(".s.PGSQL.{}", self.port);
        Target::Unix(self.toolbox.sockets().join(file))
    }

    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.toolbox.sockets())
            .port(self.port)
            .username(SUPERUSER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Folder and port of its socket.
    pub fn socket(&self) -> (PathBuf, u16) {
        (self.toolbox.sockets().to_owned(), self.port)
    }

    /// Past every proxy.
    pub fn url(&self, database: &str) -> String {
        let (sockets, port) = (self.toolbox.sockets().display(), self.port);
        format!(
            "postgres:///{database}?host={sockets}&port={port}&user={SUPERUSER}&sslmode=disable"
        )
    }

    /// A program of `PostgreSQL`'s with the flags that lead to this server, run to its end.
    pub(super) async fn run_tool(
        &self,
        name: &str,
        arguments: &[&std::ffi::OsStr],
    ) -> anyhow::Result<()> {
        let mut command = tool(&self.toolbox, name)?;
        command.arg("--host").arg(self.toolbox.sockets());
        command.args(["--port", &self.port.to_string(), "--username", SUPERUSER]);
        command.args(arguments);
        run_to_end(command, String::new()).await?;
        Ok(())
    }

    /// Whether copies and dumps can be made here: npm's packages lack the programs.
    pub fn has_tools(&self) -> bool {
        let needed = ["pg_basebackup", "pg_dump", "pg_restore"];
        needed
            .iter()
            .all(|name| self.toolbox.program(name).is_some())
    }

    pub(super) async fn make(&self) -> anyhow::Result<()> {
        let mut command = tool(&self.toolbox, "initdb")?;
        command.args(["--auth=trust", "--encoding=UTF8", "--locale=C"]);
        command.args(["--no-instructions", "--username", SUPERUSER, "--pgdata"]);
        command.arg(self.data());
        run_to_end(command, String::new()).await?;
        Ok(())
    }

    /// Starts it, and waits until it takes connections.
    pub async fn start(&self) -> anyhow::Result<()> {
        ensure!(!self.process.is_running(), "{} runs", self.process.name());
        let program = self.toolbox.program("postgres");
        let program = program.context("the programs have gone")?;
        let mut command = self.toolbox.command(&program);
        command.arg("-D").arg(self.data());
        let settings = [
            format!(
                "unix_socket_directories={}",
                self.toolbox.sockets().display()
            ),
            format!("port={}", self.port),
            format!("max_connections={CONNECTIONS}"),
            format!("cluster_name={}", self.name),
        ];
        // Durable, as everything else is by default; ready for a standby.
        let fixed = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            // Sooner than sessions stop to wait for a lock: else nobody would know of a circle.
            "deadlock_timeout=100ms",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
            "wal_level=replica",
            "max_wal_senders=8",
            "wal_keep_size=256MB",
        ];
        for setting in settings.iter().map(String::as_str).chain(fixed) {
            command.args(["-c", setting]);
        }
        let files = Files::of(self.toolbox.folder(), &self.name);
        let process = Process::start(self.process.name(), command, files, Signal::QUIT)?;
        self.process.fill(process);
        let ready = wait_until(
            "PostgreSQL to take connections",
            START_PATIENCE,
            async || self.connect("postgres").await.is_ok(),
        );
        self.process.unless_ended(ready).await
    }

    pub async fn stop(&self, how: Stop) {
        let signal = match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
            Stop::Kill => Signal::KILL,
        };
        let main = self.process.id();
        let others = main.and_then(|id| children(id).ok()).unwrap_or_default();
        self.process.stop(signal, STOP_PATIENCE).await;
        // Killed, it could tell nobody, and it cannot start again before all others have noticed.
        let noticed = wait_until(
            "PostgreSQL's processes to end",
            ORPHANS_PATIENCE,
            async || !others.iter().any(|orphan| is_postgres(*orphan)),
        );
        if noticed.await.is_err() {
            for orphan in others.into_iter().filter(|orphan| is_postgres(*orphan)) {
                let _ = kill_process(orphan, Signal::KILL);
            }
        }
    }

    /// Stops and starts it.
    pub async fn restart(&self, how: Stop) -> anyhow::Result<()> {
        self.stop(how).await;
        self.start().await
    }

    /// SIGSTOP for its main process and all others: sockets stay, nothing answers.
    pub fn pause(&self) -> anyhow::Result<()> {
        // The main process first, so that it starts no further ones.
        self.process.pause();
        self.signal_children(Signal::STOP)
    }

    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal_children(Signal::CONT)?;
        self.process.resume();
        Ok(())
    }

    fn signal_children(&self, signal: Signal) -> anyhow::Result<()> {
        let Some(main) = self.process.id() else {
            return Ok(());
        };
        for child in children(main)? {
            // It may have ended meanwhile; its id is not given away so soon.
            let _ = kill_process(child, signal);
        }
        Ok(())
    }

    /// kill -9 of one that serves a connection to the database: `PostgreSQL` then ends all others and
    /// recovers by itself. False where there is none.
    pub async fn kill_backend(&self, database: &str) -> anyhow::Result<bool> {
        let mut connection = self.connect("postgres").await?;
        let chosen: Option<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity where backend_type = 'client backend'
             and datname = $1 and pid <> pg_backend_pid() order by random() limit 1",
        )
        .bind(database)
        .fetch_optional(&mut connection)
        .await?;
        let Some(chosen) = chosen.and_then(Pid::from_raw) else {
            return Ok(false);
        };
        let main = self.process.id().context("it does not run")?;
        ensure!(children(main)?.contains(&chosen), "{chosen:?} is not ours");
        Ok(kill_process(chosen, Signal::KILL).is_ok())
    }

    /// Whether transactions that start from now on may write, also in sessions that are open.
    pub async fn set_access(&self, access: Access) -> anyhow::Result<()> {
        let value = match access {
            Access::ReadOnly => "on",
            Access::ReadWrite => "off",
        };
        self.configure(&format!(
            "alter system set default_transaction_read_only = {value}"
        ))
        .await
    }

    /// Changes a setting of the server, also for sessions that are open.
    pub(super) async fn configure(&self, statement: &str) -> anyhow::Result<()> {
        self.execute("postgres", statement).await?;
        self.execute("postgres", "select pg_reload_conf()").await
    }

    /// One value of one row.
    pub(super) async fn ask<T>(&self, query: &str) -> anyhow::Result<T>
    where
        T: Send + Unpin + for<'a> sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut connection = self.connect("postgres").await?;
        let value = sqlx::query_scalar(AssertSqlSafe(query));
        Ok(value.fetch_one(&mut connection).await?)
    }

    pub(super) async fn ensure_database(&self, name: &str) -> anyhow::Result<()> {
        let mut connection = self.connect("postgres").await?;
        let known: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
            .bind(name)
            .fetch_optional(&mut connection)
            .await?;
        if known.is_some() {
            return Ok(());
        }
        self.execute("postgres", &format!("create database {name}"))
            .await
    }

    pub async fn connect(&self, database: &str) -> anyhow::Result<PgConnection> {
        let options = self.connect_options(database);
        let connection = timeout(CONNECT_PATIENCE, options.connect()).await;
        Ok(connection.context("PostgreSQL does not answer")??)
    }

    /// Runs one statement that is ours, not made of anybody's input.
    pub async fn execute(&self, database: &str, statement: &str) -> anyhow::Result<()> {
        let mut connection = self.connect(database).await?;
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .with_context(|| statement.to_owned())?;
        connection.close().await?;
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

fn tool(toolbox: &Toolbox, name: &str) -> anyhow::Result<Command> {
    let Some(program) = toolbox.program(name) else {
        bail!(
            "{name} did not come with PostgreSQL {}: npm's packages lack it, the system's \
             (postgresql by the package manager) has it",
            toolbox.version()
        );
    };
    Ok(toolbox.command(&program))
}

/// The processes whose parent is this one.
fn children(parent: u32) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let id = entry.file_name().to_str().and_then(|it| it.parse().ok());
        let Some(id) = id.and_then(Pid::from_raw) else {
            continue;
        };
        if parent_of(&entry.path()) == Some(parent) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Whether the process still is one of `PostgreSQL`'s, not a later one with the same id.
fn is_postgres(process: Pid) -> bool {
    let name = fs::read_to_string(format!("/proc/{}/comm", process.as_raw_nonzero()));
    name.is_ok_and(|name| name.trim_end() == "postgres")
}

fn parent_of(process: &Path) -> Option<u32> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}
