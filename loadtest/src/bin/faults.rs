//! The fault suite: a cluster under load and faults, then the checker. Prints a page with what went
//! wrong, how often, and the figures; ends with 1 where a promise was broken.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Parser;
use loadtest::{
    cluster::built_binary,
    run::{self, Plan, Site, make_folder},
};

#[derive(Parser)]
struct Asked {
    /// Decides every choice. Another run with it does the same, as far as time allows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The short run that is a part of the tests; the next three do not apply.
    #[arg(long)]
    short: bool,
    /// Seconds under faults.
    #[arg(long, default_value_t = 300)]
    duration: u64,
    #[arg(long, default_value_t = 1000)]
    clients: usize,
    /// Commands per second.
    #[arg(long, default_value_t = 300.0)]
    rate: f64,
    /// Where everything is kept: the cluster's data, logs, `run.json` and `history.jsonl`. It must be
    /// empty or not there.
    #[arg(long)]
    folder: PathBuf,
    /// Adds this round to those in this file, and prints the sum.
    #[arg(long, value_name = "FILE")]
    totals: Option<PathBuf>,
    /// `dispatch-hub`; otherwise the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where npm's `PostgreSQL` is looked for, after the system's.
    #[arg(long, default_value = "web-client/node_modules")]
    node_modules: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let asked = Asked::parse();
    tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
    let plan = if asked.short {
        Plan::short(asked.seed)
    } else {
        let duration = Duration::from_secs(asked.duration);
        Plan::long(asked.seed, asked.clients, asked.rate, duration)
    };
    make_folder(&asked.folder)?;
    let site = Site {
        folder: asked.folder,
        binary: asked.binary.map_or_else(built_binary, Ok)?,
        node_modules: asked.node_modules,
    };
    let outcome = Box::pin(run::run(&plan, &site)).await?;
    println!("{outcome}");
    if let Some(file) = asked.totals {
        println!("All rounds so far:\n\n{}", outcome.totals().add_to(&file)?);
    }
    Ok(if outcome.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
