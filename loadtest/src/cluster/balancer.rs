//! nginx before the instances, with the settings that `deploy/nginx.conf` gives to operators.

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::Signal;

use super::{
    http,
    port::Port,
    process::{Files, Process, bound_by},
    slot::Slot,
    wait_until,
};

const SETTINGS: &str = include_str!("../../../deploy/nginx.conf");
const START_PATIENCE: Duration = Duration::from_secs(10);
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Where distributions put it, outside the search path of those who are not root.
const PLACES: [&str; 2] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];

#[derive(Debug)]
pub struct Balancer {
    port: Port,
    process: Slot,
}

impl Balancer {
    /// Starts it before these instances, which must trust its address; see
    /// [`TRUST`](super::TRUST). Without an address it listens on a port of the system's choice.
    pub(super) async fn start(
        folder: &Path,
        listen: Option<SocketAddr>,
        instances: &[SocketAddr],
    ) -> anyhow::Result<Self> {
        let port = listen.map_or_else(Port::reserve, Port::at);
        let port = port.context("the balancer's address")?;
        let folder = folder.join("balancer");
        fs::create_dir_all(&folder)?;
        let mut servers = String::new();
        for instance in instances {
            writeln!(servers, "server {instance} max_fails=3 fail_timeout=1s;")?;
        }
        // Folders of the package are root's.
        let mut own = format!("listen {};\n", port.address());
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            writeln!(own, "{kind}_temp_path {}/{kind};", folder.display())?;
        }
        fs::write(folder.join("nginx.conf"), SETTINGS)?;
        fs::write(folder.join("instances.conf"), servers)?;
        fs::write(folder.join("listen.conf"), own)?;
        let balancer = Self {
            port,
            process: Slot::empty("balancer"),
        };
        balancer.spawn(&folder)?;
        let address = balancer.address();
        let ready = wait_until("the balancer to listen", START_PATIENCE, async || {
            http::get(address, "/").await.is_ok()
        });
        balancer.process.unless_ended(ready).await?;
        Ok(balancer)
    }

    fn spawn(&self, folder: &Path) -> anyhow::Result<()> {
        let mut command = bound_by("TERM", &find()?);
        command.arg("-p").arg(folder);
        command.arg("-c").arg(folder.join("nginx.conf"));
        let global = format!(
            "daemon off; pid {}/nginx.pid; error_log stderr warn;",
            folder.display()
        );
        command.args(["-e", "stderr", "-g", &global]);
        let files = Files::of(folder.parent().unwrap_or(folder), "balancer");
        let process = Process::start("balancer", command, files, Signal::TERM)?;
        self.process.fill(process);
        Ok(())
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn process(&self) -> &Slot {
        &self.process
    }

    pub(super) async fn stop(&self) {
        self.process.stop(Signal::TERM, STOP_PATIENCE).await;
    }
}

fn find() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path)
        .map(|folder| folder.join("nginx"))
        .chain(PLACES.map(PathBuf::from));
    let Some(found) = places.find(|place| place.is_file()) else {
        bail!("nginx is missing: install it by the package manager");
    };
    Ok(found)
}
