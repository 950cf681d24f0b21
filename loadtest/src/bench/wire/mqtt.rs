//! MQTT 3.1.1 as far as a subscriber without acknowledgements meets it.

use anyhow::{Result, ensure};

use super::{Heard, Position, Unit, stamped};

const CONNECT: u8 = 0x10;
const CONNECT_ANSWER: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBSCRIBE_ANSWER: u8 = 0x90;
/// In the answer to a subscription.
const FAILURE: u8 = 0x80;
const MOST_BYTES: usize = 16 << 20;

/// A clean session without a name, and without keep-alive.
pub fn connect() -> Vec<u8> {
    let body = [0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 0];
    packet(CONNECT, &body)
}

pub fn subscribe(topic: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    put_text(topic, &mut body);
    body.push(0);
    packet(SUBSCRIBE, &body)
}

pub fn publish(topic: &str, payload: &[u8], to: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(topic.len() + 2 + payload.len());
    put_text(topic, &mut body);
    body.extend_from_slice(payload);
    to.extend_from_slice(&packet(PUBLISH, &body));
}

fn put_text(text: &str, to: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).expect("a topic's name is short");
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(text.as_bytes());
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![head];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        if length == 0 {
            packet.push(low);
            break;
        }
        packet.push(low | 0x80);
    }
    packet.extend_from_slice(body);
    packet
}

/// The first packet. None: it has not come whole.
pub fn first(bytes: &[u8]) -> Result<Option<(Unit<'_>, usize)>> {
    let Some((start, length)) = lengths(bytes)? else {
        return Ok(None);
    };
    let end = start + length;
    Ok(bytes.get(..end).map(|packet| (Unit::Message(packet), end)))
}

/// Where the body starts, and how long it is.
fn lengths(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let mut length = 0;
    for place in 1..=4 {
        let Some(byte) = bytes.get(place) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * (place - 1));
        if byte & 0x80 == 0 {
            ensure!(length <= MOST_BYTES, "a packet of {length} bytes");
            return Ok(Some((place + 1, length)));
        }
    }
    anyhow::bail!("no packet has such a length")
}

/// What a whole packet says.
pub fn read(packet: &[u8]) -> Heard {
    let (Some(head), Ok(Some((start, _)))) = (packet.first(), lengths(packet)) else {
        return Heard::Else;
    };
    let body = &packet[start..];
    match head & 0xf0 {
        PUBLISH => stamped::publication(body),
        CONNECT_ANSWER if body.last() != Some(&0) => Heard::Refused(format!("connect: {body:?}")),
        SUBSCRIBE_ANSWER if body.last() == Some(&FAILURE) => Heard::Refused("subscribe".to_owned()),
        SUBSCRIBE_ANSWER => Heard::Subscribed(Position::default()),
        _ => Heard::Else,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::payload::{Payload, Stamp};

    #[test]
    fn packets_are_read_once_they_are_whole() {
        let mut payload = Vec::new();
        let stamp = Stamp {
            intended_ns: 77,
            number: 5,
        };
        Payload::of_bytes(300)
            .expect("long enough")
            .write(stamp, &mut payload);
        let mut bytes = Vec::new();
        publish("a:b", &payload, &mut bytes);
        for part in [0, 1, 2, 100, bytes.len() - 1] {
            assert_eq!(first(&bytes[..part]).expect("no fault"), None);
        }
        let whole = bytes.len();
        bytes.extend_from_slice(&[SUBSCRIBE_ANSWER, 3, 0, 1, 0]);
        let (unit, used) = first(&bytes).expect("no fault").expect("whole");
        assert_eq!(used, whole);
        let Unit::Message(packet) = unit else {
            panic!("a message is expected");
        };
        assert_eq!(read(packet), stamped::publication(&payload));
        assert_eq!(read(&bytes[used..]), Heard::Subscribed(Position::default()));
    }

    #[test]
    fn refusals_are_told() {
        assert!(matches!(
            read(&[CONNECT_ANSWER, 2, 0, 5]),
            Heard::Refused(_)
        ));
        assert_eq!(read(&[CONNECT_ANSWER, 2, 0, 0]), Heard::Else);
        assert!(matches!(
            read(&[SUBSCRIBE_ANSWER, 3, 0, 1, 0x80]),
            Heard::Refused(_)
        ));
    }

    #[test]
    fn a_length_without_end_is_a_fault() {
        assert!(first(&[PUBLISH, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    }
}
