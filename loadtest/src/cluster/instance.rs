//! One instance of the server: the real binary, at an address that it keeps, with wires of its own
//! to `PostgreSQL` and Redis that can be cut.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::Mutex,
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::Signal;

use super::{
    clock::FalseClock,
    http,
    port::Port,
    process::{Files, Process, bound_command},
    resources::Resources,
    slot::Slot,
    wait_until,
};
use crate::proxy::{Proxy, Route};

const START_PATIENCE: Duration = Duration::from_mins(1);
/// More than the server's own bounds on a stop together.
const STOP_PATIENCE: Duration = Duration::from_secs(45);

/// Settings of the server, as environment variables.
pub type Settings = Vec<(String, String)>;

/// How an instance is to be run.
#[derive(Debug, Clone, Default)]
pub struct InstanceConfig {
    /// On top of those of the cluster.
    pub settings: Settings,
    /// More flags for `dispatch-hub serve`.
    pub flags: Vec<String>,
    /// Lets [`Instance::jump_clock`] work. It fails to start where libfaketime is missing.
    pub false_clock: bool,
    /// The public address; one of the system's choice where there is none.
    pub listen: Option<SocketAddr>,
    pub ops_listen: Option<SocketAddr>,
}

/// What all instances of a cluster share.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) binary: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
}

/// How an instance reaches a server.
#[derive(Debug)]
pub(super) enum Link {
    /// The URL with `{address}` in place of the proxy's.
    Proxied {
        url: String,
        proxy: Proxy,
    },
    Direct {
        url: String,
    },
}

impl Link {
    pub(super) async fn proxied(url: &str, route: Route) -> anyhow::Result<Self> {
        let proxy = Proxy::start(route).await?;
        let url = url.replace("{address}", &proxy.address().to_string());
        Ok(Self::Proxied { url, proxy })
    }

    fn url(&self) -> &str {
        match self {
            Self::Proxied { url, .. } | Self::Direct { url } => url,
        }
    }

    fn proxy(&self) -> &Proxy {
        match self {
            Self::Proxied { proxy, .. } => proxy,
            Self::Direct { .. } => panic!("the cluster was started without proxies"),
        }
    }
}

#[derive(Debug)]
pub struct Instance {
    number: usize,
    public: Port,
    operations: Port,
    postgres: Link,
    redis: Option<Link>,
    common: Common,
    config: Mutex<InstanceConfig>,
    clock: Option<FalseClock>,
    process: Slot,
}

impl Instance {
    pub(super) fn new(
        number: usize,
        config: InstanceConfig,
        common: Common,
        postgres: Link,
        redis: Option<Link>,
    ) -> anyhow::Result<Self> {
        let port = |asked: Option<SocketAddr>| asked.map_or_else(Port::reserve, Port::at);
        let name = format!("instance-{number}");
        fs::create_dir_all(common.folder.join(&name))?;
        let clock = config
            .false_clock
            .then(|| FalseClock::install(&common.folder.join(&name)));
        Ok(Self {
            number,
            public: port(config.listen).context("the public address")?,
            operations: port(config.ops_listen).context("the operations address")?,
            postgres,
            redis,
            clock: clock.transpose()?,
            common,
            config: Mutex::new(config),
            process: Slot::empty(name),
        })
    }

    pub fn number(&self) -> usize {
        self.number
    }

    pub fn public(&self) -> SocketAddr {
        self.public.address()
    }

    pub fn operations(&self) -> SocketAddr {
        self.operations.address()
    }

    /// `http://…`, as clients want it.
    pub fn url(&self) -> String {
        format!("http://{}", self.public())
    }

    pub fn folder(&self) -> PathBuf {
        self.common.folder.join(self.process.name())
    }

    pub fn files(&self) -> Files {
        Files::of(&self.common.folder, self.process.name())
    }

    pub fn process(&self) -> &Slot {
        &self.process
    }

    /// Its wire to `PostgreSQL`. Only in a cluster with proxies.
    pub fn postgres_wire(&self) -> &Proxy {
        self.postgres.proxy()
    }

    /// Its wire to Redis. Only in a cluster with proxies and with Redis.
    pub fn redis_wire(&self) -> &Proxy {
        let redis = self.redis.as_ref();
        redis.expect("the cluster has a Redis").proxy()
    }

    /// Changes how it is run from its next start on.
    pub fn configure(&self, change: impl FnOnce(&mut InstanceConfig)) {
        change(&mut self.config.lock().expect("nobody panics while holding it"));
    }

    /// Starts it without waiting.
    pub fn spawn(&self) -> anyhow::Result<()> {
        if self.process.is_running() {
            bail!("{} runs", self.process.name());
        }
        let name = self.process.name();
        let process = Process::start(name, self.command(), self.files(), Signal::KILL)?;
        self.process.fill(process);
        Ok(())
    }

    /// Starts it, and waits until it is ready.
    pub async fn start(&self) -> anyhow::Result<()> {
        self.spawn()?;
        self.wait_ready().await
    }

    /// As an operator does: TERM, and start again at the same address.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.terminate().await;
        self.start().await
    }

    /// SIGTERM, and waits for the end of its drain. How it ended, unless it never ran.
    pub async fn terminate(&self) -> Option<ExitStatus> {
        self.process.stop(Signal::TERM, STOP_PATIENCE).await
    }

    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Until `/readyz` says yes.
    pub async fn wait_ready(&self) -> anyhow::Result<()> {
        let what = format!("{} to be ready", self.process.name());
        let ready = wait_until(&what, START_PATIENCE, async || self.is_ready().await);
        self.process.unless_ended(ready).await
    }

    pub async fn is_ready(&self) -> bool {
        let answer = http::get(self.operations(), "/readyz").await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// What `/metrics` says, in Prometheus' text format.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        let answer = http::get(self.operations(), "/metrics").await?;
        Ok(answer.body)
    }

    /// What its process holds.
    pub async fn resources(&self) -> anyhow::Result<Resources> {
        let id = self.process.id().context("it does not run")?;
        let mut resources = Resources::of_process(id)?;
        resources.read_metrics(&self.metrics().await?);
        Ok(resources)
    }

    /// Sets its wall clock this far from the true time, now and after restarts. Its timers, which
    /// measure how long something takes, are not touched.
    pub fn jump_clock(&self, offset: super::clock::Offset) -> anyhow::Result<()> {
        let clock = self.clock.as_ref();
        clock
            .context("it was started without `false_clock`")?
            .set(offset)
    }

    fn command(&self) -> Command {
        let mut command = bound_command(&self.common.binary);
        command.arg("serve");
        command.args(["--listen", &self.public().to_string()]);
        command.args(["--ops-listen", &self.operations().to_string()]);
        command.args(["--database-url", self.postgres.url()]);
        if let Some(redis) = &self.redis {
            command.args(["--redis-url", redis.url()]);
        }
        command.arg("--data").arg(self.folder());
        let config = self.config.lock().expect("nobody panics while holding it");
        command.args(&config.flags).current_dir(self.folder());
        let settings = self.common.settings.iter().chain(&config.settings);
        command.envs(settings.map(|(name, value)| (name, value)));
        if let Some(clock) = &self.clock {
            clock.apply(&mut command);
        }
        command
    }
}

/// Whether a path names something that can be run.
pub(super) fn check_binary(binary: &Path) -> anyhow::Result<PathBuf> {
    // It is started in another folder than ours.
    let found = binary.canonicalize();
    found.with_context(|| format!("{}: build the server first", binary.display()))
}
