//! A session without a socket, whose wishes are granted in whatever order.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use serde_json::Value;

use super::{
    super::{Encoding, Frame, Recovery, protobuf::transcoding},
    *,
};
use crate::ports::{Body, Denied, Grant, LogRead, Offer, Position, Snapshot};

fn config() -> Arc<SessionConfig> {
    let ms = Duration::from_millis;
    Arc::new(SessionConfig {
        version: "test".to_owned(),
        ping: ms(25_000),
        pong_timeout: ms(10_000),
        stale_after: ms(10_000),
        expiry_grace: ms(25_000),
        channels: 3,
        channel_name_bytes: 10,
        calls: 2,
        waiting_calls: 40,
        call_patience: ms(4_000),
        join_buffer_bytes: 10_000,
        join_attempts: 3,
        join_patience: ms(5_000),
        history: 10,
        refused_frames: 10,
        commands: 100,
        refused_requests: 300,
        recheck_retry: ms(1_000),
        drain_patience: ms(5_000),
    })
}

fn position() -> Position {
    Position {
        offset: 3,
        epoch: "e".into(),
    }
}

fn body() -> Body {
    Body::from_text("{}").unwrap()
}

/// The answer to a wish, where it has one.
#[expect(clippy::too_many_lines, reason = "one arm per effect")]
fn granted(effect: Effect) -> Option<Input<'static>> {
    Some(match effect {
        Effect::Authenticate(_) => Input::Authenticated(Ok(crate::ports::Identity::of("u"))),
        Effect::Authorize { ask, intent } => Input::Authorized {
            ask,
            result: if intent.channel == "no" {
                Err(Denied::PermissionDenied)
            } else {
                Ok(Grant {
                    presence: true,
                    join_leave: Offer::Always,
                    history: true,
                    snapshot: true,
                    ..Grant::durable()
                })
            },
        },
        Effect::Open { subscription, .. } => Input::Opened {
            subscription,
            result: Ok(Some(position())),
        },
        Effect::Recover { subscription, .. } => Input::Recovered {
            subscription,
            result: Ok(Recovery::Impossible),
        },
        Effect::ReadSnapshot { subscription, .. } => Input::SnapshotRead {
            subscription,
            result: Ok(Snapshot {
                data: body(),
                position: Some(position()),
            }),
        },
        Effect::Enter { subscription, .. } => Input::Entered { subscription },
        Effect::Withdraw { reply, .. } => Input::Withdrawn { reply },
        Effect::Call { id, .. } => Input::Called {
            id,
            result: Ok(body()),
        },
        Effect::Publish { id, .. } => Input::Published { id, result: Ok(()) },
        Effect::Read { id, read } => match read {
            Read::Presence { query, .. } => Input::Listed {
                id,
                query,
                result: Ok(Vec::new()),
            },
            Read::History { .. } => Input::HistoryRead {
                id,
                epoch: None,
                result: Ok(LogRead {
                    publications: Vec::new(),
                    head: position(),
                }),
            },
        },
        Effect::Refresh { id, .. } => Input::Refreshed {
            id,
            result: Err(crate::ports::RefreshRefused::Unavailable),
        },
        Effect::SendSnapshot(_) => Input::SnapshotWritten,
        Effect::Send(_)
        | Effect::Close(_)
        | Effect::Connected(_)
        | Effect::Disconnected(_)
        | Effect::Leave { .. }
        | Effect::AnnounceJoin { .. }
        | Effect::Count(_) => return None,
    })
}

/// What a client would see.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) replies: Vec<Value>,
    pub(super) closed: Option<CloseCode>,
    /// Registrations and presence entries that were not undone.
    pub(super) registered: i32,
    pub(super) listed: i32,
}

pub(super) struct Run {
    pub(super) session: Session,
    wishes: Vec<Effect>,
    pub(super) seen: Seen,
}

impl Run {
    fn new() -> Self {
        Self::speaking(Encoding::Json)
    }

