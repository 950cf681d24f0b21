//! `loadtest cluster`: the demo served by several instances behind a balancer on this machine, for
//! people who want to look, and to break something by hand.

use std::{fs, io::Write, net::SocketAddr, path::PathBuf};

use anyhow::ensure;
use clap::Args;
use loadtest::cluster::{Balancer, Cluster, ClusterConfig, TRUST, Wires, built_binary};
use tokio::signal::unix::{SignalKind, signal};

/// More of them would only take turns on the cores of one machine.
const MOST_INSTANCES: usize = 16;

#[derive(Args)]
pub struct Flags {
    /// How many instances.
    #[arg(long, default_value_t = 3)]
    instances: usize,
    /// Where the balancer listens; the instances get ports of the system's choice.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Everything is in here and is found again by the next start.
    #[arg(long, value_name = "FOLDER", default_value = "data/cluster")]
    data: PathBuf,
    /// The server [default: the one built together with this program].
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

pub async fn run(flags: Flags) -> anyhow::Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut told_to_stop = async || {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    };
    let cluster = tokio::select! {
        cluster = start(&flags) => cluster?,
        () = told_to_stop() => return Ok(()),
    };
    told_to_stop().await;
    eprintln!("Stopping …");
    tokio::select! {
        () = cluster.stop() => eprintln!("Stopped."),
        () = told_to_stop() => eprintln!("Stopped at once, at the second signal."),
    }
    Ok(())
}

async fn start(flags: &Flags) -> anyhow::Result<Cluster> {
    ensure!(
        (1..=MOST_INSTANCES).contains(&flags.instances),
        "--instances is a number from 1 to {MOST_INSTANCES}"
    );
    let binary = flags.binary.clone().map_or_else(built_binary, Ok)?;
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let config = ClusterConfig {
        wires: Wires::Direct,
        settings: vec![
            setting(TRUST.0, TRUST.1),
            setting("DISPATCH_HUB_DEMO", "true"),
        ],
        ..ClusterConfig::new(&flags.data, binary, flags.instances)
    };
    eprintln!(
        "Starting PostgreSQL, Redis and {} instances …",
        flags.instances
    );
    let cluster = Cluster::start(config).await?;
    let balancer = cluster.add_balancer(Some(flags.listen)).await?;
    print(&cluster, balancer)?;
    Ok(cluster)
}

/// What there is, where it is, and whom to sign in as.
fn print(cluster: &Cluster, balancer: &Balancer) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let postgres = cluster.postgres();
    let servers = [
        ("balancer", balancer.url(), balancer.process()),
        (
            "redis",
            format!("redis://{}", cluster.redis().address()),
            cluster.redis().process(),
        ),
        ("postgres", cluster.database_url(), postgres.process()),
    ];
    writeln!(out, "\nServing {}\n", balancer.url())?;
    for instance in cluster.instances() {
        let name = instance.process().name();
        writeln!(out, "{name}")?;
        writeln!(out, "  address     {}", instance.url())?;
        writeln!(out, "  operations  http://{}", instance.operations())?;
        writeln!(out, "  data        {}", instance.folder().display())?;
        let files = instance.files();
        writeln!(out, "  log         {}", files.log.display())?;
        writeln!(out, "  process id  {}", files.pid.display())?;
    }
    for (name, address, slot) in servers {
        writeln!(out, "{name}\n  address     {address}")?;
        if name == "postgres" {
            writeln!(out, "  data        {}", postgres.data().display())?;
        }
        let process = slot.current().expect("it was started");
        writeln!(out, "  log         {}", process.files().log.display())?;
        writeln!(out, "  process id  {}", process.files().pid.display())?;
    }
    writeln!(out, "\n{}\n", people(cluster))?;
    writeln!(
        out,
        "An instance that was killed stays down; Ctrl-C stops all."
    )?;
    Ok(out.flush()?)
}

/// Whom to sign in as: what the first instance said at its last start.
fn people(cluster: &Cluster) -> String {
    let said = fs::read_to_string(cluster.instance(1).files().log).unwrap_or_default();
    let start = said
        .rfind("Sign in with the password")
        .unwrap_or(said.len());
    let mut lines = said[start..].lines();
    let first = lines.next().into_iter();
    let people = lines.take_while(|line| line.starts_with("  "));
    first.chain(people).collect::<Vec<_>>().join("\n")
}
