//! What a run has shown: a table for people, a line of JSON for machines, and whether it passed.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde::Serialize;

use super::oracle::Faults;
use crate::run::Histogram;

/// Milliseconds from the intended moment until a subscriber had it.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub scenario: String,
    pub server: String,
    pub subscribers: usize,
    pub channels: usize,
    pub publications: u64,
    pub payload_bytes: usize,
    pub rate: f64,
    pub deliveries: u64,
    pub deliveries_per_second: f64,
    pub latency: Latency,
    pub faults: Faults,
    /// Channels whose head, as the server tells it, is not what was published.
    pub wrong_heads: u64,
    /// Connections that ended, by what the server said.
    pub ended: BTreeMap<String, u64>,
    pub publisher_late_ms: f64,
    pub server_cpu_seconds_per_million: Option<f64>,
    pub client_cpu_seconds_per_million: f64,
    pub bytes_per_connection: Option<f64>,
    pub opened_per_second: f64,
    /// Of one core, while nothing happened.
    pub idle_cpu_percent: Option<f64>,
    /// From the first connect until the last was there with all that it had missed.
    pub returned_seconds: Option<f64>,
}

impl Latency {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    pub fn of(histogram: &Histogram) -> Self {
        let at = |millionths| histogram.quantile(millionths).unwrap_or_default() as f64 / 1000.0;
        Self {
            p50_ms: at(500_000),
            p90_ms: at(900_000),
            p99_ms: at(990_000),
            p999_ms: at(999_000),
            max_ms: at(1_000_000),
        }
    }
}

impl Figures {
    /// Nothing lost, nothing twice, all in order, nobody gone, and the server has what was published.
    pub fn is_correct(&self) -> bool {
        !self.faults.any() && self.ended.is_empty() && self.wrong_heads == 0 && self.deliveries > 0
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "| {name:<42} | {value:>20} |");
        row(
            &format!("{} against {}", self.scenario, self.server),
            String::new(),
        )?;
        row("---", "---:".to_owned())?;
        row("subscribers", self.subscribers.to_string())?;
        row("channels", self.channels.to_string())?;
        row("publications per second", format!("{:.1}", self.rate))?;
        row("payload, bytes", self.payload_bytes.to_string())?;
        row("deliveries", self.deliveries.to_string())?;
        row(
            "deliveries per second",
            format!("{:.0}", self.deliveries_per_second),
        )?;
        row("latency p50, ms", format!("{:.3}", self.latency.p50_ms))?;
        row("latency p90, ms", format!("{:.3}", self.latency.p90_ms))?;
        row("latency p99, ms", format!("{:.3}", self.latency.p99_ms))?;
        row("latency p99.9, ms", format!("{:.3}", self.latency.p999_ms))?;
        row("latency max, ms", format!("{:.3}", self.latency.max_ms))?;
        row("lost", self.faults.lost.to_string())?;
        row("duplicated", self.faults.duplicated.to_string())?;
        row("out of order", self.faults.out_of_order.to_string())?;
        row(
            "connections that ended",
            self.ended.values().sum::<u64>().to_string(),
        )?;
        row("channels whose head is wrong", self.wrong_heads.to_string())?;
        row(
            "publisher late at most, ms",
            format!("{:.3}", self.publisher_late_ms),
        )?;
        if let Some(cpu) = self.server_cpu_seconds_per_million {
            row("server CPU s per million deliveries", format!("{cpu:.3}"))?;
        }
        let clients = self.client_cpu_seconds_per_million;
        row(
            "client CPU s per million deliveries",
            format!("{clients:.3}"),
        )?;
        if let Some(bytes) = self.bytes_per_connection {
            row("memory per connection (PSS), bytes", format!("{bytes:.0}"))?;
        }
        row(
            "connected and subscribed per second",
            format!("{:.0}", self.opened_per_second),
        )?;
        if let Some(percent) = self.idle_cpu_percent {
            row("idle CPU, % of a core", format!("{percent:.2}"))?;
        }
        if let Some(seconds) = self.returned_seconds {
            row("all back with all they missed, s", format!("{seconds:.3}"))?;
        }
        for (reason, count) in &self.ended {
            row(reason, count.to_string())?;
        }
        Ok(())
    }
}
