//! `loadtest`: what can be done with clusters of real processes.
//!
//! Each subcommand ends what it started when it is interrupted: whoever drops a cluster ends its
//! processes.

mod demo;

use clap::{Parser, Subcommand};

/// Clusters, load, faults and an independent checker for the dispatch hub.
#[derive(Parser)]
#[command(name = "loadtest", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the demo by several instances behind a balancer, until interrupted.
    Cluster(demo::Flags),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    match Cli::parse().command {
        Command::Cluster(flags) => demo::run(flags).await,
    }
}
