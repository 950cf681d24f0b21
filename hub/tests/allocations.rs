//! What encoding and decoding cost in memory: a delivery to one more subscriber allocates nothing,
//! and no frame makes the decoder take more than a fixed multiple of its size.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use hub::{
    ports::{Body, Publication},
    protocol::{Bodies, ChannelEvent, Encoding},
};

/// What a client may send in one message.
const MOST_BYTES: usize = 65_536;
/// Bytes that decoding may hold at one time, for each byte of the frame.
const MOST_PER_BYTE: u64 = 100;

fn publication(offset: u64) -> Arc<Publication> {
    let body = format!("{{\"text\":\"{}\",\"n\":{offset}}}", "word ".repeat(200));
    Arc::new(Publication {
        channel: "log.a".into(),
        offset,
        epoch: "e".into(),
        key: None,
        body: Body::from_text(&body).expect("JSON"),
        info: None,
    })
}

fn event() -> ChannelEvent {
    ChannelEvent::publication(publication(8), Some(publication(7)))
}

#[test]
fn a_delivery_to_one_more_subscriber_allocates_nothing() {
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        for bodies in [Bodies::Plain, Bodies::WholeFirst, Bodies::Deltas] {
            let event = event();
            event.frame(encoding, bodies);
            let another = measure(|| {
                for _ in 0..100 {
                    event.frame(encoding, bodies);
                }
            });
            assert_eq!(another.count_total, 0, "{encoding:?} {bodies:?}");
        }
    }
}

#[test]
fn the_first_delivery_in_json_costs_its_text() {
    let event = event();
    let mut length = 0;
    let first = measure(|| length = event.frame(Encoding::Json, Bodies::Plain).len());
    // The text grows by doubling, and is then given an owner.
    assert!(first.count_total <= 8, "{first:?}");
    assert!(first.bytes_max <= 4 * length as u64, "{first:?}");
}

fn decoding(encoding: Encoding, frame: &[u8]) -> AllocationInfo {
    assert!(frame.len() <= MOST_BYTES);
    measure(|| {
        let commands = encoding.commands(frame);
        // As the session takes them: one after the other.
        assert!(commands.count() > 0);
    })
}

/// A message with its length before it.
fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = length(message.len());
    frame.extend(message);
    frame
}

fn length(mut number: usize) -> Vec<u8> {
    let mut varint = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            varint.push(low);
            return varint;
        }
        varint.push(low | 0x80);
    }
}

/// A command with id 1 and this member, whose content is given.
fn command(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut message = vec![0x08, 1, tag];
    message.extend(framed(content));
    framed(&message)
}

/// Content of as many of these as fit into a frame.
fn many(one: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut content = Vec::new();
    for number in 0.. {
        let next = one(number);
        if content.len() + next.len() > MOST_BYTES - 16 {
            break;
        }
        content.extend(next);
    }
    content
}

/// A key of two bytes for each number below 2^14.
fn key(number: usize) -> [u8; 2] {
    [number >> 7 & 0x7f, number & 0x7f].map(|byte| u8::try_from(byte).expect("seven bits"))
}

fn strange_protobuf() -> Vec<(&'static str, Vec<u8>)> {
    let connect = 0x22;
    let subscribe = 0x2a;
    let rpc = 0x6a;
    let sub_refresh = 0x7a;
    let four_gigabytes = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut lying_body = vec![0x0a];
    lying_body.extend(four_gigabytes);
    lying_body.push(b'x');
    vec![
        ("a length of 4 GiB", four_gigabytes.to_vec()),
        ("a body of 4 GiB", command(rpc, &lying_body)),
        ("nothing but empty messages", vec![0; MOST_BYTES]),
        (
            "a subscription for every six bytes",
            command(
                connect,
                &many(|number| {
                    let [one, two] = key(number);
                    vec![0x1a, 4, 0x0a, 2, one, two]
                }),
            ),
        ),
        (
            "a header for every six bytes",
            command(
                connect,
                &many(|number| {
                    let [one, two] = key(number);
                    vec![0x32, 4, 0x0a, 2, one, two]
                }),
            ),
        ),
        (
            "a filter as deep as it goes",
            command(subscribe, &framed_tag(0x6a, &many(|_| vec![0x32, 0x7f]))),
        ),
        (
            "something tracked for every two bytes",
            command(sub_refresh, &many(|_| vec![0x22, 0])),
        ),
        ("unknown groups", command(rpc, &many(|_| vec![0x7b]))),
        (
            "one member again and again",
            command(rpc, &many(|_| vec![0x12, 1, b'm'])),
        ),
    ]
}

fn framed_tag(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut member = vec![tag];
    member.extend(framed(&content[..content.len() - 16]));
    member
}

fn strange_json() -> Vec<(&'static str, String)> {
    let fill = |one: &str| one.repeat((MOST_BYTES - 100) / one.len());
    let keys = |one: fn(usize) -> String| {
        let mut text = String::new();
        for number in 0.. {
            let next = one(number);
            if text.len() + next.len() > MOST_BYTES - 100 {
                break;
            }
            text += &next;
        }
        text
    };
    vec![
        ("nothing but empty messages", "{}\n".repeat(MOST_BYTES / 3)),
        (
            "lists without end",
            format!("{{\"id\":1,\"rpc\":{{\"data\":{}", fill("[")),
        ),
        (
            "objects without end",
            format!("{{\"id\":1,\"x\":{}", fill("{\"a\":")),
        ),
        (
            "many small values",
            format!("{{\"id\":1,\"rpc\":{{\"data\":[{}0]}}}}", fill("0,")),
        ),
        (
            // A raw newline within the body makes it be written anew.
            "many small values to write anew",
            format!("{{\"id\":1,\"rpc\":{{\"data\":[{}0\r]}}}}", fill("0,")),
        ),
        (
            "a string of nothing but escapes",
            format!(
                "{{\"id\":1,\"rpc\":{{\"method\":\"{}\"}}}}",
                fill("\\u0000")
            ),
        ),
        (
            "a subscription for every few bytes",
            format!(
                "{{\"id\":1,\"connect\":{{\"subs\":{{{}\"\":{{}}}}}}}}",
                keys(|number| format!("\"{number:x}\":{{}},"))
            ),
        ),
        (
            "members that nobody knows",
            format!(
                "{{{}\"id\":1}}",
                keys(|number| format!("\"{number:x}\":0,"))
            ),
        ),
    ]
}

#[test]
fn no_frame_takes_more_than_a_multiple_of_its_size() {
    let protobuf = strange_protobuf()
        .into_iter()
        .map(|(name, frame)| (Encoding::Protobuf, name, frame));
    let json = strange_json()
        .into_iter()
        .map(|(name, frame)| (Encoding::Json, name, frame.into_bytes()));
    for (encoding, name, frame) in protobuf.chain(json) {
        let info = decoding(encoding, &frame);
        println!(
            "{encoding:?}, {name}: {} bytes, at most {} at once, {} in all",
            frame.len(),
            info.bytes_max,
            info.bytes_total
        );
        let most = MOST_PER_BYTE * (frame.len() as u64).max(64);
        assert!(info.bytes_max <= most, "{name}: {info:?}");
        assert!(info.bytes_total <= 2 * most, "{name}: {info:?}");
    }
}
