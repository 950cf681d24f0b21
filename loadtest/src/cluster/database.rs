//! The database as the instances know it, whichever `PostgreSQL` has it at the moment: a standby that
//! follows and is promoted, and older states that come back.
//!
//! Instances reach it through one [`Route`], so that a promotion repoints all their proxies. What
//! an operator does in each case is written in `docs/cluster.md`; these are the same steps.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use embedded_postgres::Toolbox;

use super::{
    DATABASE,
    postgres::{PostgresServer, Stop},
    wait_until,
};
use crate::proxy::Route;

const FIRST_PORT: u16 = 5432;
/// A standby follows within milliseconds, unless the machine is busy.
const FOLLOW_PATIENCE: Duration = Duration::from_secs(30);
/// A database that is being restored, and one that has just been replaced.
const RESTORED: &str = "dispatch_hub_restored";
const REPLACED: &str = "dispatch_hub_replaced";

/// Whether a commit waits for the standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replication {
    /// What was acknowledged survives a promotion.
    Synchronous,
    /// A promotion may lose the last commits.
    Asynchronous,
}

/// A `pg_dump` of the database.
#[derive(Debug, Clone)]
pub struct Dump(PathBuf);

/// The data folder of the whole server as it once was.
#[derive(Debug)]
pub struct OlderData(PathBuf);

#[derive(Debug)]
pub(super) struct Database {
    toolbox: Arc<Toolbox>,
    /// Of the next server or copy.
    next: AtomicU16,
    servers: Mutex<Servers>,
    route: Route,
}

#[derive(Debug)]
struct Servers {
    primary: Arc<PostgresServer>,
    standby: Option<Arc<PostgresServer>>,
}

impl Database {
    /// Starts the primary, with an empty database unless there is one.
    pub(super) async fn start(toolbox: Toolbox) -> anyhow::Result<Self> {
        let toolbox = Arc::new(toolbox);
        let primary = PostgresServer::new(Arc::clone(&toolbox), "primary", FIRST_PORT);
        if !primary.data().join("PG_VERSION").exists() {
            primary.make().await?;
        }
        primary.start().await?;
        primary.ensure_database(DATABASE).await?;
        Ok(Self {
            toolbox,
            next: AtomicU16::new(1),
            route: Route::to(primary.target()),
            servers: Mutex::new(Servers {
                primary: Arc::new(primary),
                standby: None,
            }),
        })
    }

    pub(super) fn route(&self) -> Route {
        self.route.clone()
    }

