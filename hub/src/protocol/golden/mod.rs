//! Golden frames: every command, reply and push in both encodings, as files that clients in other
//! languages can be held against (`golden/`). What is written here must equal them, what is read
//! from them must be the same in both encodings; `UPDATE_WIRE=1` writes them anew.

mod commands;
mod pushes;
mod replies;

use std::{fmt::Write, fs, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::{commands::COMMANDS, pushes::WHOLE};
use super::{ChannelEvent, Encoding, Frame, delta, event::Bodies, protobuf::transcoding};
use crate::ports::{Body, ClientInfo, Publication};

/// One message in both encodings; Protobuf in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Golden {
    name: String,
    json: String,
    protobuf: String,
    /// Of commands: what the engine understands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<String>,
}

/// A text, the next one, and the delta between them.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GoldenDelta {
    name: String,
    old: String,
    new: String,
    /// `None` where the new text is shorter.
    delta: Option<String>,
}

/// Compares with the file, or writes it.
fn golden<T: Serialize + for<'a> Deserialize<'a>>(file: &str, actual: &T) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(file);
    let text = serde_json::to_string_pretty(actual).unwrap() + "\n";
    if std::env::var_os("UPDATE_WIRE").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "golden/{file} is not what the engine says; UPDATE_WIRE=1 writes it anew"
    );
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

fn body(value: &Value) -> Body {
    Body::from_value(value).unwrap()
}

fn info(client: &str) -> ClientInfo {
    ClientInfo {
        user: "17".to_owned(),
        client: client.to_owned(),
        conn_info: Some(body(&json!({ "role": "member" }))),
        chan_info: Some(body(&json!("here"))),
    }
}

fn nobody() -> ClientInfo {
    ClientInfo {
        user: String::new(),
        client: "c".to_owned(),
        conn_info: None,
        chan_info: None,
    }
}

fn publication(offset: u64, body: &str) -> Arc<Publication> {
    Arc::new(Publication {
        channel: "job:881".into(),
        offset,
        epoch: "ahtd".into(),
        key: None,
        body: Body::from_text(body).unwrap(),
        info: None,
    })
}

/// Members in a known order, which [`Value`] does not promise.
fn long(last: &str) -> String {
    let same = "всё то же самое, ".repeat(4);
    format!("{{\"same\":\"{same}\",\"last\":\"{last}\"}}")
}

fn commands() -> Vec<Golden> {
    let golden = COMMANDS.into_iter().map(|(name, json)| {
        let protobuf = transcoding::commands(json);
        let [read, read_protobuf] = [
            (Encoding::Json, json.as_bytes()),
            (Encoding::Protobuf, &protobuf),
        ]
        .map(|(encoding, frame)| encoding.commands(frame).collect::<Vec<_>>());
        assert_eq!(read, read_protobuf, "{name}");
        Golden {
            name: name.to_owned(),
            json: json.to_owned(),
            protobuf: hex(&protobuf),
            read: Some(format!("{read:?}")),
        }
    });
    golden.collect()
}

/// Both encodings side by side, after both were found to say the same.
fn said(say: fn(Encoding) -> Vec<(&'static str, Frame)>) -> Vec<Golden> {
    let both = say(Encoding::Json).into_iter().zip(say(Encoding::Protobuf));
    both.map(|((name, json), (_, protobuf))| {
        let mut said: Value = serde_json::from_slice(json.bytes()).unwrap();
        if name == WHOLE {
            let data = &mut said["push"]["pub"]["data"];
            *data = serde_json::from_str(data.as_str().unwrap()).unwrap();
        }
        assert_eq!(transcoding::replies(protobuf.bytes()), [said], "{name}");
        Golden {
            name: name.to_owned(),
            json: String::from_utf8(json.bytes().to_vec()).unwrap(),
            protobuf: hex(protobuf.bytes()),
            read: None,
        }
    })
    .collect()
}

#[test]
fn commands_are_read_alike_in_both_encodings() {
    golden("commands.json", &commands());
}

#[test]
fn replies_say_the_same_in_both_encodings() {
    golden("replies.json", &said(replies::replies));
}

#[test]
fn pushes_say_the_same_in_both_encodings() {
    golden("pushes.json", &said(pushes::pushes));
}

#[test]
fn deltas_are_what_they_were() {
    let words = |from: u32, to: u32| -> String {
        let words: Vec<_> = (from..to).map(|n| format!("слово {n}")).collect();
        json!(words).to_string()
    };
    let cases = [
        ("the same", words(0, 20), words(0, 20)),
        ("appended", words(0, 20), words(0, 22)),
        ("removed in front", words(0, 20), words(3, 20)),
        (
            "far apart",
            words(0, 40),
            words(0, 40).replace(" 2\"", " ü\"").replace(" 38", " 😀"),
        ),
        (
            "within a character",
            words(0, 9).replace('5', "😀"),
            words(0, 9).replace('5', "😁"),
        ),
        (
            "repeated",
            words(0, 10),
            format!("[{0},{0},{0}]", words(0, 10)),
        ),
        (
            "nothing alike",
            words(0, 3),
            words(50, 53).replace("слово", "word"),
        ),
        ("short", "1".to_owned(), "2".to_owned()),
    ];
    let deltas: Vec<_> = cases
        .into_iter()
        .map(|(name, old, new)| GoldenDelta {
            name: name.to_owned(),
            delta: delta::create(&old, &new),
            old,
            new,
        })
        .collect();
    golden("deltas.json", &deltas);
}

/// Publications of one channel, one after the other, as a subscriber gets them who takes deltas.
#[test]
fn a_stream_of_deltas_is_what_it_was() {
    let bodies = [
        long("é"),
        long("è"),
        "{\"short\":true}".to_owned(),
        long("ê"),
        format!("[{},{}]", long("ê"), long("ê")),
    ];
    let stream = |encoding: Encoding| -> Vec<Frame> {
        let mut before = None;
        let mut taken = Bodies::WholeFirst;
        let frames = bodies.iter().zip(1..).map(|(body, offset)| {
            let publication = publication(offset, body);
            let event = ChannelEvent::publication(publication.clone(), before.take());
            before = Some(publication);
            let frame = event.frame(encoding, taken);
            taken = taken.after(&event);
            frame
        });
        frames.collect()
    };
    let frames = stream(Encoding::Json)
        .into_iter()
        .zip(stream(Encoding::Protobuf));
    let golden_stream: Vec<_> = frames
        .zip(&bodies)
        .map(|((json, protobuf), body)| {
            json!({
                "body": body,
                "json": String::from_utf8(json.bytes().to_vec()).unwrap(),
                "protobuf": hex(protobuf.bytes()),
            })
        })
        .collect();
    golden("stream.json", &golden_stream);
}
