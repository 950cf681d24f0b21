//! The most that a server delivers: the highest rate at which the 99th percentile stays within a bound
//! and nothing is lost, found by doubling and then halving the distance.
//!
//! Each step is a run of its own, with fresh connections and channels, so that a step beyond what the
//! server can do leaves nothing behind for the next.

use anyhow::Result;
use clap::Args;

use super::{fanout::Fanout, options::Server, report::Figures};

#[derive(Debug, Clone, Args)]
pub struct Saturate {
    #[command(flatten)]
    pub fanout: Fanout,
    /// What the 99th percentile has to stay within, milliseconds.
    #[arg(long, default_value_t = 100.0)]
    pub within_ms: f64,
    /// The highest rate found is less than this factor below one that is too much.
    #[arg(long, default_value_t = 1.1)]
    pub precision: f64,
}

/// Rates that are tried, one after another.
#[derive(Debug, Clone, Copy)]
struct Search {
    /// The highest that was borne.
    borne: f64,
    /// The lowest that was not.
    too_much: Option<f64>,
}

impl Search {
    fn next(self, first: f64) -> f64 {
        match self.too_much {
            Some(too_much) if self.borne > 0.0 => (self.borne * too_much).sqrt(),
            Some(too_much) => too_much / 2.0,
            None if self.borne > 0.0 => self.borne * 2.0,
            None => first,
        }
    }

    fn is_over(self, precision: f64) -> bool {
        self.too_much
            .is_some_and(|too_much| too_much < 1.0 || too_much < self.borne * precision)
    }
}

impl Saturate {
    /// The run with the highest rate that was borne; one without deliveries where none was.
    pub fn run(&self) -> Result<Figures> {
        let mut search = Search {
            borne: 0.0,
            too_much: None,
        };
        let mut best = None;
        let mut last = None;
        let mut server = self.fanout.options.server()?;
        for step in 1.. {
            let rate = search.next(self.fanout.load.rate);
            let outcome = self.step(&server, step, rate);
            let borne = outcome.as_ref().is_ok_and(|figures| self.is_borne(figures));
            self.tell(rate, borne, &outcome);
            if borne {
                search.borne = rate;
                best = outcome.ok();
            } else {
                search.too_much = Some(rate);
                if let Ok(figures) = outcome {
                    last = Some(figures);
                }
                // What it still owes to those who have gone is not the next step's.
                if self.fanout.options.target.is_none() {
                    drop(server);
                    server = self.fanout.options.server()?;
                }
            }
            if search.is_over(self.precision) {
                break;
            }
        }
        let mut figures = best
            .or(last)
            .ok_or_else(|| anyhow::anyhow!("no rate could be measured"))?;
        "saturated".clone_into(&mut figures.scenario);
        Ok(figures)
    }

    fn step(&self, server: &Server, step: usize, rate: f64) -> Result<Figures> {
        let mut fanout = self.fanout.clone();
        fanout.load.rate = rate;
        fanout.options.quiet = true;
        fanout.options.channel = format!("{}-{step}", fanout.options.channel);
        let channels = fanout.options.channels(fanout.channels);
        fanout.measure(server, channels)
    }

    fn is_borne(&self, figures: &Figures) -> bool {
        figures.is_correct() && figures.latency.p99_ms <= self.within_ms
    }

    fn tell(&self, rate: f64, borne: bool, outcome: &Result<Figures>) {
        if self.fanout.options.quiet {
            return;
        }
        match outcome {
            Ok(figures) => eprintln!(
                "{rate:>9.0} publications/s: {} ({:.0} deliveries/s, p99 {:.1} ms)",
                if borne { "borne" } else { "too much" },
                figures.deliveries_per_second,
                figures.latency.p99_ms
            ),
            Err(error) => eprintln!("{rate:>9.0} publications/s: too much ({error:#})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_ends_close_below_what_is_too_much() {
        for capacity in [3.0, 130.0, 1000.0, 77_777.0] {
            let mut search = Search {
                borne: 0.0,
                too_much: None,
            };
            let mut steps = 0;
            while !search.is_over(1.1) {
                let rate = search.next(100.0);
                if rate <= capacity {
                    search.borne = rate;
                } else {
                    search.too_much = Some(rate);
                }
                steps += 1;
            }
            assert!(
                search.borne <= capacity && capacity < search.borne * 1.1,
                "{capacity}"
            );
            assert!(steps < 20, "{steps}");
        }
    }

    #[test]
    fn a_server_that_bears_nothing_ends_the_search() {
        let mut search = Search {
            borne: 0.0,
            too_much: None,
        };
        while !search.is_over(1.1) {
            search.too_much = Some(search.next(100.0));
        }
        assert!(search.borne <= 0.0);
    }
}
