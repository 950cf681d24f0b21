//! Breaks the server on purpose, one way after the other, and sees whether the fault suite notices:
//! a suite that cannot fail proves nothing. Each breakage gets a short run with the faults in which
//! it shows, and a run that finds nothing wrong is a failure of the suite.
//!
//! The names are the server's own; they go to it by a variable that only a build with the feature
//! `breakages` reads.

use std::{fmt, time::Duration};

use anyhow::Result;

use crate::{
    cluster::Settings,
    nemesis::Fault,
    run::{self, Plan, Site},
};

/// By which the server is told.
const VARIABLE: &str = "HUB_BREAKAGE";
/// Runs of a breakage, each with its own seed, before it counts as not noticed.
const ATTEMPTS: u64 = 3;

/// One way to break the server.
#[derive(Debug, Clone, Copy)]
pub struct Breakage {
    pub name: &'static str,
    /// What brings it to light.
    pub faults: &'static [Fault],
    pub seconds: u64,
}

const fn breakage(name: &'static str, faults: &'static [Fault], seconds: u64) -> Breakage {
    Breakage {
        name,
        faults,
        seconds,
    }
}

/// Every breakage of the engine and of the server that faults around real instances can show.
pub const BREAKAGES: [Breakage; 21] = [
    breakage(
        "GapsAreIgnored",
        &[Fault::RedisListeners, Fault::RedisCut],
        12,
    ),
    breakage("NoDeduplication", &[Fault::RedisReorder], 5),
    breakage("SnapshotWithoutBuffer", &[Fault::ReconnectStorm], 15),
    breakage("EpochIsIgnored", &[Fault::PostgresRewind], 12),
    breakage(
        "LostTailsStayLost",
        &[Fault::RedisCut, Fault::RedisListeners],
        12,
    ),
    breakage("RecoveryIsTrimmed", &[Fault::ReconnectStorm], 8),
    breakage("PresenceOutlivesItsInstance", &[Fault::InstanceKill], 6),
    breakage("DrainIsACut", &[Fault::RollingRestart], 12),
    breakage(
        "ReceiptsAreIgnored",
        &[Fault::CommitReply, Fault::InstanceKill],
        15,
    ),
    breakage("ReceiptIsApart", &[Fault::CommitReply], 6),
    breakage("RejectionsAreNotStored", &[Fault::RedisFlush], 5),
    breakage("RejectionsAreNotAudited", &[Fault::RedisFlush], 5),
    breakage("UnknownCommitsAreRefused", &[Fault::CommitReply], 10),
    breakage(
        "PublishedBeforeCommit",
        &[Fault::CommitRequest, Fault::PostgresBackend],
        15,
    ),
    breakage("NothingIsLocked", &[Fault::RedisFlush], 15),
    breakage("TimeIsNotDefended", &[Fault::RedisFlush], 15),
    breakage("CleanersAreNotSorted", &[Fault::RedisFlush], 20),
    breakage("ChannelsAreNotSorted", &[Fault::RedisFlush], 20),
    breakage("EpochIsConstant", &[Fault::PostgresRewind], 12),
    breakage("BoardTellsTheAddress", &[Fault::RedisFlush], 5),
    breakage("OffsetsAreLeftOut", &[Fault::RedisFlush], 5),
];

/// How a breakage was noticed, or was not.
#[derive(Debug)]
pub struct Row {
    pub breakage: Breakage,
    pub seed: u64,
    /// Promises that were found broken, with the first evidence of each.
    pub caught: Vec<(String, String)>,
    /// Why a run came to no end, where none did.
    pub failed: Option<String>,
}

/// The breakages that were tried, as a table.
#[derive(Debug, Default)]
pub struct Table(pub Vec<Row>);

