//! A request that carries commands to a connection which only receives.

use bytes::Bytes;
use serde::Deserialize;

use super::{Encoding, protobuf};

/// Commands for the connection `session`, which the instance `node` holds. Both are what the
/// connect reply said; `data` is a frame of the request's encoding. Nothing in it is checked, and
/// it is not to be shown: the session is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct EmulationRequest {
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

impl EmulationRequest {
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
        let protobuf = Bytes::from_static(b"\x0a\x01n\x12\x01s\x1a\x05{}\n{}");
        for (encoding, body) in [(Encoding::Json, json), (Encoding::Protobuf, protobuf)] {
            let request = EmulationRequest::read(encoding, &body).unwrap();
            assert_eq!((&*request.node, &*request.session), ("n", "s"));
            assert_eq!(request.data, "{}\n{}");
        }
        for rubbish in [&b"\xff"[..], b"{\"data\":{}}", b"\x0a\x7fn"] {
            let rubbish = Bytes::from_static(rubbish);
            assert!(EmulationRequest::read(Encoding::Json, &rubbish).is_none());
            assert!(EmulationRequest::read(Encoding::Protobuf, &rubbish).is_none());
        }
    }
}
