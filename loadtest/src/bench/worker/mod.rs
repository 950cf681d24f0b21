//! A process that holds connections: told what to do by lines of JSON, and telling what it sees by such.

mod connection;
mod crowd;
mod tally;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use serde::{Deserialize, Serialize};

use crate::bench::{oracle::Faults, wire::Language};
pub use crowd::work;
pub use tally::Tally;

/// From the coordinator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Order {
    Open(Party),
    /// Latencies are those of publications that are meant to be sent in this time.
    Measure(Window),
    /// All drop.
    Leave,
    /// All come back, from where they were.
    Return,
    /// How many are not at their channel's head?
    Settle(Vec<u64>),
    /// What it was like, if these are the channels' heads.
    Report(Vec<u64>),
}

/// The connections of one worker, and of all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Party {
    pub address: SocketAddr,
    pub path: String,
    pub language: Language,
    pub token: String,
    /// Of each channel's subscribers, where they are not all the same; empty: a stranger.
    pub tokens: Vec<String>,
    /// Subscriber k is in channel k modulo their number.
    pub channels: Vec<String>,
    pub subscribers: usize,
    /// This worker's are those whose number leaves this rest...
    pub worker: usize,
    /// ...when divided by this.
    pub workers: usize,
    pub sources: Vec<Ipv4Addr>,
    /// Connections that are being opened at any time.
    pub at_once: usize,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Window {
    pub from_ns: u64,
    pub until_ns: u64,
}

/// To the coordinator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Told {
    /// So many are subscribed, and so many things came. The last of an opening has all.
    Progress(Progress),
    Behind(u64),
    Report(Box<Report>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub subscribed: usize,
    pub ended: usize,
    pub deliveries: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    pub tally: Tally,
    pub faults: Faults,
    /// Connections that the server ended or refused, by what it said.
    pub ended: BTreeMap<String, u64>,
    pub cpu_ns: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.faults.add(other.faults);
        for (reason, count) in &other.ended {
            *self.ended.entry(reason.clone()).or_default() += count;
        }
        self.cpu_ns += other.cpu_ns;
    }
}
