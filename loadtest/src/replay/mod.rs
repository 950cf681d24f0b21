//! Commands against their own statements: how many commands a second the server gets through, and
//! how many of the very same transactions the same database takes with nobody between.
//!
//! The database writes down every statement while people act; the transactions of commands are then
//! played again on a copy of the database as it was before, in their order, by as many connections as
//! the server has, which prepare what the server prepares and read no rows. What a world kept in memory
//! would save is measured the same way: without the statement that loads.

mod log;
mod play;

use std::{
    fmt::{self, Display},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use tokio::time::sleep;

use self::play::Played;
use crate::{
    cluster::{DATABASE, PostgresServer},
    people::director::Director,
    run::{Plan, Site, calm::Calm, everybody_back, say, scene::Scene},
};

/// The state that statements are played again on, and copies of it.
const BEFORE: &str = "before";
/// Marks the beginning of a record in the database's log.
const MARK: char = '\u{1}';

#[derive(Debug, Clone)]
pub struct Replay {
    pub seed: u64,
    pub clients: usize,
    pub zones: usize,
    /// Commands under way at any time.
    pub under_way: usize,
    /// People act so long before anything is measured, and again while statements are written down.
    pub record: Duration,
    pub duration: Duration,
    /// Of the database; the server's own are as many.
    pub connections: usize,
}

/// How it went.
#[derive(Debug, Serialize)]
pub struct Compared {
    pub scenario: &'static str,
    pub commands: usize,
    pub commands_per_second: f64,
    pub statements_per_command: f64,
    pub transactions_per_command: f64,
    /// The same statements.
    pub replayed: Played,
    /// Commands a second against those.
    pub ratio: f64,
    pub without_loads: Played,
}

impl Replay {
    pub async fn run(&self, site: &Site) -> Result<Compared> {
        let plan = Plan {
            size: Calm::crowd(self.clients, self.zones),
            storm: 0,
            faults: Duration::ZERO,
            token_seconds: 600,
            settings: vec![(
                "DISPATCH_HUB_DATABASE__COMMAND_CONNECTIONS".to_owned(),
                self.connections.to_string(),
            )],
            ..Plan::long(self.seed, self.clients, 1.0, self.duration)
        };
        let mut scene = Box::pin(Scene::of_instances(&plan, site, 1)).await?;
        let outcomes = scene.outcomes.take().context("a scene is played once")?;
        let crowd = Arc::clone(&scene.stage.crowd);
        let mut director = Director::new(crowd, scene.recorder.clone(), outcomes, self.seed);
        say("people begin");
        self.act(&mut director, self.record).await;

        let recorded = self.write_down(&scene, &mut director).await?;
        let postgres = scene.stage.cluster.postgres();

        say("the server is measured");
        let started = std::time::Instant::now();
        let commands = self.act(&mut director, self.duration).await;
        let commands_per_second = per_second(commands, started.elapsed());
        scene.stage.cluster.instance(1).terminate().await;

        say("statements are played again");
        let written = Arc::new(log::read(&log_of(&postgres)?, MARK)?);
        let statements: usize = written.transactions.iter().map(Vec::len).sum();
        let transactions = written.transactions.len();
        let player = play::Play {
            postgres: &postgres,
            written: &written,
            connections: self.connections,
        };
        let replayed = player.all(BEFORE, play::Variant::AsItWas).await?;
        let without_loads = player.all(BEFORE, play::Variant::WithoutLoads).await?;
        let transactions_per_command = ratio(transactions, recorded);
        scene.finish_history()?;
        Ok(Compared {
            scenario: "commands against their own statements",
            commands,
            commands_per_second,
            statements_per_command: ratio(statements, recorded),
            transactions_per_command,
            ratio: commands_per_second * transactions_per_command
                / replayed.transactions_per_second,
            replayed,
            without_loads,
        })
    }

    /// Copies the database, and lets people act while it writes down all statements. How many commands
    /// that were.
    async fn write_down(&self, scene: &Scene, director: &mut Director) -> Result<usize> {
        say("statements are written down");
        let postgres = scene.stage.cluster.postgres();
        let instance = scene.stage.cluster.instance(1);
        instance.terminate().await;
        copy(&postgres, DATABASE, BEFORE).await?;
        for change in [
            "set log_statement = 'all'",
            "set log_line_prefix = E'\\x01%p '",
        ] {
            alter(&postgres, change).await?;
        }
        // Its connections are made anew, so that what they prepare is written down as well.
        instance.start().await?;
        let behind = everybody_back(scene).await;
        ensure!(behind == 0, "{behind} clients did not come back");
        let recorded = self.act(director, self.record).await;
        alter(&postgres, "reset all").await?;
        Ok(recorded)
    }

    /// How many commands came to an outcome.
    async fn act(&self, director: &mut Director, time: Duration) -> usize {
        let known = director.samples.len();
        director.play_closed(self.under_way, sleep(time)).await;
        director.finish().await;
        director.samples.len() - known
    }
}

/// A copy of a database that nobody is connected to.
async fn copy(postgres: &PostgresServer, from: &str, to: &str) -> Result<()> {
    postgres
        .execute(
            "postgres",
            &format!("drop database if exists {to} with (force)"),
        )
        .await?;
    postgres
        .execute("postgres", &format!("create database {to} template {from}"))
        .await
}

async fn alter(postgres: &PostgresServer, change: &str) -> Result<()> {
    let statement = format!("alter system {change}");
    postgres.execute("postgres", &statement).await?;
    postgres
        .execute("postgres", "select pg_reload_conf()")
        .await
}

fn log_of(postgres: &PostgresServer) -> Result<PathBuf> {
    let process = postgres.process().current().context("it runs")?;
    Ok(process.files().log.clone())
}

fn per_second(count: usize, took: Duration) -> f64 {
    ratio(count, 1) / took.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn ratio(of: usize, to: usize) -> f64 {
    of as f64 / to.max(1) as f64
}

impl Compared {
    pub fn is_good(&self) -> bool {
        self.commands > 0 && self.replayed.transactions > 0
    }
}

impl Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "| {name:<52} | {value:>12} |");
        row(self.scenario, String::new())?;
        row("---", "---:".to_owned())?;
        row("commands", self.commands.to_string())?;
        row("commands/s", format!("{:.0}", self.commands_per_second))?;
        row(
            "statements of a command",
            format!("{:.1}", self.statements_per_command),
        )?;
        row(
            "transactions of a command",
            format!("{:.2}", self.transactions_per_command),
        )?;
        for (name, played) in [
            ("the same transactions alone", &self.replayed),
            ("the same without loading", &self.without_loads),
        ] {
            row(
                &format!("{name}, per second"),
                format!("{:.0}", played.transactions_per_second),
            )?;
            row(&format!("{name}, failed"), played.failed.to_string())?;
        }
        row(
            "commands to the same transactions",
            format!("{:.2}", self.ratio),
        )
    }
}
