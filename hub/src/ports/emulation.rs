//! Messages that come apart from the connection they belong to: its replies go out as the body of
//! one HTTP response, and what its client says comes by other requests, maybe to other instances.

use std::{fmt, hint::black_box};

use bytes::Bytes;

use super::NodeName;

/// The only proof that a connection is the sender's: 256 random bits. The first half says where to
/// look, the second is compared in constant time. Never shown in logs.
#[derive(Clone)]
pub struct SessionKey {
    place: u128,
    secret: u128,
}

/// Hexadecimal digits of a key.
const DIGITS: usize = 64;

impl SessionKey {
    /// Of numbers drawn by a cryptographic source of randomness.
    pub fn new(place: u128, secret: u128) -> Self {
        Self { place, secret }
    }

    /// `None` for what no key of ours can look like.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != DIGITS || !text.bytes().all(digit) {
            return None;
        }
        let (place, secret) = text.split_at(DIGITS / 2);
        Some(Self {
            place: u128::from_str_radix(place, 16).ok()?,
            secret: u128::from_str_radix(secret, 16).ok()?,
        })
    }

    /// As clients get it.
    pub fn text(&self) -> String {
        format!("{:032x}{:032x}", self.place, self.secret)
    }

    /// Where to look.
    pub fn place(&self) -> u128 {
        self.place
    }

    /// In constant time.
    pub fn is(&self, other: &Self) -> bool {
        let difference = (self.place ^ other.place) | (self.secret ^ other.secret);
        black_box(difference) == 0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionKey")
    }
}

/// A message on its way to the instance that holds its connection.
#[derive(Clone)]
pub struct EmulatedMessage {
    /// The instance that waits for the answer.
    pub from: NodeName,
    /// Names the message; the answer repeats it, and so may the wire.
    pub number: u128,
    pub session: SessionKey,
    /// As it would have come over a WebSocket.
    pub message: Bytes,
}

impl fmt::Debug for EmulatedMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmulatedMessage")
            .field("from", &self.from)
            .field("bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}

/// Why such a message was not handed to its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmulationRefused {
    /// There is no such connection, or not any more.
    UnknownSession,
    /// It holds no command.
    Empty,
    /// Longer than a message may be.
    TooLarge,
    /// Too much waits for this connection already.
    Busy,
    /// The instance that holds it has not answered in time: it may have the message or not.
    Unavailable,
}

/// What became of a message.
pub type Emulated = Result<(), EmulationRefused>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_is_no_other() {
        let key = SessionKey::new(7, u128::MAX);
        let read = SessionKey::parse(&key.text()).unwrap();
        assert!(read.is(&key));
        assert!(!read.is(&SessionKey::new(7, u128::MAX - 1)));
        assert!(!read.is(&SessionKey::new(8, u128::MAX)));
        assert_eq!(key.text().len(), DIGITS);
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let longer = "0".repeat(65);
        let signed = format!("+{}", "0".repeat(63));
        let capital = "A".repeat(64);
        let wide = "ä".repeat(32);
        for text in ["", "0", &longer, &signed, &capital, &wide] {
            assert!(SessionKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let message = EmulatedMessage {
            from: "node".into(),
            number: 1,
            session: SessionKey::new(0x00ab_cdef, 0x00fe_dcba),
            message: Bytes::from_static(b"secret"),
        };
        let shown = format!("{message:?} {:?}", message.session);
        for part in ["abcdef", "fedcba", "secret"] {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}
