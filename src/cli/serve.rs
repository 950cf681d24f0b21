//! `dispatch-hub serve`: starts, says where it is, stops when told to.

use anyhow::Context;
use clap::Args;
use dispatch_hub::{app, config::Config, demo};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Flags win over the environment and the file.
#[derive(Args)]
pub struct Flags {
    /// Public address [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Address of /livez, /readyz and /metrics [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS")]
    pub ops_listen: Option<String>,
    /// Where Redis is, for two instances and more.
    #[arg(long, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Open sockets closed per second when the server stops [default: 200].
    #[arg(long, value_name = "CLOSES_PER_SECOND")]
    pub drain_rate: Option<String>,
    /// Fill an empty database with demonstration data and let simulated people act.
    #[arg(long)]
    pub demo: bool,
}

pub async fn run(config: Config) -> anyhow::Result<()> {
    // Listened to from here on, so that an interrupted start stops what it has started.
    let mut signals = Signals::listen()?;
    let is_demo = config.demo;
    let app = tokio::select! {
        app = app::start(config, &super::progress) => app?,
        () = signals.next() => anyhow::bail!("interrupted while starting"),
    };
    println!("Serving http://{}", app.public_addr);
    println!("Operations on http://{}", app.ops_addr);
    if is_demo {
        println!("{}", demo_accounts());
    }
    signals.next().await;
    eprintln!("Stopping …");
    tokio::select! {
        () = app.shutdown() => {}
        () = signals.next() => anyhow::bail!("stopped at once, at the second signal"),
    }
    eprintln!("Stopped.");
    Ok(())
}

/// Whom to sign in as, one line each.
fn demo_accounts() -> String {
    let people = demo::visitors();
    let width = people.iter().map(|person| person.email.len()).max();
    let width = width.unwrap_or(0);
    let lines = people.iter().map(|person| {
        let (email, role, name) = (&person.email, person.role.as_str(), &person.name);
        format!("  {email:width$}  {role} ({name})")
    });
    let first = format!("Sign in with the password {} as", demo::people::PASSWORD);
    std::iter::once(first)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
