//! The hub's protocol in Protobuf: messages with their lengths before them, walked by hand.
//!
//! Numbers of fields are those of the protocol's schema.

use super::{Heard, Hello, Position, Publication};
use crate::bench::payload;

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

const COMMAND_ID: u64 = 1;
const CONNECT: u64 = 4;
const CONNECT_TOKEN: u64 = 1;
const SUBSCRIBE: u64 = 5;
const SUBSCRIBE_CHANNEL: u64 = 1;
const SUBSCRIBE_RECOVER: u64 = 3;
const SUBSCRIBE_EPOCH: u64 = 6;
const SUBSCRIBE_OFFSET: u64 = 7;

const REPLY_ERROR: u64 = 2;
const REPLY_PUSH: u64 = 4;
const REPLY_SUBSCRIBE: u64 = 6;
const PUSH_PUBLICATION: u64 = 4;
const PUBLICATION_DATA: u64 = 4;
const PUBLICATION_OFFSET: u64 = 6;
const RESULT_EPOCH: u64 = 6;
const RESULT_PUBLICATIONS: u64 = 7;
const RESULT_OFFSET: u64 = 9;

pub fn hello(hello: Hello<'_>) -> Vec<u8> {
    let mut connect = Vec::new();
    put_bytes(CONNECT_TOKEN, hello.token.as_bytes(), &mut connect);
    let mut subscribe = Vec::new();
    put_bytes(SUBSCRIBE_CHANNEL, hello.channel.as_bytes(), &mut subscribe);
    if let Some(since) = hello.since {
        put_number(SUBSCRIBE_RECOVER, 1, &mut subscribe);
        put_bytes(SUBSCRIBE_EPOCH, since.epoch.as_bytes(), &mut subscribe);
        put_number(SUBSCRIBE_OFFSET, since.offset, &mut subscribe);
    }
    let mut message = Vec::new();
    for (id, field, request) in [(1, CONNECT, connect), (2, SUBSCRIBE, subscribe)] {
        let mut command = Vec::new();
        put_number(COMMAND_ID, id, &mut command);
        put_bytes(field, &request, &mut command);
        put_varint(command.len() as u64, &mut message);
        message.extend_from_slice(&command);
    }
    message
}

fn put_number(field: u64, value: u64, to: &mut Vec<u8>) {
    put_varint(field << 3 | VARINT, to);
    put_varint(value, to);
}

