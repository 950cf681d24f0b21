//! Breaks the server on purpose, one way after the other, and sees whether the fault suite notices:
//! a suite that cannot fail proves nothing. Each breakage gets a short run with the faults in which
//! it shows, and a run that finds nothing wrong is a failure of the suite.
//!
//! The names are the server's own; they go to it by a variable that only a build with the feature
//! `breakages` reads.

use std::{fmt, fs, time::Duration};

use anyhow::{Result, bail};

use crate::{
    nemesis::Fault,
    people::company::Size,
    run::{self, Plan, Site},
};

/// By which the server is told.
const VARIABLE: &str = "HUB_BREAKAGE";
/// Runs of a breakage, each with its own seed, before it counts as not noticed.
const ATTEMPTS: u64 = 3;
/// Commands per second: so few that a machine which builds something meanwhile can bear them.
const RATE: f64 = 12.0;
/// So many that people get in each other's way, in a company that is small enough for that.
const RATE_OF_RACES: f64 = 25.0;
const SMALL: Size = Size {
    zones: 1,
    cleaners: 8,
    dispatchers: 4,
    customers: 16,
};

/// One way to break the server.
#[derive(Debug, Clone, Copy)]
pub struct Breakage {
    pub name: &'static str,
    /// The promises that are broken by it, each of which is enough. Others do not count: they may be
    /// found broken because the machine is busy.
    pub breaks: &'static [&'static str],
    /// What brings it to light.
    pub faults: &'static [Fault],
    pub seconds: u64,
    pub people: People,
}

/// How people act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    Calm,
    Racing,
}

const fn breakage(
    name: &'static str,
    breaks: &'static [&'static str],
    faults: &'static [Fault],
    seconds: u64,
) -> Breakage {
    Breakage {
        name,
        breaks,
        faults,
        seconds,
        people: People::Calm,
    }
}

impl Breakage {
    /// It shows only where people get in each other's way.
    const fn in_a_race(self) -> Self {
        Self {
            people: People::Racing,
            ..self
        }
    }
}

const IN_ORDER: &str = "every publication once, in order, from a snapshot on";
const OF_THE_LOG: &str = "what clients got is what the log has";
const DENSE: &str = "the log is dense, up to each channel's head";
const VIEWS: &str = "views are what a fresh snapshot shows";
const PRESENCE: &str = "presence is who is connected";
const FAREWELLS: &str = "who stops says so, and answers first";
const STORED: &str = "what was acknowledged is stored as it was told";
const ONE_EFFECT: &str = "a decided command has one effect, a rejected one none";
const BUSY_ONCE: &str = "nobody is busy twice at once";
const CAPACITY: &str = "capacity is never below zero";
const CIRCLES: &str = "nobody waits in a circle";
const SECRETS: &str = "nobody sees what they may not";

/// Every breakage of the engine and of the server that faults around real instances can show.
pub const BREAKAGES: [Breakage; 21] = [
    breakage(
        "GapsAreIgnored",
        &[IN_ORDER],
        &[Fault::RedisListeners, Fault::RedisCut],
        12,
    ),
    breakage("NoDeduplication", &[IN_ORDER], &[Fault::RedisReorder], 5),
    breakage(
        "SnapshotWithoutBuffer",
        &[IN_ORDER, VIEWS],
        &[Fault::ReconnectStorm],
        15,
    ),
    breakage(
        "EpochIsIgnored",
        &[OF_THE_LOG, IN_ORDER, VIEWS],
        &[Fault::PostgresRewind],
        12,
    ),
    breakage(
        "LostTailsStayLost",
        &[VIEWS],
        &[Fault::RedisCut, Fault::RedisListeners],
        12,
    ),
    breakage(
        "RecoveryIsTrimmed",
        &[IN_ORDER],
        &[Fault::ReconnectStorm],
        8,
    ),
    breakage(
        "PresenceOutlivesItsInstance",
        &[PRESENCE],
        &[Fault::InstanceKill],
        6,
    ),
    breakage("DrainIsACut", &[FAREWELLS], &[Fault::RollingRestart], 12),
    breakage(
        "ReceiptsAreIgnored",
        &[ONE_EFFECT, STORED],
        &[Fault::CommitReply, Fault::InstanceKill],
        15,
    ),
    breakage(
        "ReceiptIsApart",
        &[ONE_EFFECT, STORED],
        &[Fault::CommitReply],
        6,
    ),
    breakage("RejectionsAreNotStored", &[STORED], &[Fault::RedisFlush], 5).in_a_race(),
    breakage(
        "RejectionsAreNotAudited",
        &[ONE_EFFECT],
        &[Fault::RedisFlush],
        5,
    )
    .in_a_race(),
    breakage(
        "UnknownCommitsAreRefused",
        &[STORED],
        &[Fault::CommitReply],
        10,
    ),
    breakage(
        "PublishedBeforeCommit",
        &[OF_THE_LOG],
        &[Fault::CommitRequest, Fault::PostgresBackend],
        15,
    ),
    breakage("NothingIsLocked", &[VIEWS], &[Fault::RedisFlush], 15).in_a_race(),
    breakage(
        "TimeIsNotDefended",
        &[BUSY_ONCE, CAPACITY],
        &[Fault::RedisFlush],
        15,
    )
    .in_a_race(),
    breakage("CleanersAreNotSorted", &[CIRCLES], &[Fault::RedisFlush], 20).in_a_race(),
    breakage("ChannelsAreNotSorted", &[CIRCLES], &[Fault::RedisFlush], 10).in_a_race(),
    breakage(
        "EpochIsConstant",
        &[OF_THE_LOG, IN_ORDER, VIEWS],
        &[Fault::PostgresRewind],
        12,
    ),
    breakage("BoardTellsTheAddress", &[SECRETS], &[Fault::RedisFlush], 5),
    breakage("OffsetsAreLeftOut", &[DENSE], &[Fault::RedisFlush], 5),
];