impl Table {
    pub fn all_caught(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|row| !row.caught.is_empty())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| breakage | caught by | under | seed |")?;
        writeln!(f, "| --- | --- | --- | ---: |")?;
        for row in &self.0 {
            let names = row.caught.iter().map(|(promise, _)| promise.as_str());
            let caught = names.collect::<Vec<_>>().join("; ");
            let caught = match &row.failed {
                Some(why) if caught.is_empty() => format!("NOTHING: {why}"),
                _ if caught.is_empty() => "NOTHING".to_owned(),
                _ => caught,
            };
            let faults = row.breakage.faults.iter().map(|fault| fault.name());
            let faults = faults.collect::<Vec<_>>().join(", ");
            writeln!(
                f,
                "| {} | {caught} | {faults} | {} |",
                row.breakage.name, row.seed
            )?;
        }
        Ok(())
    }
}

/// What is found where nothing is broken and all those faults happen: it should be nothing.
pub async fn control(seed: u64, site: &Site) -> Result<Vec<(String, String)>> {
    let mut faults: Vec<Fault> = BREAKAGES
        .iter()
        .flat_map(|breakage| breakage.faults)
        .copied()
        .collect();
    faults.sort_unstable();
    faults.dedup();
    let settings = Settings::new();
    once("whole", seed, 45, faults, settings, site).await
}

/// Tries a breakage until it is noticed, at most [`ATTEMPTS`] times.
pub async fn try_out(breakage: Breakage, seed: u64, site: &Site) -> Row {
    let mut row = Row {
        breakage,
        seed,
        caught: Vec::new(),
        failed: None,
    };
    for attempt in 0..ATTEMPTS {
        row.seed = seed + attempt;
        let settings = vec![(VARIABLE.to_owned(), breakage.name.to_owned())];
        let (name, faults) = (breakage.name, breakage.faults.to_vec());
        let run = once(name, row.seed, breakage.seconds, faults, settings, site);
        match run.await {
            Ok(caught) => (row.caught, row.failed) = (caught, None),
            Err(error) => row.failed = Some(format!("{error:#}")),
        }
        if !row.caught.is_empty() {
            break;
        }
    }
    row
}

/// One run; the promises that were found broken, with the first evidence of each.
async fn once(
    name: &str,
    seed: u64,
    seconds: u64,
    only: Vec<Fault>,
    settings: Settings,
    site: &Site,
) -> Result<Vec<(String, String)>> {
    let site = Site {
        folder: site.folder.join(format!("{name}-{seed}")),
        ..site.clone()
    };
    run::make_folder(&site.folder)?;
    let plan = Plan {
        warm_up: Duration::from_secs(2),
        quiet: Duration::from_secs(2),
        faults: Duration::from_secs(seconds),
        only,
        settings,
        ..Plan::short(seed)
    };
    let outcome = Box::pin(run::run(&plan, &site)).await?;
    let broken = outcome.checked().broken().map(|finding| {
        let first = finding.first.first().map(ToString::to_string);
        (finding.promise.to_owned(), first.unwrap_or_default())
    });
    Ok(broken.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_many_breakages_each_with_its_faults() {
        let names: BTreeSet<&str> = BREAKAGES.iter().map(|breakage| breakage.name).collect();
        assert_eq!(names.len(), BREAKAGES.len());
        assert!(names.len() >= 15);
        assert!(BREAKAGES.iter().all(|breakage| !breakage.faults.is_empty()));
    }

    #[test]
    fn one_that_nothing_caught_spoils_the_table() {
        let row = |caught: &[&str]| Row {
            breakage: BREAKAGES[0],
            seed: 1,
            caught: caught
                .iter()
                .map(|name| ((*name).to_owned(), String::new()))
                .collect(),
            failed: None,
        };
        assert!(Table(vec![row(&["a promise"])]).all_caught());
        assert!(!Table(vec![row(&["a promise"]), row(&[])]).all_caught());
        assert!(!Table::default().all_caught());
        assert!(Table(vec![row(&[])]).to_string().contains("| NOTHING |"));
    }
}