    pub(super) fn speaking(encoding: Encoding) -> Self {
        let now = Moment::default();
        let first_ping = Duration::from_secs(13);
        let endpoint = Endpoint {
            encoding,
            ..Endpoint::json("client")
        };
        Self {
            session: Session::new(config(), endpoint, first_ping, now),
            wishes: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        let mut effects = Vec::new();
        self.session.handle(input, Moment::default(), &mut effects);
        for effect in effects {
            assert!(
                self.seen.closed.is_none() || !matches!(effect, Effect::Send(_)),
                "something was said after the close"
            );
            match &effect {
                Effect::Send(frame) | Effect::SendSnapshot(frame) => {
                    self.seen.replies.extend(match frame {
                        Frame::Json(text) => vec![serde_json::from_str(text).expect("valid JSON")],
                        Frame::Protobuf(bytes) => transcoding::replies(bytes),
                    });
                }
                Effect::Close(code) => self.seen.closed = Some(code.clone()),
                Effect::Open { .. } => self.seen.registered += 1,
                Effect::Leave { .. } => self.seen.registered -= 1,
                Effect::Enter { .. } => self.seen.listed += 1,
                Effect::Withdraw { listed: true, .. } => self.seen.listed -= 1,
                Effect::Authenticate(_)
                | Effect::Connected(_)
                | Effect::Disconnected(_)
                | Effect::Refresh { .. }
                | Effect::Authorize { .. }
                | Effect::Recover { .. }
                | Effect::ReadSnapshot { .. }
                | Effect::AnnounceJoin { .. }
                | Effect::Withdraw { listed: false, .. }
                | Effect::Call { .. }
                | Effect::Publish { .. }
                | Effect::Read { .. }
                | Effect::Count(_) => {}
            }
            self.wishes.push(effect);
        }
    }

    /// Grants one of the wishes, chosen by `pick`.
    fn grant(&mut self, pick: usize) {
        if !self.wishes.is_empty() {
            let wish = self.wishes.remove(pick % self.wishes.len());
            if let Some(answer) = granted(wish) {
                self.input(answer);
            }
        }
    }

    pub(super) fn grant_all(&mut self) {
        while !self.wishes.is_empty() {
            self.grant(0);
        }
    }

    pub(super) fn replies_to(&self, id: u32) -> usize {
        let is_reply = |reply: &&Value| reply["id"] == id;
        self.seen.replies.iter().filter(is_reply).count()
    }
}

/// Requests of all kinds, most of them sensible.
fn request() -> impl Strategy<Value = String> {
    let channel = prop_oneof!["[abcd]", Just("no".to_owned()), Just("x".repeat(11))];
    (0..11_usize, channel).prop_map(|(kind, channel)| match kind {
        0..4 => format!(r#""subscribe":{{"channel":"{channel}","flag":1}}"#),
        4 => format!(r#""subscribe":{{"channel":"{channel}","recover":true,"offset":1,"epoch":"e","flag":2}}"#),
        5 | 6 => format!(r#""unsubscribe":{{"channel":"{channel}"}}"#),
        7 => r#""rpc":{"method":"m"}"#.to_owned(),
        8 => format!(r#""presence":{{"channel":"{channel}"}}"#),
        9 => format!(r#""history":{{"channel":"{channel}","limit":1}}"#),
        _ => format!(r#""publish":{{"channel":"{channel}","data":1}}"#),
    })
}

proptest! {
    /// Whatever is asked, and in whatever order it is answered: one reply to each request, and
    /// nothing left behind when the connection has gone.
    #[test]
    fn every_request_is_answered_once_and_every_trace_removed(
        requests in proptest::collection::vec((request(), proptest::collection::vec(0..50_usize, 0..5)), 0..30),
    ) {
        let mut run = Run::new();
        run.input(Input::Frame(br#"{"id":1,"connect":{}}"#));
        let mut last = 1;
        for (request, picks) in &requests {
            last += 1;
            let frame = format!("{{\"id\":{last},{request}}}");
            if run.session.accepts_frames() {
                run.input(Input::Frame(frame.as_bytes()));
            } else {
                run.grant_all();
                run.input(Input::Frame(frame.as_bytes()));
            }
            for pick in picks {
                run.grant(*pick);
            }
        }
        run.grant_all();
        prop_assert!(run.seen.closed.is_none(), "{:?}", run.seen.closed);
        for id in 1..=last {
            prop_assert_eq!(run.replies_to(id), 1, "request {}", id);
        }
        run.input(Input::Gone);
        run.grant_all();
        prop_assert_eq!(run.seen.registered, 0);
        prop_assert_eq!(run.seen.listed, 0);
    }

    /// Nothing a client sends makes a session panic, and nothing is said after the close.
    #[test]
    fn no_frame_is_too_strange(frames in proptest::collection::vec("[\\PC\n{}\":,\\[\\]0-9a-z]{0,40}", 0..10)) {
        let mut run = Run::new();
        for frame in &frames {
            run.input(Input::Frame(frame.as_bytes()));
            run.grant_all();
        }
    }
}

#[test]
fn a_subscriber_told_to_start_anew_while_joining_starts_over() {
    let mut run = Run::new();
    run.input(Input::Frame(
        b"{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}",
    ));
    let opened = loop {
        let open = run.wishes.iter().find_map(|wish| {
            if let Effect::Open { subscription, .. } = wish {
                return Some(*subscription);
            }
            None
        });
        if let Some(subscription) = open {
            break subscription;
        }
        run.grant(0);
    };
    // Registered; then the channel is reset before anything was obtained.
    run.wishes.clear();
    run.input(Input::Opened {
        subscription: opened,
        result: Ok(Some(position())),
    });
    run.input(Input::Resync {
        subscription: opened,
    });
    run.grant_all();
    assert_eq!(run.replies_to(2), 1);
    assert_eq!(
        run.seen.registered, 1,
        "registered once more, and once only"
    );
    run.input(Input::Resync {
        subscription: opened,
    });
    assert!(run.wishes.is_empty(), "the first attempt is over");
}
