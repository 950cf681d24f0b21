//! Every reply.

use std::time::Duration;

use serde_json::json;

use super::{
    super::{
        Encoding, ErrorCode, Frame,
        reply::{ConnectResult, Expiry, Publications, Reply, SubscribeResult},
    },
    body, info, long, nobody, publication,
};
use crate::ports::Position;

/// Every reply; the compiler lists what is missing in [`answered`].
#[expect(clippy::too_many_lines, reason = "one entry per reply")]
pub(super) fn replies(encoding: Encoding) -> Vec<(&'static str, Frame)> {
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
