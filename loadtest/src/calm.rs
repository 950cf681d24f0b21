//! `loadtest day`, `commands` and `race`: one instance of the real server with a real database.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Result, ensure};
use clap::Args;
use loadtest::{
    cluster::built_binary,
    run::{
        Site,
        calm::{Calm, Pressure},
        make_folder,
    },
};

#[derive(Args)]
pub struct Flags {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, short = 'n', default_value_t = 1000)]
    clients: usize,
    #[arg(long, default_value_t = 20)]
    zones: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 30)]
    duration: u64,
    /// Where the database, the server's log and the history are kept; empty or not there. Otherwise a
    /// temporary one, which is removed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// `dispatch-hub`; otherwise the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where npm's `PostgreSQL` is looked for, after the system's.
    #[arg(long, default_value = "web-client/node_modules")]
    node_modules: PathBuf,
    /// No table, only the line of JSON.
    #[arg(long)]
    quiet: bool,
}

#[derive(Args)]
pub struct Day {
    #[command(flatten)]
    flags: Flags,
    /// Commands per second, as people give them.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
}

#[derive(Args)]
pub struct Commands {
    #[command(flatten)]
    flags: Flags,
    /// So many under way at any time, instead of a rate.
    #[arg(long, conflicts_with = "rate")]
    under_way: Option<usize>,
    /// Commands per second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
}

#[derive(Args)]
pub struct Race {
    #[command(flatten)]
    flags: Flags,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Day {
    pub async fn run(self) -> Result<ExitCode> {
        let size = Calm::crowd(self.flags.clients, self.flags.zones);
        play(self.flags, size, Pressure::Open(self.rate)).await
    }
}

impl Commands {
    pub async fn run(self) -> Result<ExitCode> {
        let size = Calm::crowd(self.flags.clients, self.flags.zones);
        let pressure = self
            .under_way
            .map_or(Pressure::Open(self.rate), Pressure::Closed);
        play(self.flags, size, pressure).await
    }
}

impl Race {
    pub async fn run(self) -> Result<ExitCode> {
        ensure!(self.flags.clients >= 20, "a race has at least 20 clients");
        let mut size = Calm::crowd(20, 1);
        // All others.
        size.customers = self.flags.clients - size.cleaners - 2 * size.dispatchers;
        play(self.flags, size, Pressure::Race(self.rounds)).await
    }
}

async fn play(
    flags: Flags,
    size: loadtest::people::company::Size,
    pressure: Pressure,
) -> Result<ExitCode> {
    let temporary = tempfile::Builder::new().prefix("hub-calm.").tempdir()?;
    let folder = flags.folder.unwrap_or_else(|| temporary.path().to_owned());
    make_folder(&folder)?;
    let place = Site {
        folder,
        binary: flags.binary.map_or_else(built_binary, Ok)?,
        node_modules: flags.node_modules,
    };
    let calm = Calm {
        seed: flags.seed,
        clients: flags.clients,
        size,
        duration: Duration::from_secs(flags.duration),
        pressure,
    };
    let served = Box::pin(calm.run(&place)).await?;
    if !flags.quiet {
        println!("{served}");
    }
    println!("{}", serde_json::to_string(&served)?);
    Ok(if served.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
