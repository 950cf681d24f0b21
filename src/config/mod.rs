//! Settings: defaults < file < environment < flags.
//!
//! `default.toml` beside this file documents every key with its default; the types here give those
//! keys meaning. Unknown keys are refused, and all faults are reported together. Secrets are never
//! written out: not by `Debug`, and not by `dispatch-hub config`.

mod load;
mod network;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use hub::{HubConfig, adapters::redis::RedisConfig};
use serde::{Deserialize, Serialize};

pub use load::{Faults, Layers};
pub use network::Network;

/// The effective settings.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Config {
    pub listen: SocketAddr,
    pub ops_listen: SocketAddr,
    pub database_url: Secret,
    pub redis_url: Secret,
    pub data: PathBuf,
    pub demo: bool,
    pub log: Log,
    pub http: Http,
    pub database: Database,
    pub embedded: Embedded,
    pub sign_in: SignIn,
    pub limits: Limits,
    pub alerts: Alerts,
    pub presence: Presence,
    pub redis: RedisConfig,
    pub hub: HubConfig,
    pub shutdown: Shutdown,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Pretty,
    Json,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Http {
    pub allowed_origins: Vec<String>,
    /// Sites that may show the page for embedding in a frame; `*` is any.
    pub embed_origins: Vec<String>,
    pub trusted_proxies: Vec<Network>,
    pub body_bytes: usize,
    pub import_bytes: usize,
    pub emulation_body_bytes: usize,
    pub header_bytes: usize,
    pub header_count: usize,
    pub header_timeout_ms: u64,
    pub request_timeout_ms: u64,
    pub connections: usize,
    pub tcp_user_timeout_ms: u64,
}

impl Http {
    fn ranges(&self) -> Vec<Range> {
        let emulation = self.emulation_body_bytes as u64;
        vec![
            ("http.body_bytes", self.body_bytes as u64, 1024, 1 << 24),
            ("http.import_bytes", self.import_bytes as u64, 8192, 1 << 26),
            ("http.emulation_body_bytes", emulation, 1024, 1 << 24),
            ("http.header_bytes", self.header_bytes as u64, 8192, 1 << 20),
            ("http.header_count", self.header_count as u64, 16, 1024),
            ("http.connections", self.connections as u64, 1, 1_000_000),
        ]
    }
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Database {
    pub command_connections: u32,
    pub read_connections: u32,
    pub command_wait_ms: u64,
}

impl Database {
    fn ranges(&self) -> Vec<Range> {
        let (commands, reads) = (self.command_connections, self.read_connections);
        vec![
            ("database.command_connections", commands.into(), 1, 1000),
            ("database.read_connections", reads.into(), 1, 1000),
            ("database.command_wait_ms", self.command_wait_ms, 1, 900),
        ]
    }