fn put_bytes(field: u64, bytes: &[u8], to: &mut Vec<u8>) {
    put_varint(field << 3 | BYTES, to);
    put_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn put_varint(mut value: u64, to: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

/// Walks the fields of a message.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Else,
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn cut(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let value = match key & 7 {
            VARINT => Value::Number(self.varint()?),
            BYTES => {
                let length = self.varint()?;
                Value::Bytes(self.cut(length)?)
            }
            FIXED_64 => self.cut(8).map(|_| Value::Else)?,
            FIXED_32 => self.cut(4).map(|_| Value::Else)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

pub fn read(message: &[u8], mut hear: impl FnMut(Heard)) {
    let mut replies = Fields(message);
    while let Some(length) = replies.varint() {
        let Some(reply) = replies.cut(length) else {
            return hear(Heard::Refused("a reply is cut short".to_owned()));
        };
        if reply.is_empty() {
            hear(Heard::Ping);
            continue;
        }
        for field in Fields(reply) {
            match field {
                (REPLY_PUSH, Value::Bytes(push)) => {
                    hear(pushed(push).map_or(Heard::Else, Heard::Publication));
                }
                (REPLY_ERROR, Value::Bytes(error)) => {
                    hear(Heard::Refused(String::from_utf8_lossy(error).into_owned()));
                }
                (REPLY_SUBSCRIBE, Value::Bytes(result)) => subscribed(result, &mut hear),
                _ => {}
            }
        }
    }
}

fn pushed(push: &[u8]) -> Option<Publication> {
    Fields(push).find_map(|field| match field {
        (PUSH_PUBLICATION, Value::Bytes(one)) => publication(one),
        _ => None,
    })
}

fn publication(fields: &[u8]) -> Option<Publication> {
    let mut number = 0;
    let mut intended_ns = None;
    for field in Fields(fields) {
        match field {
            (PUBLICATION_DATA, Value::Bytes(data)) => {
                intended_ns = payload::read_at(data, 0).map(|stamp| stamp.intended_ns);
            }
            (PUBLICATION_OFFSET, Value::Number(offset)) => number = offset,
            _ => {}
        }
    }
    (number > 0).then_some(Publication {
        number,
        intended_ns,
    })
}

fn subscribed(result: &[u8], hear: &mut impl FnMut(Heard)) {
    let mut position = Position::default();
    for field in Fields(result) {
        match field {
            (RESULT_PUBLICATIONS, Value::Bytes(missed)) => {
                hear(publication(missed).map_or(Heard::Else, Heard::Publication));
            }
            (RESULT_EPOCH, Value::Bytes(epoch)) => {
                position.epoch = String::from_utf8_lossy(epoch).into_owned();
            }
            (RESULT_OFFSET, Value::Number(offset)) => position.offset = offset,
            _ => {}
        }
    }
    hear(Heard::Subscribed(position));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::payload::{Payload, Stamp};

    fn heard(message: &[u8]) -> Vec<Heard> {
        let mut all = Vec::new();
        read(message, |one| all.push(one));
        all
    }

    fn framed(reply: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        put_varint(reply.len() as u64, &mut message);
        message.extend_from_slice(reply);
        message
    }

    fn stamped(offset: u64, intended_ns: u64) -> Vec<u8> {
        let mut data = Vec::new();
        let stamp = Stamp {
            intended_ns,
            number: offset,
        };
        Payload::of_bytes(128)
            .expect("long enough")
            .write(stamp, &mut data);
        let mut publication = Vec::new();
        put_bytes(PUBLICATION_DATA, &data, &mut publication);
        put_number(PUBLICATION_OFFSET, offset, &mut publication);
        publication
    }

    #[test]
    fn a_hello_is_as_the_golden_frames_are() {
        let since = Position {
            offset: 9_007_199_254_740_991,
            epoch: "ahtd".to_owned(),
        };
        let hello = hello(Hello {
            token: "t",
            channel: "job:881",
            since: Some(&since),
        });
        let connect = b"\x07\x08\x01\x22\x03\x0a\x01t";
        let subscribe = b"\x1e\x08\x02\x2a\x1a\x0a\x07job:881\x18\x01\x32\x04ahtd\x38\xff\xff\xff\xff\xff\xff\xff\x0f";
        assert_eq!(hello, [&connect[..], &subscribe[..]].concat());
    }

    #[test]
    fn publications_of_one_frame_are_read_in_their_order() {
        let mut message = Vec::new();
        for (offset, time) in [(7, 100), (300, 200)] {
            let mut push = Vec::new();
            put_bytes(2, b"a:b", &mut push);
            put_bytes(PUSH_PUBLICATION, &stamped(offset, time), &mut push);
            let mut reply = Vec::new();
            put_bytes(REPLY_PUSH, &push, &mut reply);
            message.extend(framed(&reply));
        }
        let one = |number, time| {
            Heard::Publication(Publication {
                number,
                intended_ns: Some(time),
            })
        };
        assert_eq!(heard(&message), [one(7, 100), one(300, 200)]);
    }

    #[test]
    fn pings_refusals_and_positions_are_told_apart() {
        assert_eq!(heard(&[0]), [Heard::Ping]);
        let mut error = Vec::new();
        put_bytes(REPLY_ERROR, b"\x08\x66", &mut error);
        assert!(matches!(heard(&framed(&error))[..], [Heard::Refused(_)]));
        let mut result = Vec::new();
        put_bytes(RESULT_EPOCH, b"abc", &mut result);
        put_bytes(RESULT_PUBLICATIONS, &stamped(11, 5), &mut result);
        put_number(RESULT_OFFSET, 10, &mut result);
        let mut reply = Vec::new();
        put_bytes(REPLY_SUBSCRIBE, &result, &mut reply);
        let told = heard(&framed(&reply));
        assert!(matches!(
            told[0],
            Heard::Publication(Publication { number: 11, .. })
        ));
        let position = Position {
            offset: 10,
            epoch: "abc".to_owned(),
        };
        assert_eq!(told[1], Heard::Subscribed(position));
    }

    #[test]
    fn a_message_that_is_cut_short_is_told() {
        assert!(matches!(heard(&[9, 1])[..], [Heard::Refused(_)]));
    }
}