/// A promise that was found broken.
#[derive(Debug, Clone)]
pub struct Broken {
    pub promise: String,
    pub times: u64,
    /// The first of them.
    pub evidence: String,
}

/// How a breakage was noticed, or was not.
#[derive(Debug)]
pub struct Row {
    pub breakage: Breakage,
    pub seed: u64,
    /// All that was found broken.
    pub found: Vec<Broken>,
    /// Why a run came to no end, where none did.
    pub failed: Option<String>,
}

impl Row {
    /// What was found broken because of the breakage.
    pub fn caught(&self) -> impl Iterator<Item = &Broken> {
        let breaks = self.breakage.breaks;
        let found = self.found.iter();
        found.filter(move |broken| breaks.contains(&broken.promise.as_str()))
    }

    pub fn is_caught(&self) -> bool {
        self.caught().next().is_some()
    }
}

/// What was tried, as a table.
#[derive(Debug)]
pub struct Table {
    /// Of the first runs of all.
    pub seed: u64,
    /// What was found broken where nothing was.
    pub whole: Vec<Broken>,
    pub rows: Vec<Row>,
}

impl Table {
    /// Everything that is broken is found, and nothing by which it is found where nothing is broken.
    /// People who are turned away because the machine is busy are told of and count for neither.
    pub fn is_good(&self) -> bool {
        let caught = !self.rows.is_empty() && self.rows.iter().all(Row::is_caught);
        caught && self.false_alarms().next().is_none()
    }

    fn false_alarms(&self) -> impl Iterator<Item = &Broken> {
        self.whole.iter().filter(|broken| {
            let mut all = BREAKAGES.iter().flat_map(|breakage| breakage.breaks);
            all.any(|promise| *promise == broken.promise)
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| breakage | caught by | times | under | seed |")?;
        writeln!(f, "| --- | --- | ---: | --- | ---: |")?;
        let found = self.whole.iter().map(|broken| broken.promise.as_str());
        let found = found.collect::<Vec<_>>().join("; ");
        let verdict = match (found.as_str(), self.false_alarms().next()) {
            ("", _) => "nothing, as it should be",
            (found, None) => &format!("nothing; but found was: {found}"),
            (found, Some(_)) => &format!("FALSE ALARM: {found}"),
        };
        writeln!(f, "| none | {verdict} | | all of these | {} |", self.seed)?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        Ok(())
    }
}

/// A line of the table.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, times): (Vec<_>, Vec<_>) = self
            .caught()
            .map(|broken| (broken.promise.as_str(), broken.times.to_string()))
            .unzip();
        let caught = match &self.failed {
            Some(why) if names.is_empty() => format!("NOTHING: {why}"),
            _ if names.is_empty() => "NOTHING".to_owned(),
            _ => names.join("; "),
        };
        let faults = self.breakage.faults.iter().map(|fault| fault.name());
        let faults = faults.collect::<Vec<_>>().join(", ");
        let (name, times, seed) = (self.breakage.name, times.join("; "), self.seed);
        write!(f, "| {name} | {caught} | {times} | {faults} | {seed} |")
    }
}

/// What is found where nothing is broken and all those faults happen: it should be nothing.
pub async fn control(seed: u64, site: &Site) -> Result<Vec<Broken>> {
    let mut faults: Vec<Fault> = BREAKAGES
        .iter()
        .flat_map(|breakage| breakage.faults)
        .copied()
        .collect();
    faults.sort_unstable();
    faults.dedup();
    let plan = Plan {
        faults: Duration::from_secs(45),
        only: faults,
        ..plan(seed, People::Calm)
    };
    once("whole", &plan, site).await
}

