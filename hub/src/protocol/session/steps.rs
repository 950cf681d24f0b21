//! A session alone, step by step, where the order of the steps matters.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    HubConfig,
    ports::{Body, Epoch, Identity, Position, Publication},
    protocol::{ChannelEvent, News, Recovery},
};

const SUBSCRIPTION: SubscriptionId = SubscriptionId {
    number: 1,
    attempt: 0,
};

struct Run(Session);

impl Run {
    fn connected() -> Self {
        let config = HubConfig::default().session();
        let minute = Duration::from_mins(1);
        let session = Session::new(config, Endpoint::json("client"), minute, Moment::default());
        let mut run = Self(session);
        run.takes(Input::Frame(b"{\"id\":1,\"connect\":{}}"));
        run.takes(Input::Authenticated(Ok(Identity::of("ann"))));
        run
    }

    /// Returns what was sent.
    fn takes(&mut self, input: Input<'_>) -> Vec<String> {
        let mut effects = Vec::new();
        self.0.handle(input, Moment::default(), &mut effects);
        let sent = effects.into_iter().filter_map(|effect| {
            if let Effect::Send(frame) | Effect::SendSnapshot(frame) = effect {
                return Some(String::from_utf8(frame.bytes().to_vec()).unwrap());
            }
            None
        });
        sent.collect()
    }

    fn allows(&mut self, ask: Ask) -> Vec<String> {
        let result = Ok(Grant::durable());
        self.takes(Input::Authorized { ask, result })
    }
}

fn at(offset: u64) -> Position {
    let epoch: Epoch = "e".into();
    Position { offset, epoch }
}

fn publication(offset: u64) -> Arc<Publication> {
    Arc::new(Publication {
        channel: "c".into(),
        offset,
        epoch: "e".into(),
        key: None,
        body: Body::from_text("1").unwrap(),
        info: None,
    })
}

#[test]
fn a_stream_filled_up_is_answered_with_the_offset_it_begins_at() {
    let mut run = Run::connected();
    run.takes(Input::Frame(
        b"{\"id\":2,\"subscribe\":{\"channel\":\"c\"}}",
    ));
    run.allows(Ask::Join(SUBSCRIPTION));
    run.takes(Input::Opened {
        subscription: SUBSCRIPTION,
        result: Ok(Some(at(5))),
    });
    // 6 was lost on the way here.
    run.takes(Input::Delivered(Delivery {
        subscription: SUBSCRIPTION,
        event: Arc::new(ChannelEvent::new(
            "c".into(),
            News::Publication(publication(7)),
        )),
    }));
    assert!(run.allows(Ask::Confirm(SUBSCRIPTION)).is_empty());
    run.takes(Input::Recovered {
        subscription: SUBSCRIPTION,
        result: Ok(Recovery::Complete {
            publications: vec![publication(6), publication(7)],
            position: at(7),
        }),
    });
    let sent = run.allows(Ask::Confirm(SUBSCRIPTION));
    assert!(sent[0].contains("\"offset\":5"), "{sent:?}");
    assert!(sent[1].contains("\"offset\":6"), "{sent:?}");
    assert!(sent[2].contains("\"offset\":7"), "{sent:?}");
    assert_eq!(sent.len(), 3);
}
