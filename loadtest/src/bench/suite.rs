//! The whole comparison: every row for this hub, the bare loop and the peers that are installed, in turn,
//! on the same cores of the same machine by the same method.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;

use super::{
    compare::median,
    fanout::Fanout,
    idle::Idle,
    options::{Kind, Options},
    report::Figures,
    saturate::Saturate,
    scene::Load,
    storm::Storm,
};

#[derive(Debug, Clone, Args)]
pub struct Suite {
    #[command(flatten)]
    pub options: Options,
    /// What is measured; those that are not installed are named and skipped.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "hub,bare,bare-merging,nchan,socket.io,mosquitto"
    )]
    pub servers: Vec<Kind>,
    /// Runs of each server in each row of CPU; the median is told.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each.
    #[arg(long, default_value_t = 5.0)]
    pub duration: f64,
    /// Rows whose names hold this; all where it is not given.
    #[arg(long)]
    pub only: Option<String>,
}

/// What all servers did in one row.
#[derive(Debug)]
pub struct Row {
    pub name: String,
    /// By the order of the servers.
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// With this many digits after the point.
    Value(f64, usize),
    /// It lost something, or did something else wrong, in every run.
    Faulty,
    /// The run came to no end.
    Failed(String),
    /// It has nothing of the kind.
    Not,
}

/// All rows, and what was skipped.
#[derive(Debug, Default)]
pub struct Comparison {
    pub servers: Vec<&'static str>,
    pub rows: Vec<Row>,
    pub skipped: Vec<&'static str>,
    pub figures: Vec<Figures>,
}

impl Suite {
    pub fn run(&self) -> Result<Comparison> {
        let mut comparison = Comparison::default();
        let mut servers = Vec::new();
        for server in &self.servers {
            match server.is_missing() {
                None => servers.push(*server),
                Some(why) => comparison.skipped.push(why),
            }
        }
        comparison.servers = servers.iter().map(|server| server.name()).collect();
        for (subscribers, rate) in [(1000, 100.0), (10_000, 10.0)] {
            self.fan_out(&servers, subscribers, rate, &mut comparison);
        }
        // How CPU per delivery grows; with 1,000 and 10,000 subscribers it is in the rows before.
        self.fan_out(&servers, 100, 1000.0, &mut comparison);
        for channels in [1, 10, 100, 1000] {
            self.small_channels(&servers, channels, &mut comparison);
        }
        for (channels, first) in [(1, 500.0), (100, 10_000.0)] {
            self.saturate(&servers, channels, first, &mut comparison);
        }
        self.idle(&servers, &mut comparison);
        for subscribers in [1000, 10_000] {
            self.storm(&servers, subscribers, &mut comparison);
        }
        Ok(comparison)
    }

    fn options(&self, server: Kind) -> Options {
        Options {
            server,
            quiet: true,
            ..self.options.clone()
        }
    }

    fn wants(&self, row: &str) -> bool {
        let wanted = self.only.as_deref().is_none_or(|part| row.contains(part));
        if wanted && !self.options.quiet {
            eprintln!("{row}");
        }
        wanted
    }

