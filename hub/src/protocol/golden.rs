//! Golden frames: every command, reply and push in both encodings, as files that clients in other
//! languages can be held against (`golden/`). What is written here must equal them, what is read
//! from them must be the same in both encodings; `UPDATE_WIRE=1` writes them anew.

use std::{fmt::Write, fs, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    ChannelEvent, CloseCode, Encoding, ErrorCode, Frame, UnsubscribeCode, delta,
    event::Bodies,
    protobuf::transcoding,
    reply::{ConnectResult, Expiry, Form, Publications, Push, Reply, SubscribeResult},
};
use crate::ports::{Body, ClientInfo, Position, Publication};

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

/// Every request, with every member that is read.
const COMMANDS: [(&str, &str); 25] = [
    ("pong", "{}"),
    ("connect", r#"{"id":1,"connect":{}}"#),
    (
        "connect and go on where the server's subscriptions were",
        r##"{"id":1,"connect":{"subs":{"#17":{"recover":true,"offset":4,"epoch":"kqzm"}}}}"##,
    ),
    (
        "connect, in full",
        r#"{"id":1,"connect":{"token":"t.o.k","data":{"a":1},"name":"js","version":"5.7"}}"#,
    ),
    ("ping", r#"{"id":2,"ping":{}}"#),
    (
        "subscribe",
        r#"{"id":3,"subscribe":{"channel":"job:881","flag":1}}"#,
    ),
    (
        "subscribe, in full",
        r#"{"id":4,"subscribe":{"channel":"job:881","token":"t","data":["é"],"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","flag":3}}"#,
    ),
    (
        "recover",
        r#"{"id":5,"subscribe":{"channel":"job:881","recover":true,"offset":9007199254740991,"epoch":"ahtd","flag":1}}"#,
    ),
    (
        "subscribe, of another kind",
        r#"{"id":6,"subscribe":{"channel":"a","tf":{"op":"eq"},"type":4}}"#,
    ),
    (
        "unsubscribe",
        r#"{"id":7,"unsubscribe":{"channel":"job:881"}}"#,
    ),
    (
        "publish",
        r#"{"id":8,"publish":{"channel":"chat","data":{"text":"été 😀"}}}"#,
    ),
    (
        "publish nothing",
        r#"{"id":9,"publish":{"channel":"chat"}}"#,
    ),
    ("presence", r#"{"id":10,"presence":{"channel":"crew:7"}}"#),
    (
        "presence_stats",
        r#"{"id":11,"presence_stats":{"channel":"crew:7"}}"#,
    ),
    ("history", r#"{"id":12,"history":{"channel":"job:881"}}"#),
    (
        "history, in full",
        r#"{"id":13,"history":{"channel":"job:881","limit":-1,"since":{"offset":14,"epoch":"ahtd"},"reverse":true}}"#,
    ),
    (
        "history since the beginning",
        r#"{"id":14,"history":{"channel":"job:881","limit":300,"since":{}}}"#,
    ),
    (
        "rpc",
        r#"{"id":15,"rpc":{"method":"hold.place","data":{"n":1.5}}}"#,
    ),
    ("rpc without data", r#"{"id":16,"rpc":{"method":"whoami"}}"#),
    (
        "rpc of text",
        r#"{"id":17,"rpc":{"method":"echo","data":"text"}}"#,
    ),
    ("send", r#"{"send":{"data":[1,2]}}"#),
    ("send, with an id", r#"{"id":18,"send":{}}"#),
    ("refresh", r#"{"id":19,"refresh":{"token":"t"}}"#),
    (
        "sub_refresh",
        r#"{"id":4294967295,"sub_refresh":{"channel":"a","token":"t"}}"#,
    ),
    ("an id alone", r#"{"id":20}"#),
];

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

fn body(value: &Value) -> Body {
    Body::from_value(value).unwrap()
}

fn info(client: &str) -> ClientInfo {
    ClientInfo {
        user: "17".to_owned(),
        client: client.to_owned(),
        conn_info: Some(body(&json!({ "role": "cleaner" }))),
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

/// Every reply; the compiler lists what is missing in [`answered`].
#[expect(clippy::too_many_lines, reason = "one entry per reply")]
fn replies(encoding: Encoding) -> Vec<(&'static str, Frame)> {
    let data = body(&json!({ "outcome": "accepted" }));
    let missed = [publication(13, &long("é")), publication(14, &long("è"))];
    let head = Position {
        offset: 14,
        epoch: "ahtd".into(),
    };
    let application = ErrorCode::from(crate::ports::Denied::Application {
        code: 400,
        message: "not \"today\"".to_owned(),
    });
    let subscribed = SubscribeResult {
        expiry: Expiry::after(Some(Duration::from_mins(5))),
        recoverable: true,
        positioned: true,
        epoch: "ahtd",
        offset: 12,
        ..SubscribeResult::default()
    };
    let recovered = |publications| SubscribeResult {
        recovered: true,
        was_recovering: true,
        publications,
        delta: matches!(publications, Publications::Deltas(_)),
        recoverable: true,
        positioned: true,
        epoch: "ahtd",
        offset: 12,
        ..SubscribeResult::default()
    };
    let snapshot = SubscribeResult {
        data: Some(&data),
        was_recovering: true,
        ..SubscribeResult::default()
    };
    let by_server = [
        ("#17".into(), recovered(Publications::Plain(&missed))),
        ("quiet".into(), SubscribeResult::default()),
    ];
    let replies = [
        ("error", Reply::Error(&ErrorCode::PERMISSION_DENIED)),
        ("temporary error", Reply::Error(&ErrorCode::INTERNAL)),
        ("error of the application", Reply::Error(&application)),
        ("connect", Reply::Connect(connected(Expiry::default(), ""))),
        (
            "connect, in full",
            Reply::Connect(connected(Expiry::after(Some(Duration::from_mins(10))), "s")),
        ),
        (
            "connect with the server's subscriptions",
            Reply::Connect(ConnectResult {
                subs: &by_server,
                ..connected(Expiry::default(), "")
            }),
        ),
        ("subscribe", Reply::Subscribe(SubscribeResult::default())),
        ("subscribe to a stream", Reply::Subscribe(subscribed)),
        ("subscribe with a snapshot", Reply::Subscribe(snapshot)),
        (
            "recovered",
            Reply::Subscribe(recovered(Publications::Plain(&missed))),
        ),
        (
            "recovered deltas",
            Reply::Subscribe(recovered(Publications::Deltas(&missed))),
        ),
        ("unsubscribe", Reply::Unsubscribe),
        ("publish", Reply::Publish),
        ("presence", Reply::Presence(&[info("9b0c"), nobody()])),
        ("presence of nobody", Reply::Presence(&[])),
        (
            "presence_stats",
            Reply::PresenceStats(&[info("a"), info("b")]),
        ),
        ("presence_stats of nobody", Reply::PresenceStats(&[])),
        (
            "history",
            Reply::History {
                publications: &missed,
                head: &head,
            },
        ),
        (
            "history of nothing",
            Reply::History {
                publications: &[],
                head: &head,
            },
        ),
        ("rpc", Reply::Rpc(&data)),
        (
            "refresh",
            Reply::Refresh(Expiry::after(Some(Duration::from_mins(10)))),
        ),
        ("refresh for ever", Reply::Refresh(Expiry::default())),
        (
            "sub_refresh",
            Reply::SubRefresh(Expiry::after(Some(Duration::ZERO))),
        ),
    ];
    let missing = ANSWERS.iter().find(|answer| {
        let given = |(_, reply): &(_, Reply<'_>)| answered(reply) == **answer;
        !replies.iter().any(given)
    });
    assert_eq!(missing, None);
    let frames = replies
        .iter()
        .map(|(name, reply)| (*name, encoding.reply(7, reply)));
    frames.chain([("ping", encoding.ping())]).collect()
}

fn connected(expiry: Expiry, session: &'static str) -> ConnectResult<'static> {
    ConnectResult {
        client: "9b0c6a0e-5d1f-4c39-9d05-0e7a8a1f3a55",
        version: "hub 0.1.0",
        expiry,
        ping: 25,
        pong: true,
        session,
        node: session,
        subs: &[],
    }
}

/// What [`answered`] can say.
const ANSWERS: [&str; 11] = [
    "error",
    "connect",
    "subscribe",
    "unsubscribe",
    "publish",
    "presence",
    "presence_stats",
    "history",
    "rpc",
    "refresh",
    "sub_refresh",
];

fn answered(reply: &Reply<'_>) -> &'static str {
    match reply {
        Reply::Error(_) => "error",
        Reply::Connect(_) => "connect",
        Reply::Subscribe(_) => "subscribe",
        Reply::Unsubscribe => "unsubscribe",
        Reply::Publish => "publish",
        Reply::Presence(_) => "presence",
        Reply::PresenceStats(_) => "presence_stats",
        Reply::History { .. } => "history",
        Reply::Rpc(_) => "rpc",
        Reply::Refresh(_) => "refresh",
        Reply::SubRefresh(_) => "sub_refresh",
    }
}

/// Every push; the compiler lists what is missing in [`pushed`].
fn pushes(encoding: Encoding) -> Vec<(&'static str, Frame)> {
    let first = publication(1, "{\"status\":\"on_the_way\"}");
    let second = publication(2, "[\"é\", 1.50, null]");
    let by_somebody = Publication {
        info: Some(Arc::new(info("9b0c"))),
        ..(*second).clone()
    };
    let ephemeral = publication(0, "\"text\"");
    let delta = delta::create(&long("é"), &long("è")).unwrap();
    let changed = publication(3, &long("è"));
    let pushes = [
        (
            "the first publication",
            Push::Publication(&first, Form::Plain),
        ),
        ("a publication", Push::Publication(&second, Form::Plain)),
        (
            "a publication by somebody",
            Push::Publication(&by_somebody, Form::Plain),
        ),
        (
            "an ephemeral publication",
            Push::Publication(&ephemeral, Form::Plain),
        ),
        (WHOLE, Push::Publication(&second, Form::Text)),
        ("a delta", Push::Publication(&changed, Form::Delta(&delta))),
        ("join", Push::Join(&info("9b0c"))),
        ("leave", Push::Leave(&nobody())),
        (
            "unsubscribe",
            Push::Unsubscribe(UnsubscribeCode::INSUFFICIENT_STATE),
        ),
        (
            "subscribe",
            Push::Subscribe(&SubscribeResult {
                recoverable: true,
                positioned: true,
                epoch: "ahtd",
                offset: 12,
                data: Some(&first.body),
                ..SubscribeResult::default()
            }),
        ),
        ("disconnect", Push::Disconnect(&CloseCode::SHUTDOWN)),
        (
            "disconnect for good",
            Push::Disconnect(&CloseCode::INVALID_TOKEN),
        ),
    ];
    let missing = PUSHES.iter().find(|push| {
        let given = |(_, given): &(_, Push<'_>)| pushed(given) == **push;
        !pushes.iter().any(given)
    });
    assert_eq!(missing, None);
    let frames = pushes.into_iter().map(|(name, push)| {
        let channel = match push {
            Push::Disconnect(_) => "",
            Push::Publication(..)
            | Push::Join(_)
            | Push::Leave(_)
            | Push::Unsubscribe(_)
            | Push::Subscribe(_) => "job:881",
        };
        (name, encoding.push(channel, push))
    });
    frames.collect()
}

/// Differs in JSON only: as a string.
const WHOLE: &str = "a publication for who takes deltas";

/// What [`pushed`] can say.
const PUSHES: [&str; 6] = [
    "pub",
    "join",
    "leave",
    "unsubscribe",
    "subscribe",
    "disconnect",
];

fn pushed(push: &Push<'_>) -> &'static str {
    match push {
        Push::Publication(..) => "pub",
        Push::Join(_) => "join",
        Push::Leave(_) => "leave",
        Push::Unsubscribe(_) => "unsubscribe",
        Push::Subscribe(_) => "subscribe",
        Push::Disconnect(_) => "disconnect",
    }
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
    golden("replies.json", &said(replies));
}

#[test]
fn pushes_say_the_same_in_both_encodings() {
    golden("pushes.json", &said(pushes));
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
