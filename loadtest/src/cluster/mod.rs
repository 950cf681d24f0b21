//! A cluster of real processes on loopback: `PostgreSQL`, Redis, and instances of the server, each
//! of which can be killed, stopped, restarted at the same address, and cut off from the others.
//!
//! Everything lives in one folder and on ports of the system's choice. Processes are ended by
//! their ids when the cluster is dropped, and by the kernel when this process dies otherwise.

mod balancer;
mod clock;
mod database;
mod http;
mod instance;
mod port;
mod postgres;
mod process;
mod redis;
mod resources;
mod slot;
#[cfg(test)]
mod tests;

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{bail, ensure};
use embedded_postgres::Toolbox;
use tokio::time::{Instant, sleep};

pub use balancer::Balancer;
pub use clock::Offset;
pub use database::{Dump, OlderData, Replication};
pub use instance::{Instance, InstanceConfig, Settings};
pub use postgres::{Access, PostgresServer, SUPERUSER, Stop};
pub use process::{Files, Process};
pub use redis::Redis;
pub use resources::Resources;
pub use slot::Slot;

use crate::proxy::{Route, Target};
use clock::FalseClock;
use database::Database;
use instance::{Common, Link};

/// The database that the instances share.
pub const DATABASE: &str = "dispatch_hub";
/// The setting of instances behind a balancer on this machine: its word about who asks is believed.
pub const TRUST: (&str, &str) = ("DISPATCH_HUB_HTTP__TRUSTED_PROXIES", "127.0.0.1");
const POLL: Duration = Duration::from_millis(10);

/// What stands between the instances and the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wires {
    /// A proxy for each, so that it can be broken.
    Proxied,
    Direct,
}

/// How a cluster is made up.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Everything is in here. It is not removed at the end.
    pub folder: PathBuf,
    /// `dispatch-hub`.
    pub binary: PathBuf,
    /// Where npm's `PostgreSQL` is looked for, after the system's.
    pub node_modules: PathBuf,
    pub wires: Wires,
    /// Without one, an instance must be alone.
    pub redis: bool,
    /// Of every instance.
    pub settings: Settings,
    pub instances: Vec<InstanceConfig>,
}

impl ClusterConfig {
    /// So many instances, with Redis and proxies.
    pub fn new(folder: impl Into<PathBuf>, binary: impl Into<PathBuf>, instances: usize) -> Self {
        Self {
            folder: folder.into(),
            binary: binary.into(),
            node_modules: PathBuf::from("web-client/node_modules"),
            wires: Wires::Proxied,
            redis: true,
            settings: Vec::new(),
            instances: vec![InstanceConfig::default(); instances],
        }
    }
}

/// A running cluster. Share it by an `Arc`: every operation takes `&self`.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: those who ask before those who answer.
    balancer: OnceLock<Balancer>,
    instances: Vec<Instance>,
    redis: Option<Redis>,
    database: Database,
    wires: Wires,
    folder: PathBuf,
    binary: PathBuf,
}

impl Cluster {
    /// Starts `PostgreSQL` with an empty database, Redis, and every instance, and waits until they
    /// are ready. The first instance makes the schema.
    pub async fn start(config: ClusterConfig) -> anyhow::Result<Self> {
        let cluster = Self::prepare(config).await?;
        for instance in &cluster.instances {
            instance.start().await?;
        }
        Ok(cluster)
    }

    /// The same without starting an instance.
    pub async fn prepare(config: ClusterConfig) -> anyhow::Result<Self> {
        let binary = instance::check_binary(&config.binary)?;
        fs::create_dir_all(&config.folder)?;
        let folder = config.folder.canonicalize()?;
        // PostgreSQL may run as another account than ours.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let toolbox = Toolbox::open(&folder.join("postgres"), &config.node_modules)?;
        let database = Database::start(toolbox).await?;
        let redis = if config.redis {
            Some(Redis::start(&folder).await?)
        } else {
            None
        };
        let mut cluster = Self {
            balancer: OnceLock::new(),
            instances: Vec::new(),
            redis,
            database,
            wires: config.wires,
            folder,
            binary,
        };
        for (number, instance) in config.instances.into_iter().enumerate() {
            let common = Common {
                binary: cluster.binary.clone(),
                folder: cluster.folder.clone(),
                settings: config.settings.clone(),
            };
            let postgres = cluster.postgres_link().await?;
            let redis = cluster.redis_link().await?;
            let instance = Instance::new(number + 1, instance, common, postgres, redis)?;
            cluster.instances.push(instance);
        }
        Ok(cluster)
    }

    async fn postgres_link(&self) -> anyhow::Result<Link> {
        match self.wires {
            Wires::Proxied => {
                let url = format!("postgres://{SUPERUSER}@{{address}}/{DATABASE}?sslmode=disable");
                Link::proxied(&url, self.database.route()).await
            }
            Wires::Direct => Ok(Link::Direct {
                url: self.database_url(),
            }),
        }
    }

    async fn redis_link(&self) -> anyhow::Result<Option<Link>> {
        let Some(redis) = &self.redis else {
            return Ok(None);
        };
        let link = match self.wires {
            Wires::Proxied => {
                let route = Route::to(Target::Tcp(redis.address()));
                Link::proxied("redis://{address}", route).await?
            }
            Wires::Direct => Link::Direct {
                url: format!("redis://{}", redis.address()),
            },
        };
        Ok(Some(link))
    }

    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// By its number, from 1 on.
    pub fn instance(&self, number: usize) -> &Instance {
        &self.instances[number - 1]
    }

