//! The two ways to write the protocol. A connection chooses one at its handshake, once; whatever is
//! said on it is decoded and encoded that way, whichever kind of message carries it.

use bytes::Bytes;

use super::{
    command::Command,
    json, protobuf,
    reply::{Push, Reply},
};

/// Encoded text that many connections share without copying it.
pub type Text = tokio_tungstenite::tungstenite::Utf8Bytes;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    #[default]
    Json,
    Protobuf,
}

/// One message for a client, encoded. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One JSON object, without a newline.
    Json(Text),
    /// One message, with its length before it.
    Protobuf(Bytes),
}

impl Frame {
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Json(_) => Encoding::Json,
            Self::Protobuf(_) => Encoding::Protobuf,
        }
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::Protobuf(bytes) => bytes,
        }
    }

    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// The bytes, without copying them.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Json(text) => text.into(),
            Self::Protobuf(bytes) => bytes,
        }
    }
}

impl Encoding {
    /// The commands of one message, each read when it is asked for.
    pub fn commands(self, frame: &[u8]) -> Commands<'_> {
        Commands {
            encoding: self,
            rest: Some(frame),
        }
    }

    /// The answer to the request with this id.
    pub fn reply(self, id: u32, reply: &Reply<'_>) -> Frame {
        match self {
            Self::Json => Frame::Json(json::reply(id, reply)),
            Self::Protobuf => Frame::Protobuf(protobuf::reply(id, reply)),
        }
    }

    /// A message that answers nothing.
    pub fn push(self, channel: &str, push: Push<'_>) -> Frame {
        match self {
            Self::Json => Frame::Json(json::push(channel, push)),
            Self::Protobuf => Frame::Protobuf(protobuf::push(channel, push)),
        }
    }

    /// A reply with no field set.
    pub fn ping(self) -> Frame {
        match self {
            Self::Json => Frame::Json(json::PING),
            Self::Protobuf => Frame::Protobuf(protobuf::PING),
        }
    }
}

/// See [`Encoding::commands`]. What cannot be read ends the list as [`Command::Malformed`].
#[derive(Debug, Clone)]
pub struct Commands<'a> {
    encoding: Encoding,
    /// What has not been read yet; `None` at the end.
    rest: Option<&'a [u8]>,
}

impl<'a> Commands<'a> {
    /// What has not been read yet: a frame of its own, or nothing.
    pub fn rest(&self) -> Option<&'a [u8]> {
        self.rest
    }

    fn next_json(&mut self, frame: &'a [u8]) -> Option<Command> {
        let line = match frame.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let after = &frame[end + 1..];
                self.rest = (!after.is_empty()).then_some(after);
                &frame[..end]
            }
            None => frame,
        };
        json::command(str::from_utf8(line).ok()?)
    }

    fn next_protobuf(&mut self, frame: &'a [u8]) -> Option<Command> {
        let (message, after) = protobuf::split(frame)?;
        self.rest = (!after.is_empty()).then_some(after);
        protobuf::command(message)
    }
}

impl Iterator for Commands<'_> {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        let frame = self.rest.take()?;
        let command = match self.encoding {
            Encoding::Json => self.next_json(frame),
            Encoding::Protobuf => self.next_protobuf(frame),
        };
        if command.is_none() {
            self.rest = None;
        }
        Some(command.unwrap_or(Command::Malformed))
    }
}
