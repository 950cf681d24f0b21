//! Which channels there are, and what each can do: the configuration that the SDKs' suites expect.

use std::time::Duration;

use hub::{
    adapters::memory::Retention,
    ports::{Grant, Offer},
};

/// Which suites are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Anybody may do anything; tokens are read where there are some, their expiry is not.
    Open,
    /// Tokens are required, and rights go to subscribers.
    Tokens,
}

/// The channels whose names begin alike.
#[derive(Debug, Clone, Copy)]
pub struct Namespace {
    publications: usize,
    recovery: Offer,
    presence: bool,
    join_leave: Offer,
    delta: bool,
}

const HISTORY_TTL: Duration = Duration::from_mins(5);

const STREAM: Namespace = Namespace {
    publications: 100,
    recovery: Offer::Always,
    presence: false,
    join_leave: Offer::Never,
    delta: false,
};

/// The namespace of a channel; `None` when there is no such.
pub fn of(mode: Mode, channel: &str) -> Option<Namespace> {
    let name = channel.split_once(':').map_or("", |(name, _)| name);
    let small = Namespace {
        publications: 2,
        ..STREAM
    };
    match (mode, name) {
        (Mode::Open, "") => Some(Namespace {
            presence: true,
            delta: true,
            ..STREAM
        }),
        (Mode::Open, "recovery") => Some(STREAM),
        (Mode::Open, "delta") => Some(Namespace {
            delta: true,
            ..STREAM
        }),
        (Mode::Tokens, "") => Some(Namespace {
            presence: true,
            join_leave: Offer::Always,
            delta: true,
            ..STREAM
        }),
        (Mode::Tokens, "example") => Some(Namespace {
            publications: 300,
            recovery: Offer::OnRequest,
            presence: true,
            join_leave: Offer::Always,
            delta: false,
        }),
        (Mode::Open | Mode::Tokens, "smallhistory") => Some(small),
        (Mode::Open | Mode::Tokens, _) => None,
    }
}

impl Namespace {
    pub fn retention(self) -> Retention {
        Retention {
            publications: self.publications,
            ttl: Some(HISTORY_TTL),
        }
    }

    pub fn grant(self) -> Grant {
        Grant {
            recovery: self.recovery,
            presence: self.presence,
            join_leave: self.join_leave,
            history: true,
            delta: self.delta,
            ..Grant::durable()
        }
    }
}
