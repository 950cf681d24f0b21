//! Publications at a rate, to so many subscribers of so many channels.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use clap::Args;

use super::{
    clock::{nanoseconds, now_ns},
    coordinator::{Crew, Opening},
    options::{Options, Server},
    payload::Payload,
    process,
    publisher::{self, Programme, Published},
    report::{Figures, Latency, per_connection},
    request::Api,
    worker::Window,
};

const TELL_EVERY: Duration = Duration::from_secs(1);
/// From the order to measure until the first publication.
const START: Duration = Duration::from_millis(200);
/// Until what a server does after connections came is done.
const CALM: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Args)]
pub struct Fanout {
    #[command(flatten)]
    pub options: Options,
    #[arg(long, short = 'n', default_value_t = 1000)]
    pub subscribers: usize,
    #[arg(long, default_value_t = 1)]
    pub channels: usize,
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

impl Fanout {
    /// Starts what is to be started, and measures it once.
    pub fn run(&self) -> Result<Figures> {
        let server = self.options.server()?;
        self.measure(&server, &self.options.channels(self.channels))
    }

    /// With channels that nobody has published to.
    pub fn measure(&self, server: &Server, channels: &[String]) -> Result<Figures> {
        let party = self
            .options
            .party(server, self.subscribers, channels.to_vec());
        let api = self.options.api(server);
        let mut crew = Crew::start(&party)?;
        let empty_bytes = process::pss_bytes(&server.processes)?;
        let opening = crew.open(&party)?;
        thread::sleep(CALM);
        let full_bytes = process::pss_bytes(&server.processes)?;

        let from_ns =
            now_ns() + nanoseconds(START) + nanoseconds(Duration::from_secs_f64(self.warm_up));
        let window = Window {
            from_ns,
            until_ns: from_ns + nanoseconds(Duration::from_secs_f64(self.duration)),
        };
        crew.measure(window)?;
        let programme = Programme {
            channels: channels.to_vec(),
            rate: self.rate,
            payload: Payload::of_bytes(self.payload)?,
            from_ns: from_ns - nanoseconds(Duration::from_secs_f64(self.warm_up)),
            until_ns: window.until_ns,
        };
        let (published, before_ns) = self.publish(&programme, &api, &mut crew, server, window)?;
        let heads = channels
            .iter()
            .map(|channel| publisher::head(&api, channel));
        let heads: Vec<_> = heads.collect::<Result<_>>()?;
        let offsets: Vec<u64> = heads.iter().map(|head| head.offset).collect();
        crew.settle(&offsets)?;
        let cpu_ns = process::cpu_ns(&server.processes)? - before_ns;
        let report = crew.report(&offsets)?;
        let Opening { took } = opening;
        Ok(Figures {
            scenario: "fanout".to_owned(),
            server: self.options.name(),
            subscribers: self.subscribers,
            channels: self.channels,
            publications: published.publications,
            // What was published is what the server says it has.
            published_faults: publisher::faults(&published, &heads),
            payload_bytes: self.payload,
            rate: self.rate,
            deliveries: report.tally.deliveries,
            deliveries_per_second: report.tally.rate(),
            latency: Latency::of(&report.tally.latency),
            faults: report.faults,
            ended: report.ended,
            publisher_late_ms: Duration::from_nanos(published.late_ns).as_secs_f64() * 1e3,
            server_cpu_seconds_per_million: (!server.processes.is_empty())
                .then(|| per_million(cpu_ns, report.tally.deliveries)),
            client_cpu_seconds_per_million: per_million(report.cpu_ns, report.tally.all),
            bytes_per_connection: (!server.processes.is_empty())
                .then(|| per_connection(empty_bytes, full_bytes, self.subscribers)),
            opened_per_second: per_second(self.subscribers, took),
        })
    }

    /// Publishes; tells how it goes; and what the server had used when the window began.
    fn publish(
        &self,
        programme: &Programme,
        api: &Api,
        crew: &mut Crew,
        server: &Server,
        window: Window,
    ) -> Result<(Published, u64)> {
        thread::scope(|scope| {
            let publishing = scope.spawn(|| publisher::publish(programme, api));
            super::clock::sleep_until(window.from_ns);
            let before_ns = process::cpu_ns(&server.processes)?;
            let start = Instant::now();
            let mut told = 0;
            while !publishing.is_finished() {
                thread::sleep(Duration::from_millis(20));
                let passed = start.elapsed().as_secs() / TELL_EVERY.as_secs();
                if passed > told && !self.options.quiet {
                    told = passed;
                    let at = crew.progress();
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
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn per_million(cpu_ns: u64, deliveries: u64) -> f64 {
    cpu_ns as f64 / 1e9 / (deliveries.max(1) as f64 / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
