//! What a run came to, as a page that can be pasted into the README.

use std::{collections::BTreeMap, fmt, fs, path::Path, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Plan,
    figures::{Figures, Stale},
    histogram::Histogram,
};
use crate::{check::report::Report, history::Outcome as Of, people::director::Sample};

/// How the promise of acknowledged commands begins.
const ACKNOWLEDGED: &str = "what was acknowledged is stored";

/// What a round came to, to be added up.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Totals {
    pub rounds: u64,
    pub faults: u64,
    pub commands: u64,
    pub deliveries: u64,
    pub violations: u64,
}

/// See the module.
pub struct Outcome {
    plan: Plan,
    at: Timestamp,
    checked: Report,
    figures: Figures,
    /// Of commands: outcome, and code where there is one.
    commands: BTreeMap<String, u64>,
    complaints: Vec<String>,
}

impl Outcome {
    pub(super) fn new(
        plan: Plan,
        checked: Report,
        figures: Figures,
        samples: Vec<Sample>,
        complaints: Vec<String>,
    ) -> Self {
        let mut commands: BTreeMap<String, u64> = BTreeMap::new();
        for sample in samples {
            let outcome = match (sample.outcome, sample.code) {
                (Of::Accepted, _) => "accepted".to_owned(),
                (Of::Rejected, code) => format!("rejected: {}", code.unwrap_or_default()),
                (Of::Refused, code) => format!("refused: {}", code.unwrap_or_default()),
                (Of::Unknown, _) => "unknown".to_owned(),
            };
            *commands.entry(outcome).or_default() += 1;
        }
        Self {
            plan,
            at: Timestamp::now(),
            checked,
            figures,
            commands,
            complaints,
        }
    }

    /// No promise was broken, and there was enough to break.
    pub fn is_good(&self) -> bool {
        let happened = self.figures.deliveries > 0 && !self.figures.faults.is_empty();
        let accepted = self.commands.contains_key("accepted");
        self.checked.is_kept() && self.complaints.is_empty() && happened && accepted
    }

    pub fn checked(&self) -> &Report {
        &self.checked
    }

    pub fn violations(&self) -> u64 {
        let found = self
            .checked
            .findings
            .iter()
            .map(|finding| finding.violations);
        found.sum::<u64>() + self.complaints.len() as u64
    }

    pub fn totals(&self) -> Totals {
        Totals {
            rounds: 1,
            faults: self.figures.faults.values().sum(),
            commands: self.commands.values().sum(),
            deliveries: self.figures.deliveries,
            violations: self.violations(),
        }
    }

    fn figures(&self) -> Vec<[String; 3]> {
        let figures = &self.figures;
        let mut rows = Vec::new();
        let mut row = |what: &str, target: &str, is: String| {
            rows.push([what.to_owned(), target.to_owned(), is]);
        };
        let acknowledged = "acknowledgement, p50 / p99";
        let calm = pair(&figures.acknowledged_quiet);
        row(&format!("{acknowledged}, in calm"), "≤ 10 / 50 ms", calm);
        row(
            &format!("{acknowledged}, under faults"),
            "",
            pair(&figures.acknowledged_under_faults),
        );
        let delivered = "commit to client, p50 / p99";
        row(
            &format!("{delivered}, in calm"),
            "≤ 5 / 30 ms",
            pair(&figures.delivered_quiet),
        );
        row(
            &format!("{delivered}, under faults"),
            "",
            pair(&figures.delivered_under_faults),
        );
        let stale = millis(&figures.delivered_under_redis_faults, 999_000);
        row("staleness under faults of Redis, p99.9", "≤ 1 s", stale);
        if let Some(stalest) = &figures.stalest {
            row("the stalest of those", "", told(stalest));
        }
        let caught_up = millis(&figures.caught_up, 990_000);
        row(
            "a killed instance's clients caught up, p99",
            "≤ 3 s",
            caught_up,
        );
        if let Some(storm) = figures.storm {
            let seconds = format!("{:.1} s", storm.took.as_secs_f64());
            row(
                &format!("{} reconnects", storm.clients),
                "5,000 in ≤ 15 s",
                seconds,
            );
        }
        let share = figures.definite_in_time();
        let share = share.map_or("none given".to_owned(), |share| {
            let (given, unknown) = (figures.rolling.count(), figures.rolling_unknown);
            format!("{:.2} % of {given}, {unknown} unknown", share * 100.0)
        });
        row(
            "definite outcome within 1 s, rolling restart",
            "≥ 99.9 %",
            share,
        );
        let lost = self.checked.findings.iter();
        let lost = lost.filter(|finding| finding.promise.starts_with(ACKNOWLEDGED));
        let lost: u64 = lost.map(|finding| finding.violations).sum();
        row("acknowledged commands lost", "0", lost.to_string());
        rows
    }
}

