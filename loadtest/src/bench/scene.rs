//! One run: a server with so many subscribers, publications to them, and what became of those.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use clap::Args;

use super::{
    clock::{self, nanoseconds, now_ns},
    coordinator::Crew,
    options::{Options, Server},
    payload::Payload,
    process,
    publisher::{self, Programme, Published},
    report::{Figures, Latency},
    worker::{Report, Window},
};

const TELL_EVERY: Duration = Duration::from_secs(1);
/// From the order to measure until the first publication.
const START: Duration = Duration::from_millis(200);
/// Until what a server does after connections came is done.
const CALM: Duration = Duration::from_millis(500);

/// What is published, and for how long.
#[derive(Debug, Clone, Copy, Args)]
pub struct Load {
    /// Publications per second, over all channels.
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
    /// Bytes of a publication's data.
    #[arg(long, default_value_t = 128)]
    pub payload: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10.0)]
    pub duration: f64,
    /// Seconds of publications before that.
    #[arg(long, default_value_t = 1.0)]
    pub warm_up: f64,
}

/// Everyone is subscribed.
pub struct Scene<'a> {
    options: &'a Options,
    pub server: &'a Server,
    channels: Vec<String>,
    subscribers: usize,
    pub crew: Crew,
    opened_per_second: f64,
    bytes_per_connection: Option<f64>,
    /// Publications so far.
    sent: u64,
    /// Until the last publications are there, where nothing acknowledges them.
    published: Vec<Published>,
}

/// How one load went.
pub struct Measured {
    load: Load,
    report: Report,
    sent: Sent,
    cpu_ns: u64,
    wrong_heads: u64,
}

/// What was published for one load.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    publications: u64,
    late_ns: u64,
    /// What the server had used when the measured time began.
    before_ns: u64,
}

impl<'a> Scene<'a> {
    /// Opens all connections. Nobody may have published to these channels.
    pub fn open(
        options: &'a Options,
        server: &'a Server,
        subscribers: usize,
        channels: Vec<String>,
    ) -> Result<Self> {
        let party = options.party(server, subscribers, channels.clone());
        let mut crew = Crew::start(&party)?;
        let empty_bytes = process::pss_bytes(&server.processes)?;
        let took = crew.open(&party)?;
        thread::sleep(CALM);
        let full_bytes = process::pss_bytes(&server.processes)?;
        Ok(Self {
            options,
            server,
            channels,
            subscribers,
            crew,
            opened_per_second: per_second(subscribers, took),
            bytes_per_connection: (!server.processes.is_empty())
                .then(|| per_connection(empty_bytes, full_bytes, subscribers)),
            sent: 0,
            published: Vec::new(),
        })
    }

    /// Publishes, waits until everything has come or nothing comes any more, and looks at it.
    pub fn bear(&mut self, load: Load) -> Result<Measured> {
        let sent = self.send(load)?;
        self.look(load, sent)
    }

    /// Publishes without waiting for anybody to have it.
    pub fn send(&mut self, load: Load) -> Result<Sent> {
        let warm_up_ns = nanoseconds(Duration::from_secs_f64(load.warm_up));
        let from_ns = now_ns() + nanoseconds(START) + warm_up_ns;
        let window = Window {
            from_ns,
            until_ns: from_ns + nanoseconds(Duration::from_secs_f64(load.duration)),
        };
        self.crew.measure(window)?;
        let programme = Programme {
            channels: self.channels.clone(),
            rate: load.rate,
            payload: Payload::of_bytes(load.payload)?,
            first: self.sent,
            from_ns: from_ns - warm_up_ns,
            until_ns: window.until_ns,
        };
        let (published, before_ns) = self.publish(&programme, window)?;
        let sent = Sent {
            publications: published.publications,
            late_ns: published.late_ns,
            before_ns,
        };
        self.sent += published.publications;
        self.published.push(published);
        Ok(sent)
    }

