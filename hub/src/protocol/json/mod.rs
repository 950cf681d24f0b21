//! The JSON encoding: objects separated by newlines, names of the protocol's schema, integers as
//! numbers, bodies as raw JSON.

mod decode;
mod encode;

pub(super) use decode::command;
pub(super) use encode::{PING, publications, push, reply, subscriptions};
