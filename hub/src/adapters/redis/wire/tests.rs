//! What is sent arrives as it was sent.

use super::*;
use crate::ports::{Control, EmulatedMessage, EmulationRefused, SessionKey};

fn body(text: &str) -> Body {
    Body::from_text(text).unwrap()
}

fn info() -> ClientInfo {
    ClientInfo {
        user: "a\"b".to_owned(),
        client: "c".to_owned(),
        conn_info: Some(body("{\"x\": [1]}")),
        chan_info: None,
    }
}

#[test]
fn a_publication_arrives_as_it_was_sent() {
    let sent = Publication {
        channel: "a.b".into(),
        offset: 7,
        epoch: "e".into(),
        key: Some("k\"".into()),
        body: body("{\"n\":1.50, \"t\":\"ü\"}"),
        info: Some(Arc::new(info())),
    };
    let text = serde_json::to_string(&Message {
        from: "me",
        content: Content::Publications(vec![(&sent).into()]),
    })
    .unwrap();
    let message: Message<'_> = serde_json::from_str(&text).unwrap();
    let Content::Publications(list) = message.content else {
        panic!("{text}");
    };
    let received = list.into_iter().next().unwrap().read().unwrap();
    assert_eq!(received.body, sent.body);
    assert_eq!(received.key, sent.key);
    assert_eq!(received.info, sent.info);
    assert_eq!((&*received.channel, received.offset), ("a.b", 7));
}

#[test]
fn every_control_message_arrives_as_it_was_sent() {
    let info = Arc::new(info());
    let channel: Arc<str> = "a.b".into();
    for sent in [
        Control::Disconnect {
            user: "u".into(),
            session: Some("s".into()),
            code: 3503,
            reason: "r".into(),
        },
        Control::Reauthorize {
            channel: channel.clone(),
            user: None,
        },
        Control::Subscribe {
            user: "u".into(),
            session: None,
            channel: channel.clone(),
        },
        Control::Unsubscribe {
            channel: channel.clone(),
            user: Some("u".into()),
            code: 2502,
        },
        Control::Join {
            channel: channel.clone(),
            info: info.clone(),
        },
        Control::Leave { channel, info },
        Control::EpochChanged,
        Control::EmulationAnswered {
            number: u128::MAX,
            answer: Ok(()),
        },
        Control::EmulationAnswered {
            number: 0,
            answer: Err(EmulationRefused::Busy),
        },
    ] {
        let text = serde_json::to_string(&WireControl::from(&sent)).unwrap();
        let received: WireControl<'_> = serde_json::from_str(&text).unwrap();
        let received = received.read().unwrap();
        assert_eq!(format!("{received:?}"), format!("{sent:?}"));
    }
}

#[test]
fn a_message_for_a_connection_arrives_as_it_was_sent() {
    let session = SessionKey::new(1, 2);
    let sent = Control::Emulated(EmulatedMessage {
        from: "node".into(),
        number: 3,
        session: session.clone(),
        message: (&b"\x00\xff{}"[..]).into(),
    });
    let text = serde_json::to_string(&WireControl::from(&sent)).unwrap();
    let received: WireControl<'_> = serde_json::from_str(&text).unwrap();
    let Control::Emulated(received) = received.read().unwrap() else {
        panic!("{text}");
    };
    assert!(received.session.is(&session));
    assert_eq!((&*received.from, received.number), ("node", 3));
    assert_eq!(&*received.message, b"\x00\xff{}");
}

#[test]
fn partitions_never_change() {
    assert_eq!(partition("", 16), 0x811c_9dc5 % 16);
    assert_eq!(partition("foobar", 1 << 31), 0xbf9c_f968 % (1 << 31));
}