    /// Waits until everything has come or nothing comes any more, and asks for what there was.
    pub fn look(&mut self, load: Load, sent: Sent) -> Result<Measured> {
        let heads = self.heads()?;
        self.crew.settle(&heads.offsets)?;
        let cpu_ns = process::cpu_ns(&self.server.processes)? - sent.before_ns;
        Ok(Measured {
            load,
            report: self.crew.report(&heads.offsets)?,
            sent,
            cpu_ns,
            wrong_heads: heads.wrong,
        })
    }

    /// Where channels are: as the server tells, or by what was published where it tells nothing.
    fn heads(&self) -> Result<Heads> {
        let numbers = publisher::numbers(self.sent, self.channels.len() as u64);
        let mut heads = Heads {
            offsets: Vec::with_capacity(numbers.len()),
            wrong: 0,
        };
        for (channel, number) in self.channels.iter().zip(numbers) {
            let (offset, newest) = match self.server.way.head(channel)? {
                Some(head) => (head.offset, head.newest),
                None => (number, number),
            };
            heads.offsets.push(offset);
            if (offset, newest) != (number, number) {
                heads.wrong += 1;
            }
        }
        Ok(heads)
    }

    /// Publishes; tells how it goes; and what the server had used when the window began.
    fn publish(&mut self, programme: &Programme, window: Window) -> Result<(Published, u64)> {
        let way = &self.server.way;
        thread::scope(|scope| {
            let publishing = scope.spawn(|| publisher::publish(programme, way));
            clock::sleep_until(window.from_ns);
            let before_ns = process::cpu_ns(&self.server.processes)?;
            let start = Instant::now();
            let mut told = 0;
            while !publishing.is_finished() {
                thread::sleep(Duration::from_millis(20));
                let passed = start.elapsed().as_secs() / TELL_EVERY.as_secs();
                if passed > told && !self.options.quiet {
                    told = passed;
                    let at = self.crew.progress();
                    eprintln!(
                        "{passed:>4} s: {} subscribed, {} ended, {} deliveries",
                        at.subscribed, at.ended, at.deliveries
                    );
                }
            }
            let published = publishing
                .join()
                .map_err(|_| anyhow!("publishing failed"))??;
            Ok((published, before_ns))
        })
    }

    pub fn figures(&self, scenario: &str, measured: Measured) -> Figures {
        let Measured {
            load,
            report,
            sent,
            cpu_ns,
            wrong_heads,
        } = measured;
        Figures {
            scenario: scenario.to_owned(),
            server: self.options.name(),
            subscribers: self.subscribers,
            channels: self.channels.len(),
            publications: sent.publications,
            payload_bytes: load.payload,
            rate: load.rate,
            deliveries: report.tally.deliveries,
            deliveries_per_second: report.tally.rate(),
            latency: Latency::of(&report.tally.latency),
            faults: report.faults,
            wrong_heads,
            ended: report.ended,
            publisher_late_ms: clock::seconds(sent.late_ns) * 1e3,
            server_cpu_seconds_per_million: (!self.server.processes.is_empty())
                .then(|| per_million(cpu_ns, report.tally.deliveries)),
            client_cpu_seconds_per_million: per_million(report.cpu_ns, report.tally.all),
            bytes_per_connection: self.bytes_per_connection,
            opened_per_second: self.opened_per_second,
            idle_cpu_percent: None,
            returned_seconds: None,
        }
    }
}

/// Of all channels, in their order.
#[derive(Debug, Default)]
struct Heads {
    offsets: Vec<u64>,
    /// Those that are not where they were published to.
    wrong: u64,
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn per_million(cpu_ns: u64, deliveries: u64) -> f64 {
    cpu_ns as f64 / 1e9 / (deliveries.max(1) as f64 / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// The difference that connections made.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn per_connection(empty_bytes: u64, full_bytes: u64, connections: usize) -> f64 {
    full_bytes.saturating_sub(empty_bytes) as f64 / connections.max(1) as f64
}
