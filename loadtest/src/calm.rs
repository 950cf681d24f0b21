//! `loadtest day`, `commands` and `race`: one instance of the real server with a real database.

use std::{fmt::Display, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Result, ensure};
use clap::Args;
use loadtest::{
    bench::options::Options,
    cluster::built_binary,
    people::acts::Mix,
    run::{
        Site,
        calm::{Calm, Pressure},
        commits::Commits as Plan,
        make_folder,
    },
};
use serde::Serialize;
use tempfile::TempDir;

#[derive(Args)]
pub struct Flags {
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
pub struct People {
    #[arg(long, short = 'n', default_value_t = 1000)]
    clients: usize,
    #[arg(long, default_value_t = 20)]
    zones: usize,
    /// Instances of the server; several have Redis between them.
    #[arg(long, default_value_t = 1)]
    instances: usize,
}

#[derive(Args)]
pub struct Day {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    people: People,
    /// More connections, of those who only look: 85 in 100 at slots, 13 at boards, two at control rooms.
    #[arg(long, default_value_t = 0)]
    onlookers: usize,
    /// Commands per second, as people give them.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
}

#[derive(Args)]
pub struct Commands {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    people: People,
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
    #[arg(long, short = 'n', default_value_t = 1000)]
    clients: usize,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[derive(Args)]
pub struct Commits {
    #[command(flatten)]
    flags: Flags,
    #[arg(long, short = 'n', default_value_t = 1000)]
    subscribers: usize,
    /// Holds placed and given back per second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
}

#[derive(Args)]
pub struct Replay {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    people: People,
    /// So many commands under way at any time.
    #[arg(long, default_value_t = 24)]
    under_way: usize,
    /// Connections to the database.
    #[arg(long, default_value_t = 12)]
    connections: usize,
    /// Seconds in which statements are written down.
    #[arg(long, default_value_t = 10)]
    record: u64,
}

impl Day {
    pub async fn run(self) -> Result<ExitCode> {
        let calm = Calm {
            mix: Mix::Day,
            onlookers: self.onlookers,
            ..self.people.calm(&self.flags, Pressure::Open(self.rate))
        };
        play(self.flags, calm).await
    }
}

impl Commands {
    pub async fn run(self) -> Result<ExitCode> {
        let pressure = self
            .under_way
            .map_or(Pressure::Open(self.rate), Pressure::Closed);
        let calm = self.people.calm(&self.flags, pressure);
        play(self.flags, calm).await
    }
}

impl Race {
    pub async fn run(self) -> Result<ExitCode> {
        ensure!(self.clients >= 20, "a race has at least 20 clients");
        let people = People {
            clients: self.clients,
            zones: 1,
            instances: 1,
        };
        let mut calm = people.calm(&self.flags, Pressure::Race(self.rounds));
        calm.size = Calm::crowd(20, 1);
        // All others.
        calm.size.customers = self.clients - calm.size.cleaners - 2 * calm.size.dispatchers;
        play(self.flags, calm).await
    }
}

impl Commits {
    pub async fn run(self) -> Result<ExitCode> {
        let plan = Plan {
            seed: self.flags.seed,
            subscribers: self.subscribers,
            rate: self.rate,
            duration: Duration::from_secs(self.flags.duration),
            conformance: Options {
                quiet: true,
                ..Options::by_default()
            },
        };
        let place = Place::of(&self.flags)?;
        let cost = Box::pin(plan.run(&place.site)).await?;
        show(&self.flags, &cost, cost.is_good())
    }
}

impl Replay {
    pub async fn run(self) -> Result<ExitCode> {
        let replay = loadtest::replay::Replay {
            seed: self.flags.seed,
            clients: self.people.clients,
            zones: self.people.zones,
            under_way: self.under_way,
            record: Duration::from_secs(self.record),
            duration: Duration::from_secs(self.flags.duration),
            connections: self.connections,
        };
        let place = Place::of(&self.flags)?;
        let compared = Box::pin(replay.run(&place.site)).await?;
        show(&self.flags, &compared, compared.is_good())
    }
}

impl People {
    fn calm(&self, flags: &Flags, pressure: Pressure) -> Calm {
        Calm {
            seed: flags.seed,
            clients: self.clients,
            size: Calm::crowd(self.clients, self.zones),
            duration: Duration::from_secs(flags.duration),
            pressure,
            instances: self.instances.max(1),
            mix: Mix::Everything,
            onlookers: 0,
        }
    }
}

/// Where it is played; a temporary folder goes with it.
struct Place {
    site: Site,
    _temporary: TempDir,
}

impl Place {
    fn of(flags: &Flags) -> Result<Self> {
        let temporary = tempfile::Builder::new().prefix("hub-calm.").tempdir()?;
        let folder = flags.folder.clone();
        let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
        make_folder(&folder)?;
        let site = Site {
            folder,
            binary: flags.binary.clone().map_or_else(built_binary, Ok)?,
            node_modules: flags.node_modules.clone(),
        };
        Ok(Self {
            site,
            _temporary: temporary,
        })
    }
}

async fn play(flags: Flags, calm: Calm) -> Result<ExitCode> {
    let place = Place::of(&flags)?;
    let served = Box::pin(calm.run(&place.site)).await?;
    show(&flags, &served, served.is_good())
}

fn show(flags: &Flags, told: &(impl Display + Serialize), is_good: bool) -> Result<ExitCode> {
    if !flags.quiet {
        println!("{told}");
    }
    println!("{}", serde_json::to_string(told)?);
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
