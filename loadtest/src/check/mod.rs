//! Whether a run kept the hub's promises, told from the history and the database alone.
//!
//! It shares no code with the server and none of its types: it is written from the architecture,
//! the glossary and the schema. One file per promise. The history is read once, in a stream; what
//! is kept of it is bounded by commands and subscriptions, not by deliveries.

mod bytes;
mod calm;
mod canonical;
mod capacity;
mod circles;
mod clients;
mod codes;
mod commands;
mod delivery;
mod excuses;
mod farewells;
pub mod finding;
mod fold;
mod instant;
mod log;
mod paths;
mod presence;
mod reading;
mod receipts;
pub mod report;
mod resources;
mod rows;
mod secrets;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_database;
#[cfg(test)]
mod tests;
mod views;

use std::{fs, path::Path};

use anyhow::Context;
use sqlx::{Connection, PgConnection};

use crate::history::Run;

use self::{
    bytes::Bytes,
    calm::Calm,
    circles::Circles,
    clients::Clients,
    codes::Codes,
    commands::Commands,
    delivery::Delivery,
    excuses::Excuses,
    farewells::Farewells,
    finding::Finding,
    log::Log,
    presence::{Homes, Presence},
    reading::{History, Placed},
    report::Report,
    resources::Resources,
    secrets::{Canaries, Secrets},
    views::Views,
};

/// Checks the run in `folder`. Promises whose names contain one of `not_in_this_run` may have had
/// nothing to look at.
pub async fn check(folder: &Path, not_in_this_run: &[String]) -> anyhow::Result<Report> {
    let run = fs::read(folder.join("run.json")).context("run.json")?;
    let run: Run = serde_json::from_slice(&run).context("run.json")?;
    let mut database = PgConnection::connect(&run.database_url)
        .await
        .context("the run's database")?;
    let mut canaries = Canaries::new(run.canaries);
    let look = |channel: &str, body: &str| canaries.logged(channel, body);
    let (log, density) = Log::read(&mut database, look).await?;
    let homes = presence::homes(&mut database).await?;

    let path = folder.join("history.jsonl");
    let mut history = History::open(&path)?;
    let mut seen = Seen::new(log, canaries, homes);
    let mut lines = 0;
    while let Some(placed) = history.next_line()? {
        seen.line(&placed);
        lines = placed.number;
    }

    let told = |stored: &_| seen.commands.stored(stored, run.started_at);
    let receipts = receipts::check(&mut database, &seen.log, told).await?;
    let mut findings = vec![density];
    let views = std::mem::take(&mut seen.views);
    let (log, excuses) = (&seen.log, &seen.excuses);
    findings.push(views.finding(&path, &mut database, log, excuses).await?);
    findings.extend(seen.findings());
    findings.push(receipts);
    findings.push(paths::check(&mut database).await?);
    findings.extend(rows::check(&mut database).await?);
    findings.push(capacity::check(&mut database).await?);
    Ok(Report {
        seed: run.seed,
        lines,
        findings,
        not_in_this_run: not_in_this_run.to_vec(),
    })
}

/// All that follows the history.
struct Seen {
    log: Log,
    clients: Clients,
    excuses: Excuses,
    delivery: Delivery,
    bytes: Bytes,
    views: Views,
    commands: Commands,
    codes: Codes,
    calm: Calm,
    circles: Circles,
    farewells: Farewells,
    secrets: Secrets,
    presence: Presence,
    resources: Resources,
}

impl Seen {
    fn new(log: Log, canaries: Canaries, homes: Homes) -> Self {
        Self {
            log,
            clients: Clients::default(),
            excuses: Excuses::default(),
            delivery: Delivery::default(),
            bytes: Bytes::default(),
            views: Views::default(),
            commands: Commands::default(),
            codes: Codes::default(),
            calm: Calm::default(),
            circles: Circles::default(),
            farewells: Farewells::default(),
            secrets: Secrets::new(canaries),
            presence: Presence::new(homes),
            resources: Resources::default(),
        }
    }

    fn line(&mut self, placed: &Placed) {
        self.excuses.see(&placed.line);
        self.delivery.see(placed, &self.clients);
        self.bytes.see(placed, &self.clients, &self.log);
        self.views.see(placed, &self.clients);
        self.commands.see(placed, &self.clients);
        self.codes.see(placed);
        self.calm.see(placed);
        self.circles.see(placed);
        self.farewells.see(placed, &self.clients);
        self.secrets.see(placed, &self.clients);
        self.presence.see(placed, &self.clients);
        self.resources.see(placed);
        self.clients.apply(placed);
    }

    fn findings(self) -> Vec<Finding> {
        vec![
            self.delivery.finding(),
            self.bytes.finding(&self.excuses),
            self.commands.finding(&self.excuses),
            self.codes.finding(),
            self.calm.finding(),
            self.circles.finding(),
            self.farewells.finding(),
            self.secrets.finding(),
            self.presence.finding(),
            self.resources.finding(),
        ]
    }
}
