//! A request that carries commands to a connection which only receives.

use bytes::Bytes;
use serde::Deserialize;

use super::{Encoding, protobuf};

/// Commands for the connection `session`, which the instance `node` holds. Both are what the
/// connect reply said; `data` is a frame of the request's encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulation {
    pub node: String,
    pub session: String,
    pub data: Bytes,
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    node: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    data: String,
}

impl Emulation {
    /// Reads the body of a request; `None` when it cannot be read.
    pub fn read(encoding: Encoding, body: &Bytes) -> Option<Self> {
        match encoding {
            Encoding::Json => {
                let Json {
                    node,
                    session,
                    data,
                } = serde_json::from_slice(body).ok()?;
                Some(Self {
                    node,
                    session,
                    data: data.into(),
                })
            }
            Encoding::Protobuf => protobuf::emulation(body.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_say_the_same_and_rubbish_says_nothing() {
        let json = Bytes::from_static(br#"{"session":"s","node":"n","data":"{}\n{}","x":1}"#);
        let expected = Emulation {
            node: "n".to_owned(),
            session: "s".to_owned(),
            data: Bytes::from_static(b"{}\n{}"),
        };
        assert_eq!(
            Emulation::read(Encoding::Json, &json),
            Some(expected.clone())
        );
        let protobuf = Bytes::from_static(b"\x0a\x01n\x12\x01s\x1a\x05{}\n{}");
        assert_eq!(
            Emulation::read(Encoding::Protobuf, &protobuf),
            Some(expected)
        );
        for rubbish in [&b"\xff"[..], b"{\"data\":{}}", b"\x0a\x7fn"] {
            let rubbish = Bytes::from_static(rubbish);
            assert_eq!(Emulation::read(Encoding::Json, &rubbish), None);
            assert_eq!(Emulation::read(Encoding::Protobuf, &rubbish), None);
        }
    }
}
