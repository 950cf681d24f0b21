//! What is spoken with a server: how a subscriber introduces itself, and what it hears.
//!
//! Nothing is parsed beyond what the oracle and the clock need. Replies come once per connection and are
//! read in full; publications are scanned.

pub mod frames;
pub mod json;
pub mod mqtt;
pub mod protobuf;
pub mod stamped;

use std::net::SocketAddr;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// How frames are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// The hub's protocol in JSON.
    Json,
    /// The hub's protocol in Protobuf.
    Protobuf,
    /// What nchan's subscribers hear: payloads alone.
    #[value(skip)]
    Nchan,
    /// MQTT 3.1.1 over TCP, without acknowledgements.
    #[value(skip)]
    Mqtt,
    /// Engine.IO 4 with Socket.IO 5 in it.
    #[value(skip)]
    SocketIo,
}

/// What the bytes of a connection are made of.
#[derive(Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    Message(&'a [u8]),
    Close(&'a [u8]),
    /// Of `WebSocket` itself.
    Ping(&'a [u8]),
    Nothing,
}

/// One thing in a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Publication(Publication),
    /// From here on publications come. Those that were missed came before, as publications.
    Subscribed(Position),
    /// The server speaks first, and waits for the subscriber's hello.
    Greeting,
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
    pub fn is_websocket(self) -> bool {
        match self {
            Self::Json | Self::Protobuf | Self::Nchan | Self::SocketIo => true,
            Self::Mqtt => false,
        }
    }

    /// The first bytes of a connection.
    pub fn opening(self, address: SocketAddr, path: &str, channel: &str) -> Vec<u8> {
        let host = address.to_string();
        match self {
            Self::Json => frames::upgrade(&host, path, ""),
            Self::Protobuf => frames::upgrade(
                &host,
                path,
                "Sec-WebSocket-Protocol: centrifuge-protobuf\r\n",
            ),
            Self::Nchan => frames::upgrade(&host, &format!("/sub/{channel}"), ""),
            Self::SocketIo => frames::upgrade(&host, stamped::SOCKET_IO_PATH, ""),
            Self::Mqtt => [mqtt::connect(), mqtt::subscribe(channel)].concat(),
        }
    }

    /// Whether the hello has to wait for a [`Heard::Greeting`].
    pub fn is_greeted(self) -> bool {
        match self {
            Self::SocketIo => true,
            Self::Json | Self::Protobuf | Self::Nchan | Self::Mqtt => false,
        }
    }

    /// What follows the upgrade: connect and subscribe, in one frame. None: that was said already.
    pub fn hello(self, hello: Hello<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Json => Some(frames::of_client(frames::TEXT, &json::hello(hello))),
            Self::Protobuf => Some(frames::of_client(frames::BINARY, &protobuf::hello(hello))),
            Self::SocketIo => {
                let hello = stamped::socket_io_hello(hello.channel);
                Some(frames::of_client(frames::TEXT, &hello))
            }
            Self::Nchan | Self::Mqtt => None,
        }
    }

    pub fn pong(self) -> Vec<u8> {
        match self {
            Self::Json | Self::Nchan | Self::Mqtt => frames::of_client(frames::TEXT, b"{}"),
            Self::Protobuf => frames::of_client(frames::BINARY, &[0]),
            Self::SocketIo => frames::of_client(frames::TEXT, b"3"),
        }
    }

    /// The first unit of these bytes and its length. None: it has not come whole.
    pub fn first(self, bytes: &[u8]) -> Result<Option<(Unit<'_>, usize)>> {
        if self == Self::Mqtt {
            return mqtt::first(bytes);
        }
        Ok(frames::first(bytes)?.map(|frame| {
            let unit = match frame.opcode {
                frames::TEXT | frames::BINARY => Unit::Message(frame.payload),
                frames::CLOSE => Unit::Close(frame.payload),
                frames::PING => Unit::Ping(frame.payload),
                _ => Unit::Nothing,
            };
            (unit, frame.bytes)
        }))
    }

    pub fn read(self, message: &[u8], mut hear: impl FnMut(Heard)) {
        match self {
            Self::Json => json::read(message, hear),
            Self::Protobuf => protobuf::read(message, hear),
            Self::Nchan => hear(stamped::publication(message)),
            Self::Mqtt => hear(mqtt::read(message)),
            Self::SocketIo => hear(stamped::socket_io(message)),
        }
    }
}
