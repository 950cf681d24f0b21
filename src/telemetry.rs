//! Logs and metrics. One span per connection and per command; fields have the same dotted names
//! everywhere and are declared here. Never logged: tokens, passwords, phone numbers, addresses,
//! chat, bodies of any kind.
//!
//! | field | meaning |
//! | --- | --- |
//! | `request.id` | one HTTP request, also its `x-request-id` |
//! | `http.method`, `http.route`, `http.status` | the request by its route's pattern, never its path |
//! | `remote.address` | who connected, after trusted proxies |
//! | `client.id` | one socket connection |
//! | `actor.id`, `actor.role` | who asks |
//! | `command.id`, `command.kind`, `command.outcome`, `command.code` | one command |
//! | `channel.name` | one channel |
//! | `elapsed_ms` | time taken |

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Upper bounds, in seconds, of what histograms of durations tell apart.
const DURATION_BUCKETS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

/// Starts logging to standard error, for the whole process.
pub fn start_logging(log: &Log) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&log.filter).map_err(|error| anyhow::anyhow!("log.filter: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Pretty => registry
            .with(lines.with_target(false).compact())
            .try_init()?,
        LogFormat::Json => registry.with(lines.json()).try_init()?,
    }
    Ok(())
}

/// The process's metrics, installed on first use: several instances in one process, as in tests,
/// share them.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS)
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Someone else's recorder, in a process that embeds this library, is left in place.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

/// What the server counts besides the engine.
fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

    describe_counter!(
        "commands_total",
        "Commands executed, timers' included, by outcome or code"
    );
    describe_histogram!(
        "command_seconds",
        Unit::Seconds,
        "What people wait for a command's answer"
    );
    describe_histogram!(
        "timer_late_seconds",
        Unit::Seconds,
        "From a timer's due time to its execution"
    );
    describe_gauge!(
        "database_connections",
        "Connections to PostgreSQL, by pool and state"
    );
    describe_histogram!(
        "http_request_seconds",
        Unit::Seconds,
        "Requests, by route and status"
    );
    describe_histogram!("channel_snapshot_bytes", Unit::Bytes, "Sizes of snapshots");
    describe_counter!("sign_in_failures_total", "Failed sign-ins, by code");
    describe_counter!(
        "password_hashes_total",
        "Passwords hashed, to set or to verify one"
    );
    describe_counter!("denials_total", "Channels and commands denied");
    describe_gauge!("process_tasks", "Tasks of the async runtime that live");
    metrics::gauge!("process_start_time_seconds").set(start_time());
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Sets the gauges of the process, for whoever is about to read metrics.
pub fn measure() {
    let alive = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    metrics::gauge!("process_tasks").set(u32::try_from(alive).unwrap_or(u32::MAX));
}

/// In seconds since 1970.
fn start_time() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}
