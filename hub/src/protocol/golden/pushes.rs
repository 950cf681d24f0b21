//! Every push.

use std::sync::Arc;

use super::{
    super::{
        CloseCode, Encoding, Frame, UnsubscribeCode, delta,
        reply::{Form, Push, SubscribeResult},
    },
    info, long, nobody, publication,
};
use crate::ports::Publication;

/// Every push; the compiler lists what is missing in [`pushed`].
#[expect(clippy::too_many_lines, reason = "one entry per push")]
pub(super) fn pushes(encoding: Encoding) -> Vec<(&'static str, Frame)> {
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
pub(super) const WHOLE: &str = "a publication for who takes deltas";

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
