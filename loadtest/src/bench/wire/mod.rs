//! What is spoken with a server: how a subscriber introduces itself, and what it hears.
//!
//! Nothing is parsed beyond what the oracle and the clock need. Replies come once per connection and are
//! read in full; publications are scanned.

pub mod frames;
pub mod json;
pub mod protobuf;

use serde::{Deserialize, Serialize};

/// How frames are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// The hub's protocol in JSON.
    Json,
    /// The hub's protocol in Protobuf.
    Protobuf,
}

/// One thing in a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Publication(Publication),
    /// From here on publications come. Those that were missed came before, as publications.
    Subscribed(Position),
    /// Wants an answer, or the connection ends.
    Ping,
    /// In the server's words.
    Refused(String),
    /// Nothing that matters here.
    Else,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// In its channel's dense sequence.
    pub number: u64,
    /// None: its payload is not one of ours.
    pub intended_ns: Option<u64>,
}

/// Where a subscriber is in its channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    pub offset: u64,
    pub epoch: String,
}

/// What a subscriber says of itself once the connection stands.
#[derive(Debug, Clone, Copy)]
pub struct Hello<'a> {
    pub token: &'a str,
    pub channel: &'a str,
    /// Whoever was there before wants what was missed.
    pub since: Option<&'a Position>,
}

impl Language {
    /// The first bytes of a connection.
    pub fn upgrade(self, host: &str, path: &str) -> Vec<u8> {
        let extra = match self {
            Self::Json => "",
            Self::Protobuf => "Sec-WebSocket-Protocol: centrifuge-protobuf\r\n",
        };
        frames::upgrade(host, path, extra)
    }

    /// Connect and subscribe, in one frame.
    pub fn hello(self, hello: Hello<'_>) -> Vec<u8> {
        match self {
            Self::Json => frames::of_client(frames::TEXT, &json::hello(hello)),
            Self::Protobuf => frames::of_client(frames::BINARY, &protobuf::hello(hello)),
        }
    }

    pub fn pong(self) -> Vec<u8> {
        match self {
            Self::Json => frames::of_client(frames::TEXT, b"{}"),
            Self::Protobuf => frames::of_client(frames::BINARY, &[0]),
        }
    }

    pub fn read(self, message: &[u8], hear: impl FnMut(Heard)) {
        match self {
            Self::Json => json::read(message, hear),
            Self::Protobuf => protobuf::read(message, hear),
        }
    }
}