fn told(stale: &Stale) -> String {
    let seconds = |us: u64| Duration::from_micros(us).as_secs_f64();
    let after = stale.after.as_ref().map_or(String::new(), |(fault, at)| {
        format!(
            ", {:.1} s after {fault}",
            seconds(stale.at.saturating_sub(*at))
        )
    });
    let Stale {
        took,
        at,
        client,
        channel,
        ..
    } = stale;
    format!(
        "{:.1} s: client {client} on {channel} at {:.1} s{after}",
        seconds(*took),
        seconds(*at)
    )
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            seed,
            clients,
            rate,
            faults,
            ..
        } = &self.plan;
        let seconds = faults.as_secs();
        let date = self.at.strftime("%F");
        writeln!(
            f,
            "{date}, {}, three instances, {clients} clients,",
            machine()
        )?;
        writeln!(
            f,
            "{rate} commands/s, {seconds} s of faults, seed {seed}.\n"
        )?;
        writeln!(f, "{}\n", self.totals())?;
        writeln!(f, "| figure | wanted | is |\n| --- | ---: | ---: |")?;
        for [what, target, is] in self.figures() {
            writeln!(f, "| {what} | {target} | {is} |")?;
        }
        writeln!(f, "\n| fault | times |\n| --- | ---: |")?;
        for (name, times) in &self.figures.faults {
            writeln!(f, "| {name} | {times} |")?;
        }
        writeln!(f, "\n| outcome of commands | times |\n| --- | ---: |")?;
        for (outcome, times) in &self.commands {
            writeln!(f, "| {outcome} | {times} |")?;
        }
        writeln!(f, "\n{}", self.checked)?;
        for complaint in &self.complaints {
            writeln!(f, "- {complaint}")?;
        }
        Ok(())
    }
}

impl Totals {
    /// Adds a round to those in this file, one JSON object per line, and returns the sum.
    pub fn add_to(self, file: &Path) -> anyhow::Result<Self> {
        let mut known = fs::read_to_string(file).unwrap_or_default();
        known.push_str(&serde_json::to_string(&self)?);
        known.push('\n');
        fs::write(file, &known)?;
        let mut sum = Self::default();
        for line in known.lines() {
            let round: Self = serde_json::from_str(line)?;
            sum = Self {
                rounds: sum.rounds + round.rounds,
                faults: sum.faults + round.faults,
                commands: sum.commands + round.commands,
                deliveries: sum.deliveries + round.deliveries,
                violations: sum.violations + round.violations,
            };
        }
        Ok(sum)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rounds,
            faults,
            commands,
            deliveries,
            violations,
        } = self;
        writeln!(
            f,
            "| rounds | faults | commands | deliveries | violations |"
        )?;
        writeln!(f, "| ---: | ---: | ---: | ---: | ---: |")?;
        writeln!(
            f,
            "| {rounds} | {faults} | {commands} | {deliveries} | {violations} |"
        )
    }
}

fn pair(histogram: &Histogram) -> String {
    let [half, most] = [500_000, 990_000].map(|millionths| millis(histogram, millionths));
    format!("{half} / {most}")
}

fn millis(histogram: &Histogram, millionths: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let told = |micros: u64| format!("{:.1} ms", micros as f64 / 1000.0);
    histogram.quantile(millionths).map_or("-".to_owned(), told)
}

/// "2 cores, Intel …", as far as the system tells.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map(|rest| rest.trim_start_matches([':', '\t', ' ']));
    match model {
        Some(model) => format!("{cores} cores ({model})"),
        None => format!("{cores} cores"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_added_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rounds.jsonl");
        let round = Totals {
            rounds: 1,
            faults: 20,
            commands: 1000,
            deliveries: 50_000,
            violations: 1,
        };
        assert_eq!(round.add_to(&file).expect("written").faults, 20);
        let sum = round.add_to(&file).expect("written");
        assert_eq!(
            (sum.rounds, sum.deliveries, sum.violations),
            (2, 100_000, 2)
        );
    }
}