    /// CPU, memory and opening are of the same runs.
    fn fan_out(&self, servers: &[Kind], subscribers: usize, rate: f64, into: &mut Comparison) {
        let row = format!("{subscribers} subscribers of one channel, {rate} publications/s");
        if !self.wants(&row) {
            return;
        }
        let mut runs: Vec<Vec<Result<Figures>>> = servers.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            for (server, runs) in servers.iter().zip(&mut runs) {
                let fanout = Fanout {
                    options: self.options(*server),
                    subscribers,
                    channels: 1,
                    load: Load {
                        rate,
                        payload: 128,
                        duration: self.duration,
                        warm_up: 1.0,
                    },
                };
                runs.push(fanout.run());
            }
        }
        let columns: [Column; 4] = [
            ("server CPU s per million deliveries", 2, |it| {
                it.server_cpu_seconds_per_million
            }),
            ("p99, ms", 2, |it| Some(it.latency.p99_ms)),
            ("bytes per connection (PSS)", 0, |it| {
                it.bytes_per_connection
            }),
            ("opened and subscribed per second", 0, |it| {
                Some(it.opened_per_second)
            }),
        ];
        for (what, digits, of) in columns {
            let cells = runs.iter().map(|runs| cell(runs, digits, of)).collect();
            into.add(&format!("{row}: {what}"), cells);
        }
        into.figures
            .extend(runs.into_iter().flatten().filter_map(Result::ok));
    }

    /// As many publications a second over more and more channels of ten.
    fn small_channels(&self, servers: &[Kind], channels: usize, into: &mut Comparison) {
        let rate = 1000.0;
        let row = format!("{channels} channels of 10 subscribers, {rate} publications/s");
        if !self.wants(&row) {
            return;
        }
        let run = |server: &Kind| {
            let fanout = Fanout {
                options: self.options(*server),
                subscribers: 10 * channels,
                channels,
                load: Load {
                    rate,
                    payload: 128,
                    duration: self.duration,
                    warm_up: 1.0,
                },
            };
            fanout.run()
        };
        let runs: Vec<_> = servers.iter().map(|server| vec![run(server)]).collect();
        let cells = runs
            .iter()
            .map(|runs| cell(runs, 2, |it| it.server_cpu_seconds_per_million));
        let cells = cells.collect();
        into.add(
            &format!("{row}: server CPU s per million deliveries"),
            cells,
        );
        into.figures
            .extend(runs.into_iter().flatten().filter_map(Result::ok));
    }

    fn saturate(&self, servers: &[Kind], channels: usize, first: f64, into: &mut Comparison) {
        let row = format!(
            "saturated, {channels} channels of {} subscribers, p99 ≤ 100 ms",
            1000 / channels
        );
        if !self.wants(&row) {
            return;
        }
        let run = |server: &Kind| {
            let saturate = Saturate {
                fanout: Fanout {
                    options: self.options(*server),
                    subscribers: 1000,
                    channels,
                    load: Load {
                        rate: first,
                        payload: 128,
                        duration: 2.0,
                        warm_up: 0.5,
                    },
                },
                within_ms: 100.0,
                precision: 1.15,
            };
            saturate.run()
        };
        let runs: Vec<_> = servers.iter().map(|server| vec![run(server)]).collect();
        let cells = runs
            .iter()
            .map(|runs| cell(runs, 0, |it| Some(it.deliveries_per_second)));
        into.add(&format!("{row}: deliveries/s"), cells.collect());
        into.figures
            .extend(runs.into_iter().flatten().filter_map(Result::ok));
    }

    fn idle(&self, servers: &[Kind], into: &mut Comparison) {
        let row = "10000 idle connections";
        if !self.wants(row) {
            return;
        }
        let run = |server: &Kind| {
            let idle = Idle {
                options: self.options(*server),
                subscribers: 10_000,
                channels: 1,
                hold: 30.0,
            };
            idle.run()
        };
        let runs: Vec<_> = servers.iter().map(|server| vec![run(server)]).collect();
        let cells = runs
            .iter()
            .map(|runs| cell(runs, 2, |it| it.idle_cpu_percent));
        into.add(&format!("{row}: CPU, % of a core"), cells.collect());
        into.figures
            .extend(runs.into_iter().flatten().filter_map(Result::ok));
    }

    fn storm(&self, servers: &[Kind], subscribers: usize, into: &mut Comparison) {
        let row = format!("storm of {subscribers}, 10 missed each");
        if !self.wants(&row) {
            return;
        }
        let mut cells = Vec::new();
        for server in servers {
            let options = self.options(*server);
            if !options.can_recover() {
                cells.push(Cell::Not);
                continue;
            }
            let storm = Storm {
                options,
                subscribers,
                channels: 1,
                missed: 10,
                payload: 128,
            };
            let runs = vec![storm.run()];
            cells.push(cell(&runs, 2, |it| it.returned_seconds));
            into.figures.extend(runs.into_iter().filter_map(Result::ok));
        }
        into.add(&format!("{row}: seconds until all are back"), cells);
    }
}

/// What is told, its digits, and where it stands.
type Column = (&'static str, usize, fn(&Figures) -> Option<f64>);

/// The median of the runs in which nothing was wrong.
fn cell(runs: &[Result<Figures>], digits: usize, of: fn(&Figures) -> Option<f64>) -> Cell {
    let correct: Vec<f64> = runs
        .iter()
        .flatten()
        .filter(|it| it.is_correct())
        .filter_map(of)
        .collect();
    if !correct.is_empty() {
        return Cell::Value(median(correct), digits);
    }
    match runs.iter().find_map(|run| run.as_ref().err()) {
        Some(error) => Cell::Failed(format!("{error:#}")),
        None => Cell::Faulty,
    }
}

impl Comparison {
    fn add(&mut self, name: &str, cells: Vec<Cell>) {
        self.rows.push(Row {
            name: name.to_owned(),
            cells,
        });
    }

    /// Whether the hub, which is measured first, did everything right in every run.
    pub fn is_correct(&self) -> bool {
        let hub = Kind::Hub.name();
        let runs = self.figures.iter().filter(|figures| figures.server == hub);
        let cells = self.servers.iter().position(|server| *server == hub);
        let whole = |row: &Row| {
            cells.is_none_or(|place| {
                matches!(row.cells.get(place), Some(Cell::Value(..) | Cell::Not))
            })
        };
        runs.into_iter().all(Figures::is_correct) && self.rows.iter().all(whole)
    }

    pub fn table(&self) -> String {
        let mut table = format!("| what | {} |\n| --- |", self.servers.join(" | "));
        table.push_str(&" ---: |".repeat(self.servers.len()));
        table.push('\n');
        for row in &self.rows {
            let cells: Vec<String> = row.cells.iter().map(Cell::text).collect();
            let _ = writeln!(table, "| {} | {} |", row.name, cells.join(" | "));
        }
        for why in &self.skipped {
            let _ = writeln!(table, "\nSkipped: {why}.");
        }
        table
    }
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Value(value, digits) => format!("{value:.digits$}"),
            Self::Faulty => "loses".to_owned(),
            Self::Failed(why) => format!("failed: {}", why.lines().next().unwrap_or_default()),
            Self::Not => "–".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_what_failed_and_what_was_skipped() {
        let mut comparison = Comparison {
            servers: vec!["hub", "bare"],
            skipped: vec!["mosquitto is not installed"],
            ..Comparison::default()
        };
        comparison.add(
            "CPU",
            vec![Cell::Value(2.345, 2), Cell::Failed("gone\nat".to_owned())],
        );
        comparison.add("storm", vec![Cell::Faulty, Cell::Not]);
        let table = comparison.table();
        assert!(table.contains("| CPU | 2.35 | failed: gone |"), "{table}");
        assert!(table.contains("| storm | loses | – |"), "{table}");
        assert!(
            table.contains("Skipped: mosquitto is not installed."),
            "{table}"
        );
        assert!(!comparison.is_correct());
    }
}