/// Tries a breakage until it is noticed, at most [`ATTEMPTS`] times.
pub async fn try_out(breakage: Breakage, seed: u64, site: &Site) -> Row {
    let mut row = Row {
        breakage,
        seed,
        found: Vec::new(),
        failed: None,
    };
    for seed in seed..seed + ATTEMPTS {
        row.seed = seed;
        let plan = Plan {
            faults: Duration::from_secs(breakage.seconds),
            only: breakage.faults.to_vec(),
            settings: vec![(VARIABLE.to_owned(), breakage.name.to_owned())],
            ..plan(seed, breakage.people)
        };
        match once(breakage.name, &plan, site).await {
            Ok(found) => (row.found, row.failed) = (found, None),
            Err(error) => row.failed = Some(format!("{error:#}")),
        }
        if row.is_caught() {
            break;
        }
    }
    row
}

fn plan(seed: u64, people: People) -> Plan {
    let usual = Plan::short(seed);
    let (rate, size) = match people {
        People::Calm => (RATE, usual.size),
        People::Racing => (RATE_OF_RACES, SMALL),
    };
    Plan {
        rate,
        size,
        warm_up: Duration::from_secs(2),
        quiet: Duration::from_secs(2),
        ..usual
    }
}

/// One run, and all that was found broken. Its page is kept in its folder.
async fn once(name: &str, plan: &Plan, site: &Site) -> Result<Vec<Broken>> {
    let site = Site {
        folder: site.folder.join(format!("{name}-{}", plan.seed)),
        ..site.clone()
    };
    run::make_folder(&site.folder)?;
    let outcome = Box::pin(run::run(plan, &site)).await?;
    fs::write(site.folder.join("page.md"), outcome.to_string())?;
    let findings = &outcome.checked().findings;
    let is_made = |promise: &&str| findings.iter().any(|finding| finding.promise == *promise);
    let named = BREAKAGES.iter().flat_map(|breakage| breakage.breaks);
    if let Some(unknown) = named.copied().find(|promise| !is_made(promise)) {
        bail!("there is no promise: {unknown}");
    }
    let broken = outcome.checked().broken().map(|finding| {
        let first = finding.first.first().map(ToString::to_string);
        Broken {
            promise: finding.promise.to_owned(),
            times: finding.violations,
            evidence: first.unwrap_or_default(),
        }
    });
    Ok(broken.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_many_breakages_each_with_its_faults_and_promises() {
        let names: BTreeSet<&str> = BREAKAGES.iter().map(|breakage| breakage.name).collect();
        assert_eq!(names.len(), BREAKAGES.len());
        assert!(names.len() >= 15);
        assert!(BREAKAGES.iter().all(|breakage| !breakage.faults.is_empty()));
        assert!(BREAKAGES.iter().all(|breakage| !breakage.breaks.is_empty()));
    }

    fn row(found: &[&str]) -> Row {
        let broken = |promise: &&str| Broken {
            promise: (*promise).to_owned(),
            times: 2,
            evidence: "there".to_owned(),
        };
        Row {
            breakage: BREAKAGES[0],
            seed: 1,
            found: found.iter().map(broken).collect(),
            failed: None,
        }
    }

    fn table(rows: Vec<Row>) -> Table {
        Table {
            seed: 1,
            whole: Vec::new(),
            rows,
        }
    }

    #[test]
    fn one_that_nothing_caught_spoils_the_table() {
        assert!(table(vec![row(&[IN_ORDER])]).is_good());
        assert!(!table(vec![row(&[IN_ORDER]), row(&[])]).is_good());
        assert!(!table(Vec::new()).is_good());
        assert!(table(vec![row(&[])]).to_string().contains("| NOTHING |"));
    }

    #[test]
    fn something_found_where_nothing_is_broken_spoils_it_too() {
        let mut table = table(vec![row(&[IN_ORDER])]);
        table.whole = row(&[VIEWS]).found;
        assert!(!table.is_good());
        let told = format!("| none | FALSE ALARM: {VIEWS} |");
        assert!(table.to_string().contains(&told));
        table.whole = row(&["in calm nobody is turned away"]).found;
        assert!(table.is_good());
    }

    #[test]
    fn what_is_broken_besides_is_no_catch() {
        assert!(!row(&["in calm nobody is turned away"]).is_caught());
        let both = row(&["in calm nobody is turned away", IN_ORDER]);
        assert!(both.to_string().contains(&format!("| {IN_ORDER} | 2 |")));
    }
}
