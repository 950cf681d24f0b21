//! Servers against one another: the same run for each in turn, round after round, so that whatever the
//! machine does besides hits all of them; and the medians.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;

use super::{fanout::Fanout, options::Kind, report::Figures};

#[derive(Debug, Clone, Args)]
pub struct Compare {
    /// What is compared; ratios are to the last.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "hub,bare")]
    pub servers: Vec<Kind>,
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    #[command(flatten)]
    pub fanout: Fanout,
}

/// All runs of one server.
#[derive(Debug)]
pub struct Runs(pub Vec<Figures>);

impl Compare {
    /// Of each server, in their order.
    pub fn run(&self) -> Result<Vec<Runs>> {
        let mut all: Vec<Runs> = self.servers.iter().map(|_| Runs(Vec::new())).collect();
        for round in 1..=self.rounds {
            for (server, runs) in self.servers.iter().zip(&mut all) {
                let mut fanout = self.fanout.clone();
                fanout.options.server = *server;
                fanout.options.quiet = true;
                let figures = fanout.run()?;
                if !self.fanout.options.quiet {
                    let cpu = figures.server_cpu_seconds_per_million.unwrap_or_default();
                    eprintln!(
                        "round {round}: {:<14} {cpu:.3} s per million",
                        figures.server
                    );
                }
                runs.0.push(figures);
            }
        }
        Ok(all)
    }
}

impl Runs {
    fn median(&self, of: impl Fn(&Figures) -> f64) -> f64 {
        median(self.0.iter().map(of).collect())
    }

    pub fn are_correct(&self) -> bool {
        self.0.iter().all(Figures::is_correct)
    }
}

/// The middle one; of an even number, the upper.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A row for each server, and what the first needs for each that the last needs.
pub fn table(all: &[Runs]) -> String {
    let mut table = String::from(
        "| server | CPU s per million | ratio to the last | p50 ms | p99 ms | deliveries/s | bytes per connection | opened/s | faults |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let cpu = |runs: &Runs| runs.median(|it| it.server_cpu_seconds_per_million.unwrap_or(f64::NAN));
    let last = all.last().map_or(f64::NAN, cpu);
    for runs in all {
        let name = runs.0.first().map_or("", |it| it.server.as_str());
        let faulty = runs.0.iter().filter(|it| !it.is_correct()).count();
        let _ = writeln!(
            table,
            "| {name} | {:.3} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} | {faulty} of {} runs |",
            cpu(runs),
            cpu(runs) / last,
            runs.median(|it| it.latency.p50_ms),
            runs.median(|it| it.latency.p99_ms),
            runs.median(|it| it.deliveries_per_second),
            runs.median(|it| it.bytes_per_connection.unwrap_or(f64::NAN)),
            runs.median(|it| it.opened_per_second),
            runs.0.len(),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_not_moved_by_one_that_is_far_off() {
        assert!((median(vec![3.0, 100.0, 1.0, 2.0, 2.5]) - 2.5).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
