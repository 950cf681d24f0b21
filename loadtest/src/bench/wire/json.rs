//! The hub's protocol in JSON. Several replies share a frame, one a line.

use memchr::{memchr, memrchr};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{Heard, Hello, Position, Publication};
use crate::bench::payload;

const CONNECT: u64 = 1;
const SUBSCRIBE: u64 = 2;
const PUSH: &[u8] = br#"{"push":"#;
const OFFSET: &[u8] = br#""offset":"#;

pub fn hello(hello: Hello<'_>) -> Vec<u8> {
    let connect = json!({ "id": CONNECT, "connect": { "token": hello.token } });
    let subscribe = match hello.since {
        None => json!({ "channel": hello.channel }),
        Some(since) => json!({
            "channel": hello.channel,
            "recover": true,
            "offset": since.offset,
            "epoch": since.epoch,
        }),
    };
    let subscribe = json!({ "id": SUBSCRIBE, "subscribe": subscribe });
    format!("{connect}\n{subscribe}").into_bytes()
}

pub fn read(mut message: &[u8], mut hear: impl FnMut(Heard)) {
    while !message.is_empty() {
        let end = memchr(b'\n', message).unwrap_or(message.len());
        read_one(&message[..end], &mut hear);
        message = message.get(end + 1..).unwrap_or_default();
    }
}

fn read_one(reply: &[u8], hear: &mut impl FnMut(Heard)) {
    if reply == b"{}" {
        hear(Heard::Ping);
    } else if reply.starts_with(PUSH) {
        hear(publication(reply).map_or(Heard::Else, Heard::Publication));
    } else if !reply.is_empty() {
        answer(reply, hear);
    }
}

/// A push with an offset: all others (joins, ends of subscriptions) are no publication.
fn publication(push: &[u8]) -> Option<Publication> {
    let stamp = payload::find(push).and_then(|start| payload::read_at(push, start));
    Some(Publication {
        number: offset_at_the_end(push).or_else(|| offset_anywhere(push))?,
        intended_ns: stamp.map(|stamp| stamp.intended_ns),
    })
}

/// As the hub writes it: the last member of the publication.
fn offset_at_the_end(push: &[u8]) -> Option<u64> {
    let end = push.iter().rposition(|byte| *byte != b'}')? + 1;
    let colon = memrchr(b':', &push[..end])?;
    push[..=colon]
        .ends_with(OFFSET)
        .then(|| payload::number_of(&push[colon + 1..end]))?
}

fn offset_anywhere(push: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Reply {
        push: Push,
    }
    #[derive(Deserialize)]
    struct Push {
        #[serde(rename = "pub")]
        publication: Carried,
    }
    let reply: Reply = serde_json::from_slice(push).ok()?;
    (reply.push.publication.offset > 0).then_some(reply.push.publication.offset)
}

#[derive(Deserialize)]
struct Carried {
    #[serde(default)]
    offset: u64,
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: u64,
    error: Option<Box<RawValue>>,
    subscribe: Option<Subscribed>,
}

#[derive(Deserialize)]
struct Subscribed {
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
    #[serde(default)]
    publications: Vec<Carried>,
}

fn answer(reply: &[u8], hear: &mut impl FnMut(Heard)) {
    let Ok(answer) = serde_json::from_slice::<Answer>(reply) else {
        return hear(Heard::Refused(String::from_utf8_lossy(reply).into_owned()));
    };
    if let Some(error) = answer.error {
        return hear(Heard::Refused(error.get().to_owned()));
    }
    let (SUBSCRIBE, Some(subscribed)) = (answer.id, answer.subscribe) else {
        return hear(Heard::Else);
    };
    for missed in subscribed.publications {
        let stamp = payload::read_at(missed.data.get().as_bytes(), 0);
        hear(Heard::Publication(Publication {
            number: missed.offset,
            intended_ns: stamp.map(|stamp| stamp.intended_ns),
        }));
    }
    hear(Heard::Subscribed(Position {
        offset: subscribed.offset,
        epoch: subscribed.epoch,
    }));
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

    fn stamped(intended_ns: u64) -> String {
        let mut payload = Vec::new();
        let stamp = Stamp {
            intended_ns,
            number: 9,
        };
        Payload::of_bytes(128)
            .expect("long enough")
            .write(stamp, &mut payload);
        String::from_utf8(payload).expect("text")
    }

    fn publication(number: u64, intended_ns: Option<u64>) -> Heard {
        Heard::Publication(Publication {
            number,
            intended_ns,
        })
    }

    #[test]
    fn publications_of_one_frame_are_read_in_their_order() {
        let one = |offset, time| {
            let data = stamped(time);
            format!(r#"{{"push":{{"channel":"a:b","pub":{{"data":{data},"offset":{offset}}}}}}}"#)
        };
        let frame = format!("{}\n{}\n", one(7, 100), one(8, 200));
        assert_eq!(
            heard(frame.as_bytes()),
            [publication(7, Some(100)), publication(8, Some(200))]
        );
    }

    #[test]
    fn an_offset_is_found_wherever_it_stands() {
        let first =
            br#"{"push":{"channel":"a","pub":{"data":{"offset":3},"offset":1,"epoch":"e"}}}"#;
        assert_eq!(heard(first), [publication(1, None)]);
        let without = br#"{"push":{"channel":"a","pub":{"data":{"x":3}}}}"#;
        assert_eq!(heard(without), [Heard::Else]);
        let join = br#"{"push":{"channel":"a","join":{"info":{"user":"","client":"c"}}}}"#;
        assert_eq!(heard(join), [Heard::Else]);
    }

    #[test]
    fn pings_answers_and_refusals_are_told_apart() {
        assert_eq!(heard(b"{}"), [Heard::Ping]);
        assert_eq!(
            heard(br#"{"id":1,"connect":{"client":"c"}}"#),
            [Heard::Else]
        );
        let refused = br#"{"id":2,"error":{"code":102,"message":"unknown channel"}}"#;
        assert!(matches!(heard(refused)[..], [Heard::Refused(_)]));
    }

    #[test]
    fn what_was_missed_comes_before_the_position() {
        let data = stamped(5);
        let reply = format!(
            r#"{{"id":2,"subscribe":{{"recoverable":true,"epoch":"abc","publications":[{{"data":{data},"offset":11}}],"recovered":true,"offset":11}}}}"#
        );
        let position = Position {
            offset: 11,
            epoch: "abc".to_owned(),
        };
        assert_eq!(
            heard(reply.as_bytes()),
            [publication(11, Some(5)), Heard::Subscribed(position)]
        );
    }
}
