//! Servers without offsets: what a payload says of itself is all there is. Each channel's numbers are
//! dense, so that the same oracle looks at them.

use super::{Heard, Position, Publication};
use crate::bench::payload;

/// Where Socket.IO is, by its own protocol's version and over `WebSocket` from the start.
pub const SOCKET_IO_PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// A payload anywhere in a message.
pub fn publication(message: &[u8]) -> Heard {
    let stamp = payload::find(message).and_then(|start| payload::read_at(message, start));
    stamp.map_or(Heard::Else, |stamp| {
        Heard::Publication(Publication {
            number: stamp.number,
            intended_ns: Some(stamp.intended_ns),
        })
    })
}

/// Connects to the namespace, and says which channel it wants.
pub fn socket_io_hello(channel: &str) -> Vec<u8> {
    format!(r#"40{{"channel":"{channel}"}}"#).into_bytes()
}

/// What a Socket.IO server says to a subscriber.
pub fn socket_io(message: &[u8]) -> Heard {
    if message == b"2" {
        return Heard::Ping;
    }
    if message.starts_with(b"0{") {
        return Heard::Greeting;
    }
    if message.starts_with(b"42[\"joined\"") {
        return Heard::Subscribed(Position::default());
    }
    if message.starts_with(b"44") {
        return Heard::Refused(String::from_utf8_lossy(message).into_owned());
    }
    publication(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::payload::{Payload, Stamp};

    #[test]
    fn a_payload_is_its_own_offset() {
        let mut message = b"42[\"m\",".to_vec();
        let stamp = Stamp {
            intended_ns: 77,
            number: 5,
        };
        Payload::of_bytes(128)
            .expect("long enough")
            .write(stamp, &mut message);
        message.push(b']');
        let heard = Heard::Publication(Publication {
            number: 5,
            intended_ns: Some(77),
        });
        assert_eq!(socket_io(&message), heard);
        assert_eq!(publication(&message[7..]), heard);
    }

    #[test]
    fn what_else_socket_io_says_is_told_apart() {
        assert_eq!(socket_io(b"2"), Heard::Ping);
        assert_eq!(socket_io(b"0{\"sid\":\"a\"}"), Heard::Greeting);
        assert_eq!(socket_io(b"40{\"sid\":\"a\"}"), Heard::Else);
        assert_eq!(
            socket_io(b"42[\"joined\"]"),
            Heard::Subscribed(Position::default())
        );
        assert!(matches!(
            socket_io(b"44{\"message\":\"no\"}"),
            Heard::Refused(_)
        ));
    }
}
