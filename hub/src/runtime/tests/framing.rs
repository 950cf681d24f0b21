//! What is not WebSocket ends with a close frame that says why, and then with the connection, byte
//! for byte. Autobahn's cases (`.ci/autobahn`) run over the same sockets with an echo above, and
//! take a silent end for an answer too: we do not.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::timeout,
};

use super::world::Instance;
use crate::protocol::Encoding;

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A frame of a client whose mask is zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if length <= 125 => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 0x7e);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(0x80 | 0x7f);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason].concat();
    frame(FIN | CLOSE, &payload)
}

/// Sends this and returns the code of the close frame that must come, as the last thing.
async fn answer_to(bytes: &[u8]) -> u16 {
    let instance = Instance::new().await;
    let mut stream = instance.stream(1 << 20, Encoding::Json).await.into_inner();
    stream.write_all(bytes).await.unwrap();
    let code = read_close(&mut stream).await;
    // A client answers a close; one that began it has said so.
    let _ = stream.write_all(&close(code, b"")).await;
    let mut rest = Vec::new();
    let end = timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await;
    end.expect("the connection ends").unwrap();
    assert_eq!(rest, [0_u8; 0], "nothing comes after a close");
    code
}

async fn read_close(stream: &mut DuplexStream) -> u16 {
    let mut head = [0; 2];
    let answered = timeout(Duration::from_secs(1), stream.read_exact(&mut head)).await;
    answered.expect("at once").unwrap();
    assert_eq!(head[0], FIN | CLOSE, "a close frame, not {head:02x?}");
    assert!((2..=125).contains(&head[1]), "with a code: {head:02x?}");
    let mut payload = vec![0; head[1].into()];
    stream.read_exact(&mut payload).await.unwrap();
    u16::from_be_bytes([payload[0], payload[1]])
}

async fn assert_answered(cases: &[(&str, Vec<u8>)], code: u16) {
    for (name, bytes) in cases {
        assert_eq!(answer_to(bytes).await, code, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_break_the_protocol_are_answered_with_1002() {
    let mut unmasked = frame(FIN | TEXT, b"{}");
    unmasked[1] &= 0x7f;
    unmasked.drain(2..6);
    let mut cases = vec![
        ("not masked", unmasked),
        ("the first reserved bit", frame(FIN | 0x40 | TEXT, b"{}")),
        ("the second", frame(FIN | 0x20 | TEXT, b"{}")),
        ("the third", frame(FIN | 0x10 | TEXT, b"{}")),
        ("one of a control frame", frame(FIN | 0x40 | PING, b"")),
        ("a ping of 126 bytes", frame(FIN | PING, &[b'x'; 126])),
        ("a ping in fragments", frame(PING, b"x")),
        ("nothing to continue", frame(FIN | CONTINUATION, b"x")),
        (
            "a text within a text",
            [frame(TEXT, b"x"), frame(FIN | TEXT, b"x")].concat(),
        ),
        (
            "a binary within a text",
            [frame(TEXT, b"x"), frame(FIN | BINARY, b"x")].concat(),
        ),
        ("a close code of one byte", frame(FIN | CLOSE, &[3])),
        ("a close in fragments", frame(CLOSE, &[3, 0xe8])),
        ("a close of 126 bytes", close(1000, &[b'x'; 124])),
    ];
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.push(("an opcode nobody knows", frame(FIN | opcode, b"x")));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000] {
        cases.push(("a close code nobody may send", close(code, b"")));
    }
    assert_answered(&cases, 1002).await;
}

#[tokio::test(start_paused = true)]
async fn texts_that_are_not_utf_8_are_answered_with_1007() {
    let invalid: [&[u8]; 8] = [
        b"\xff",
        b"\x80",
        b"\xc0\xaf",             // overlong
        b"\xed\xa0\x80",         // a surrogate
        b"\xf4\x90\x80\x80",     // beyond the last code point
        b"\xf8\x88\x80\x80\x80", // five bytes
        b"\xce\xba\xe1\xbd",     // ends within a character
        b"edited\xed\xa0\x80edited",
    ];
    let mut cases = Vec::new();
    for text in invalid {
        cases.push(("a text", frame(FIN | TEXT, text)));
        let parts = [frame(TEXT, text), frame(FIN | CONTINUATION, b"")];
        cases.push(("a text in fragments", parts.concat()));
    }
    let parts = [frame(TEXT, b"\xe2\x82"), frame(FIN | CONTINUATION, b"\x28")];
    cases.push((
        "a character that goes wrong in the next fragment",
        parts.concat(),
    ));
    assert_answered(&cases, 1007).await;
    let reason = answer_to(&close(1000, b"\xff")).await;
    assert!([1002, 1007].contains(&reason), "a reason: {reason}");
}

#[tokio::test(start_paused = true)]
async fn messages_over_the_limit_are_answered_with_1009_before_they_are_read() {
    let limit = crate::HubConfig::default().message_bytes;
    let announced = |length: u64| {
        let mut head = vec![FIN | BINARY, 0x80 | 0x7f];
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(&[0; 4]);
        head
    };
    let half = vec![b'x'; limit / 2 + 1];
    let parts = [frame(TEXT, &half), frame(FIN | CONTINUATION, &half)];
    let cases = [
        ("a byte too many", frame(FIN | TEXT, &vec![b'x'; limit + 1])),
        ("a gigabyte that never comes", announced(1 << 30)),
        ("all that a length can say", announced(u64::MAX >> 1)),
        ("in fragments", parts.concat()),
    ];
    assert_answered(&cases, 1009).await;
}

#[tokio::test(start_paused = true)]
async fn closes_that_a_client_may_send_are_answered_in_kind() {
    for code in [1000, 1001, 1003, 1008, 1011, 3000, 3999, 4000, 4999] {
        assert_eq!(answer_to(&close(code, b"bye")).await, code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_between_two_fragments_is_answered_at_once() {
    let instance = Instance::new().await;
    let mut stream = instance.stream(1 << 20, Encoding::Json).await.into_inner();
    let first = [frame(TEXT, br#"{"id":1,"#), frame(FIN | PING, b"now")];
    stream.write_all(&first.concat()).await.unwrap();
    let mut pong = [0; 5];
    let answered = timeout(Duration::from_secs(1), stream.read_exact(&mut pong)).await;
    answered.expect("before the message is whole").unwrap();
    assert_eq!(pong, *b"\x8a\x03now");
    let rest = frame(FIN | CONTINUATION, br#""connect":{}}"#);
    stream.write_all(&rest).await.unwrap();
    let mut reply = [0; 2];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply[0], FIN | TEXT, "the reply to connect");
}