    pub fn command_wait(&self) -> Duration {
        Duration::from_millis(self.command_wait_ms)
    }
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Embedded {
    pub binaries: String,
    pub node_modules: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct SignIn {
    pub access_ttl_seconds: u32,
    pub refresh_ttl_days: u32,
    pub refresh_grace_seconds: u32,
    pub leeway_seconds: u32,
    pub lapse_look_ms: u64,
    pub hashing: usize,
    pub hashing_queue: usize,
    pub failures_free: u32,
    pub failure_delay_max_ms: u64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Limits {
    pub handshakes_per_minute: u32,
    pub sign_ins_per_minute: u32,
    pub requests_per_minute: u32,
    pub emulated_per_minute: u32,
    pub commands_per_minute: u32,
    pub commands_burst: u32,
    pub holds_per_minute: u32,
    pub holds_burst: u32,
    pub queries_per_minute: u32,
    pub queries_burst: u32,
    pub reports_per_minute: u32,
    pub reports_burst: u32,
    pub orders_per_minute: u32,
    pub orders_burst: u32,
    pub administration_per_minute: u32,
    pub administration_burst: u32,
    pub presence_per_minute: u32,
    pub presence_burst: u32,
    pub connections_per_user: u32,
    pub connections_per_address: usize,
    pub connections: usize,
    pub keys: usize,
    pub shared_ms: u64,
}

impl Limits {
    fn ranges(&self) -> Vec<Range> {
        let (all, of_an_address) = (self.connections, self.connections_per_address);
        let most = 1_000_000;
        vec![
            ("limits.connections", all as u64, 1, most),
            (
                "limits.connections_per_address",
                of_an_address as u64,
                1,
                most,
            ),
            ("limits.keys", self.keys as u64, 1000, 10_000_000),
            ("limits.shared_ms", self.shared_ms, 10, 10_000),
        ]
    }

    pub fn shared(&self) -> Duration {
        Duration::from_millis(self.shared_ms)
    }
}

/// How long things last that people see of each other.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Presence {
    pub grace_ms: u64,
    pub look_ms: u64,
    pub repeat_ms: u64,
    pub typing_ms: u64,
    pub lock_ms: u64,
}

/// A setting with its value, the least and the most that it may be.
type Range = (&'static str, u64, u64, u64);

impl SignIn {
    fn ranges(&self) -> Vec<Range> {
        let (leeway, access) = (self.leeway_seconds, self.access_ttl_seconds);
        let (refresh, grace) = (self.refresh_ttl_days, self.refresh_grace_seconds);
        vec![
            ("sign_in.leeway_seconds", leeway.into(), 0, 30),
            ("sign_in.access_ttl_seconds", access.into(), 60, 600),
            ("sign_in.refresh_ttl_days", refresh.into(), 1, 366),
            ("sign_in.refresh_grace_seconds", grace.into(), 0, 600),
            ("sign_in.lapse_look_ms", self.lapse_look_ms, 50, 5000),
            ("sign_in.hashing", self.hashing as u64, 1, 64),
        ]
    }

    pub fn lapse_look(&self) -> Duration {
        Duration::from_millis(self.lapse_look_ms)
    }
}

/// When the control room is told of a job.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Alerts {
    pub unassigned_minutes: u32,
    pub unassigned_urgent_minutes: u32,
    pub late_minutes: u32,
    pub no_check_in_minutes: u32,
    pub no_show_minutes: u32,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Shutdown {
    pub notice_ms: u64,
    pub closes_per_second: u32,
    pub drain_ms: u64,
    pub linger_ms: u64,
    pub finish_ms: u64,
}

impl Shutdown {
    pub fn notice(&self) -> Duration {
        Duration::from_millis(self.notice_ms)
    }

    /// Over how long so many sockets are closed: by the rate, which is what the instances they come
    /// back to have to bear; by the time where the rate would take longer.
    pub fn spread(&self, sockets: usize) -> Duration {
        let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
        let by_rate = Duration::from_secs(1) * sockets / self.closes_per_second.max(1);
        by_rate.min(Duration::from_millis(self.drain_ms))
    }

    pub fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }

    pub fn finish(&self) -> Duration {
        Duration::from_millis(self.finish_ms)
    }
}

/// A URL that may hold a password. Written out, the password is left out; empty means none.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Secret {
    /// The value itself, where there is one.
    pub fn reveal(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }

    /// Everything but the password and the parameters, which can hold one as well.
    pub fn redacted(&self) -> String {
        let before_parameters = self.0.split('?').next().unwrap_or_default();
        let parameters = if before_parameters.len() < self.0.len() {
            "?***"
        } else {
            ""
        };
        let Some((scheme, rest)) = before_parameters.split_once("://") else {
            return if self.0.is_empty() { "" } else { "***" }.to_owned();
        };
        let rest = match rest.rsplit_once('@') {
            Some((credentials, host)) => match credentials.split_once(':') {
                Some((user, _)) => format!("{user}:***@{host}"),
                None => format!("{credentials}@{host}"),
            },
            None => rest.to_owned(),
        };
        format!("{scheme}://{rest}{parameters}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

/// The effective settings as a file that could be read back, but for the secrets.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        let settings = settings.as_object().ok_or(fmt::Error)?;
        // JSON's scalars and lists of them are written in TOML as well.
        for (key, value) in settings.iter().filter(|(_, value)| !value.is_object()) {
            writeln!(f, "{key} = {value}")?;
        }
        for (section, values) in settings {
            let Some(values) = values.as_object() else {
                continue;
            };
            writeln!(f, "\n[{section}]")?;
            // The version is what was built, not a setting.
            for (key, value) in values.iter().filter(|(key, _)| *key != "version") {
                writeln!(f, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

impl Config {
    /// What types alone cannot say, each fault as one line.
    fn check(&self) -> Vec<String> {
        let faults = self.check_ranges().into_iter();
        faults
            .chain(self.check_rates())
            .chain(self.check_alerts())
            .chain(self.check_presence())
            .chain(self.check_addresses())
            .chain(self.check_filter())
            .collect()
    }

    fn check_ranges(&self) -> Vec<String> {
        let ranges = [self.sign_in.ranges(), self.http.ranges()].into_iter();
        let ranges = ranges.chain([self.database.ranges(), self.limits.ranges()]);
        ranges
            .flatten()
            .filter(|(_, value, least, most)| !(least..=most).contains(&value))
            .map(|(key, _, least, most)| format!("{key}: between {least} and {most}"))
            .collect()
    }

    fn check_rates(&self) -> Vec<String> {
        let limits = &self.limits;
        let rates = [
            ("handshakes_per_minute", limits.handshakes_per_minute),
            ("sign_ins_per_minute", limits.sign_ins_per_minute),
            ("requests_per_minute", limits.requests_per_minute),
            ("emulated_per_minute", limits.emulated_per_minute),
            ("commands_per_minute", limits.commands_per_minute),
            ("commands_burst", limits.commands_burst),
            ("holds_per_minute", limits.holds_per_minute),
            ("holds_burst", limits.holds_burst),
            ("queries_per_minute", limits.queries_per_minute),
            ("queries_burst", limits.queries_burst),
            ("reports_per_minute", limits.reports_per_minute),
            ("reports_burst", limits.reports_burst),
            ("orders_per_minute", limits.orders_per_minute),
            ("orders_burst", limits.orders_burst),
            (
                "administration_per_minute",
                limits.administration_per_minute,
            ),
            ("administration_burst", limits.administration_burst),
            ("presence_per_minute", limits.presence_per_minute),
            ("presence_burst", limits.presence_burst),
            ("connections_per_user", limits.connections_per_user),
        ];
        rates
            .into_iter()
            .filter(|(_, rate)| *rate == 0)
            .map(|(key, _)| format!("limits.{key}: must be above zero"))
            .collect()
    }

    fn check_alerts(&self) -> Vec<String> {
        let alerts = &self.alerts;
        let day = 24 * 60;
        let ranges = [
            ("unassigned_minutes", alerts.unassigned_minutes, 7 * day),
            (
                "unassigned_urgent_minutes",
                alerts.unassigned_urgent_minutes,
                alerts.unassigned_minutes,
            ),
            ("late_minutes", alerts.late_minutes, day),
            ("no_check_in_minutes", alerts.no_check_in_minutes, day),
            ("no_show_minutes", alerts.no_show_minutes, day),
        ];
        ranges
            .into_iter()
            .filter(|(_, minutes, most)| minutes > most)
            .map(|(key, _, most)| format!("alerts.{key}: at most {most}"))
            .collect()
    }

    fn check_presence(&self) -> Vec<String> {
        let presence = &self.presence;
        let minute = 60_000;
        let ranges = [
            ("grace_ms", presence.grace_ms, 0, 10 * minute),
            ("look_ms", presence.look_ms, 50, minute),
            ("repeat_ms", presence.repeat_ms, 100, 10 * minute),
            ("typing_ms", presence.typing_ms, 100, 10 * minute),
            ("lock_ms", presence.lock_ms, 100, 24 * 60 * minute),
        ];
        ranges
            .into_iter()
            .filter(|(_, ms, least, most)| !(least..=most).contains(&ms))
            .map(|(key, _, least, most)| format!("presence.{key}: between {least} and {most}"))
            .collect()
    }

    fn check_filter(&self) -> Option<String> {
        let error = tracing_subscriber::EnvFilter::try_new(&self.log.filter).err()?;
        Some(format!("log.filter: {error}"))
    }

    fn check_addresses(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.listen == self.ops_listen && self.listen.port() != 0 {
            let why = "must differ from listen: operations stay off the public listener";
            faults.push(format!("ops_listen: {why}"));
        }
        for origin in &self.http.allowed_origins {
            let exact = origin.parse::<http::Uri>().is_ok_and(|uri| {
                uri.scheme().is_some() && uri.authority().is_some() && !origin.ends_with('/')
            });
            if !exact {
                faults.push(format!(
                    "http.allowed_origins: `{origin}` is not scheme://host[:port]"
                ));
            }
        }
        let strange = |origin: &&String| origin.as_str() != "*" && !is_web_origin(origin);
        faults.extend(
            self.http
                .embed_origins
                .iter()
                .filter(strange)
                .map(|origin| {
                    format!("http.embed_origins: `{origin}` is neither https://host[:port] nor *")
                }),
        );
        faults
    }
}

/// Of a site, and nothing that would be more than a name where a policy lists it.
fn is_web_origin(origin: &str) -> bool {
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    host.is_some_and(|host| {
        let named = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        !host.is_empty() && host.bytes().all(named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_of_the_web_is_a_scheme_and_a_host() {
        for (origin, expected) in [
            ("https://shop.example", true),
            ("http://127.0.0.1:9000", true),
            ("https://", false),
            ("https://shop.example/", false),
            ("https://shop.example; script-src *", false),
            ("https://*.example", false),
            ("ftp://shop.example", false),
            ("shop.example", false),
        ] {
            assert_eq!(is_web_origin(origin), expected, "{origin}");
        }
    }

    #[test]
    fn a_secret_shows_everything_but_its_password() {
        for (secret, shown) in [
            ("", ""),
            ("postgres://hub:pass@db/x", "postgres://hub:***@db/x"),
            ("postgres://hub:p@ss@db/x", "postgres://hub:***@db/x"),
            ("postgres://hub@db/x", "postgres://hub@db/x"),
            ("postgres://db/x?password=p", "postgres://db/x?***"),
            ("redis://:secret@cache:6379", "redis://:***@cache:6379"),
            ("redis+cluster://u:p@a:1,b", "redis+cluster://u:***@a:1,b"),
            ("not a url", "***"),
        ] {
            assert_eq!(Secret::from(secret.to_owned()).redacted(), shown);
        }
    }
}
