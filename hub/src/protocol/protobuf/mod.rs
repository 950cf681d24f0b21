//! The Protobuf encoding: each message with its length before it, as a varint. The schema is in
//! `client.proto`; bodies are JSON, as in the other encoding.

mod decode;
mod encode;
#[cfg(test)]
pub(crate) mod transcoding;

pub(super) use decode::{command, emulation, split};
pub(super) use encode::{PING, push, reply};

/// Made from `client.proto` at build time.
#[allow(clippy::all, clippy::pedantic, reason = "not written by us")]
pub(crate) mod schema {
    include!(concat!(
        env!("OUT_DIR"),
        "/centrifugal.centrifuge.protocol.rs"
    ));
}