    pub(super) fn primary(&self) -> Arc<PostgresServer> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&servers.primary)
    }

    pub(super) fn standby(&self) -> Option<Arc<PostgresServer>> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.standby.clone()
    }

    /// Copies the primary, starts the copy, and lets it follow.
    pub(super) async fn add_standby(&self, replication: Replication) -> anyhow::Result<()> {
        ensure!(self.standby().is_none(), "there is a standby");
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (name, port) = (format!("standby-{number}"), FIRST_PORT + number);
        let standby = PostgresServer::new(Arc::clone(&self.toolbox), &name, port);
        let primary = self.primary();
        copy(&primary, &standby.data(), &["--write-recovery-conf"]).await?;
        standby.start().await?;
        let waiting = match replication {
            Replication::Synchronous => "*",
            Replication::Asynchronous => "",
        };
        wait_until("the standby to follow", FOLLOW_PATIENCE, async || {
            let follows = "select count(*) = 1 from pg_stat_replication where state = 'streaming'";
            primary.ask(follows).await.unwrap_or(false)
        })
        .await?;
        // Not before the copy, which would otherwise wait for a standby of its own.
        let setting = format!("alter system set synchronous_standby_names = '{waiting}'");
        primary.configure(&setting).await?;
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.standby = Some(Arc::new(standby));
        Ok(())
    }

    /// Until the standby has all that the primary has now.
    pub(super) async fn wait_for_standby(&self) -> anyhow::Result<()> {
        let standby = self.standby().context("there is no standby")?;
        let head: String = self
            .primary()
            .ask("select pg_current_wal_lsn()::text")
            .await?;
        let reached = format!("select pg_last_wal_replay_lsn() >= '{head}'::pg_lsn");
        wait_until("the standby to catch up", FOLLOW_PATIENCE, async || {
            standby.ask(&reached).await.unwrap_or(false)
        })
        .await
    }

    /// From now on the standby hears nothing more: what is committed afterwards is lost with the
    /// primary. Only where commits do not wait for it.
    pub(super) async fn part_standby(&self) -> anyhow::Result<()> {
        let standby = self.standby().context("there is no standby")?;
        let setting = "alter system set primary_conninfo = ''";
        standby.configure(setting).await?;
        wait_until("the standby to be alone", FOLLOW_PATIENCE, async || {
            let alone = "select count(*) = 0 from pg_stat_wal_receiver";
            standby.ask(alone).await.unwrap_or(false)
        })
        .await
    }

    /// Ends the primary and puts the standby in its place, also for all proxies.
    pub(super) async fn promote(&self, how: Stop) -> anyhow::Result<()> {
        let standby = self.standby().context("there is no standby")?;
        self.primary().stop(how).await;
        let promoted: bool = standby.ask("select pg_promote()").await?;
        ensure!(promoted, "the standby was not promoted in time");
        self.route.change(standby.target());
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.primary = standby;
        servers.standby = None;
        Ok(())
    }

    /// The database as it is now, for [`Database::restore`].
    pub(super) async fn dump(&self) -> anyhow::Result<Dump> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = self.toolbox.folder().join(format!("dump-{number}"));
        let arguments = ["--format=custom", "--dbname", DATABASE, "--file"].map(OsStr::new);
        let primary = self.primary();
        let arguments = [&arguments[..], &[file.as_os_str()]].concat();
        primary.run_tool("pg_dump", &arguments).await?;
        Ok(Dump(file))
    }

    /// Puts an older state of the database in its place, in the same server.
    pub(super) async fn restore(&self, dump: &Dump) -> anyhow::Result<()> {
        let primary = self.primary();
        let run = async |statement: String| primary.execute("postgres", &statement).await;
        run(format!("create database {RESTORED} template template0")).await?;
        let arguments = ["--exit-on-error", "--dbname", RESTORED].map(OsStr::new);
        let arguments = [&arguments[..], &[dump.0.as_os_str()]].concat();
        primary.run_tool("pg_restore", &arguments).await?;
        run(format!("alter database {DATABASE} allow_connections false")).await?;
        run(format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{DATABASE}'"
        ))
        .await?;
        run(format!("alter database {DATABASE} rename to {REPLACED}")).await?;
        run(format!("alter database {RESTORED} rename to {DATABASE}")).await?;
        run(format!("drop database {REPLACED} with (force)")).await
    }

    /// A copy of the whole server's data as it is now, for [`Database::bring_back`].
    pub(super) async fn keep_data(&self) -> anyhow::Result<OlderData> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.toolbox.folder().join(format!("older-{number}"));
        copy(&self.primary(), &folder, &[]).await?;
        Ok(OlderData(folder))
    }

    /// Stops the primary and starts it with older data: `PostgreSQL` itself then knows of nothing
    /// that came later.
    pub(super) async fn bring_back(&self, older: OlderData) -> anyhow::Result<()> {
        let primary = self.primary();
        primary.stop(Stop::Immediate).await;
        let data = primary.data();
        let replaced = data.with_extension("replaced");
        fs::rename(&data, &replaced)?;
        fs::rename(&older.0, &data)?;
        fs::remove_dir_all(&replaced)?;
        primary.start().await
    }

    pub(super) async fn stop(&self) {
        if let Some(standby) = self.standby() {
            standby.stop(Stop::Fast).await;
        }
        self.primary().stop(Stop::Fast).await;
    }
}

async fn copy(of: &PostgresServer, to: &Path, flags: &[&str]) -> anyhow::Result<()> {
    let fixed = ["--checkpoint=fast", "--wal-method=stream", "--no-sync"];
    let mut arguments: Vec<&OsStr> = fixed.iter().chain(flags).map(OsStr::new).collect();
    arguments.extend([OsStr::new("--pgdata"), to.as_os_str()]);
    of.run_tool("pg_basebackup", &arguments).await
}