    pub fn redis(&self) -> &Redis {
        self.redis.as_ref().expect("the cluster has a Redis")
    }

    /// The server that takes writes; another one after a promotion.
    pub fn postgres(&self) -> Arc<PostgresServer> {
        self.database.primary()
    }

    pub fn standby(&self) -> Option<Arc<PostgresServer>> {
        self.database.standby()
    }

    /// Past every proxy, for checkers.
    pub fn database_url(&self) -> String {
        self.postgres().url(DATABASE)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts nginx before the instances. They must trust it: [`TRUST`] among their settings.
    pub async fn add_balancer(&self, listen: Option<SocketAddr>) -> anyhow::Result<&Balancer> {
        ensure!(self.balancer.get().is_none(), "there is a balancer");
        let instances: Vec<_> = self.instances.iter().map(Instance::public).collect();
        let balancer = Balancer::start(&self.folder, listen, &instances).await?;
        Ok(self.balancer.get_or_init(|| balancer))
    }

    /// Every wire as in fair weather. Processes stay as they are.
    pub fn heal_wires(&self) {
        for instance in &self.instances {
            instance.postgres_wire().heal();
            if self.redis.is_some() {
                instance.redis_wire().heal();
            }
        }
    }

    /// Adds a standby that follows the primary.
    pub async fn add_standby(&self, replication: Replication) -> anyhow::Result<()> {
        ensure!(self.wires == Wires::Proxied, "nobody could be repointed");
        self.database.add_standby(replication).await
    }

    /// Until the standby has all that the primary has now.
    pub async fn wait_for_standby(&self) -> anyhow::Result<()> {
        self.database.wait_for_standby().await
    }

    /// From now on the standby hears nothing more: what is committed afterwards is lost by a
    /// promotion. Commits must not wait for it.
    pub async fn part_standby(&self) -> anyhow::Result<()> {
        self.database.part_standby().await
    }

    /// Ends the primary, promotes the standby, and leads every instance to it.
    pub async fn promote(&self, how: Stop) -> anyhow::Result<()> {
        self.database.promote(how).await?;
        for instance in &self.instances {
            instance.postgres_wire().cut();
        }
        Ok(())
    }

    /// The database as it is now, for [`Cluster::restore`].
    pub async fn dump(&self) -> anyhow::Result<Dump> {
        self.database.dump().await
    }

    /// Puts an older state of the database in its place, in the same server, under running
    /// instances unless they were stopped. Operators then renew the epoch.
    pub async fn restore(&self, dump: &Dump) -> anyhow::Result<()> {
        self.database.restore(dump).await
    }

    /// A copy of the whole server's data as it is now, for [`Cluster::bring_back`].
    pub async fn keep_data(&self) -> anyhow::Result<OlderData> {
        self.database.keep_data().await
    }

    /// Stops the primary and starts it with older data: same server, same timeline, and nothing of
    /// what came later.
    pub async fn bring_back(&self, older: OlderData) -> anyhow::Result<()> {
        self.database.bring_back(older).await
    }

    /// `dispatch-hub epoch renew`, as after every restore.
    pub async fn renew_epoch(&self) -> anyhow::Result<()> {
        let url = self.database_url();
        self.run_hub(&["epoch", "renew", "--database-url", &url], "")
            .await?;
        Ok(())
    }

    /// `dispatch-hub admin create`: the first person of an empty installation.
    pub async fn create_admin(&self, email: &str, password: &str) -> anyhow::Result<()> {
        let url = self.database_url();
        let arguments = ["admin", "create", "--email", email, "--database-url", &url];
        self.run_hub(&arguments, password).await?;
        Ok(())
    }

    /// Runs the server's binary to its end, with a line of input; what it says.
    pub async fn run_hub(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let mut command = process::bound_command(&self.binary);
        command.args(arguments).current_dir(&self.folder);
        process::run_to_end(command, format!("{input}\n")).await
    }

    /// Whether [`InstanceConfig::false_clock`] can be had.
    pub fn can_jump_clocks() -> bool {
        FalseClock::is_available()
    }

    /// Stops everything in order: instances drain, then Redis and `PostgreSQL` end.
    pub async fn stop(self) {
        if let Some(balancer) = self.balancer.get() {
            balancer.stop().await;
        }
        for instance in &self.instances {
            instance.process().signal(rustix::process::Signal::TERM);
        }
        for instance in &self.instances {
            instance.terminate().await;
        }
        if let Some(redis) = &self.redis {
            redis.stop().await;
        }
        self.database.stop().await;
    }
}

/// The server's binary that was built together with this program, unless `HUB_BIN` names another.
pub fn built_binary() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("HUB_BIN") {
        return Ok(named.into());
    }
    let program = std::env::current_exe()?;
    // Tests are one folder deeper than programs.
    let mut beside = program
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("dispatch-hub"));
    let Some(found) = beside.find(|path| path.is_file()) else {
        bail!("build the server first: cargo build --package dispatch-hub");
    };
    Ok(found)
}

/// Looks again and again until it holds.
async fn wait_until(
    what: &str,
    patience: Duration,
    mut holds: impl AsyncFnMut() -> bool,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    while !holds().await {
        if Instant::now() > deadline {
            bail!("waited {patience:?} for {what}");
        }
        sleep(POLL).await;
    }
    Ok(())
}
