//! Connections that are open, and nothing else: what they cost. At the end each is shown to be alive.

use std::{thread, time::Duration};

use anyhow::Result;
use clap::Args;

use super::{
    clock::{nanoseconds, now_ns},
    options::Options,
    process,
    report::Figures,
    scene::{Load, Scene},
};

#[derive(Debug, Clone, Args)]
pub struct Idle {
    #[command(flatten)]
    pub options: Options,
    #[arg(long, short = 'n', default_value_t = 10_000)]
    pub subscribers: usize,
    #[arg(long, default_value_t = 1)]
    pub channels: usize,
    /// Seconds that nothing happens; the server's pings come every 25.
    #[arg(long, default_value_t = 30.0)]
    pub hold: f64,
}

/// That everyone is still there.
const ALIVE: Load = Load {
    rate: 5.0,
    payload: 128,
    duration: 1.0,
    warm_up: 0.0,
};

impl Idle {
    pub fn run(&self) -> Result<Figures> {
        let server = self.options.server()?;
        let channels = self.options.channels(self.channels);
        let mut scene = Scene::open(&self.options, &server, self.subscribers, channels)?;
        let (before_ns, start_ns) = (process::cpu_ns(&server.processes)?, now_ns());
        let end_ns = start_ns + nanoseconds(Duration::from_secs_f64(self.hold));
        while now_ns() < end_ns {
            thread::sleep(
                Duration::from_nanos(end_ns.saturating_sub(now_ns())).min(Duration::from_secs(5)),
            );
            if !self.options.quiet {
                eprintln!("{:?}", scene.crew.progress());
            }
        }
        let used_ns = process::cpu_ns(&server.processes)? - before_ns;
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let percent = used_ns as f64 / (now_ns() - start_ns) as f64 * 100.0;
        let measured = scene.bear(ALIVE)?;
        Ok(Figures {
            idle_cpu_percent: (!server.processes.is_empty()).then_some(percent),
            ..scene.figures("idle", measured)
        })
    }
}
