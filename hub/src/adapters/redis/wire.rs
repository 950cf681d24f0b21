//! What instances tell each other, as JSON. Bodies are relayed byte for byte.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ports::{
    Body, ClientInfo, Control, Emulated, EmulatedMessage, EmulationRefused, Publication, SessionKey,
};

/// One message of one instance.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message<'a> {
    /// The sending instance, which does not take in its own messages.
    pub(super) from: &'a str,
    #[serde(borrow)]
    pub(super) content: Content<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content<'a> {
    #[serde(borrow)]
    Publications(Vec<WirePublication<'a>>),
    #[serde(borrow)]
    Control(WireControl<'a>),
    Beacon,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WirePublication<'a> {
    channel: &'a str,
    offset: u64,
    epoch: &'a str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    info: Option<WireInfo<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireInfo<'a> {
    user: String,
    client: String,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    conn_info: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    chan_info: Option<&'a RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireControl<'a> {
    Disconnect {
        user: String,
        session: Option<String>,
        code: u32,
        reason: String,
    },
    Reauthorize {
        channel: String,
        user: Option<String>,
    },
    Subscribe {
        user: String,
        session: Option<String>,
        channel: String,
    },
    Unsubscribe {
        channel: String,
        user: Option<String>,
        code: u32,
    },
    Join {
        channel: String,
        #[serde(borrow)]
        info: WireInfo<'a>,
    },
    Leave {
        channel: String,
        #[serde(borrow)]
        info: WireInfo<'a>,
    },
    EpochChanged,
    Emulated {
        from: String,
        /// Hexadecimal.
        number: String,
        session: String,
        /// Base64.
        message: String,
    },
    EmulationAnswered {
        number: String,
        answer: WireAnswer,
    },
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireAnswer {
    Taken,
    UnknownSession,
    Empty,
    TooLarge,
    Busy,
    Unavailable,
}

impl From<Emulated> for WireAnswer {
    fn from(answer: Emulated) -> Self {
        match answer {
            Ok(()) => Self::Taken,
            Err(EmulationRefused::UnknownSession) => Self::UnknownSession,
            Err(EmulationRefused::Empty) => Self::Empty,
            Err(EmulationRefused::TooLarge) => Self::TooLarge,
            Err(EmulationRefused::Busy) => Self::Busy,
            Err(EmulationRefused::Unavailable) => Self::Unavailable,
        }
    }
}

impl From<WireAnswer> for Emulated {
    fn from(answer: WireAnswer) -> Self {
        Err(match answer {
            WireAnswer::Taken => return Ok(()),
            WireAnswer::UnknownSession => EmulationRefused::UnknownSession,
            WireAnswer::Empty => EmulationRefused::Empty,
            WireAnswer::TooLarge => EmulationRefused::TooLarge,
            WireAnswer::Busy => EmulationRefused::Busy,
            WireAnswer::Unavailable => EmulationRefused::Unavailable,
        })
    }
}

/// Something of the wire that no version of ours sends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("not a message for a connection")]
    Emulated,
}

impl<'a> From<&'a Publication> for WirePublication<'a> {
    fn from(publication: &'a Publication) -> Self {
        Self {
            channel: &publication.channel,
            offset: publication.offset,
            epoch: &publication.epoch,
            key: publication.key.as_deref().map(str::to_owned),
            body: publication.body.as_ref(),
            info: publication.info.as_deref().map(WireInfo::from),
        }
    }
}

impl WirePublication<'_> {
    pub(super) fn read(self) -> Result<Publication, serde_json::Error> {
        Ok(Publication {
            channel: self.channel.into(),
            offset: self.offset,
            epoch: self.epoch.into(),
            key: self.key.map(Into::into),
            body: Body::from_raw(self.body)?,
            info: self.info.map(WireInfo::read).transpose()?.map(Arc::new),
        })
    }
}

impl<'a> From<&'a ClientInfo> for WireInfo<'a> {
    fn from(info: &'a ClientInfo) -> Self {
        Self {
            user: info.user.clone(),
            client: info.client.clone(),
            conn_info: info.conn_info.as_ref().map(Body::as_ref),
            chan_info: info.chan_info.as_ref().map(Body::as_ref),
        }
    }
}

impl WireInfo<'_> {
    pub(super) fn read(self) -> Result<ClientInfo, serde_json::Error> {
        Ok(ClientInfo {
            user: self.user,
            client: self.client,
            conn_info: self.conn_info.map(Body::from_raw).transpose()?,
            chan_info: self.chan_info.map(Body::from_raw).transpose()?,
        })
    }
}

impl<'a> From<&'a Control> for WireControl<'a> {
    fn from(control: &'a Control) -> Self {
        match control {
            Control::Disconnect {
                user,
                session,
                code,
                reason,
            } => Self::Disconnect {
                user: user.to_string(),
                session: session.as_deref().map(str::to_owned),
                code: *code,
                reason: reason.to_string(),
            },
            Control::Reauthorize { channel, user } => Self::Reauthorize {
                channel: channel.to_string(),
                user: user.as_deref().map(str::to_owned),
            },
            Control::Subscribe {
                user,
                session,
                channel,
            } => Self::Subscribe {
                user: user.to_string(),
                session: session.as_deref().map(str::to_owned),
                channel: channel.to_string(),
            },
            Control::Unsubscribe {
                channel,
                user,
                code,
            } => Self::Unsubscribe {
                channel: channel.to_string(),
                user: user.as_deref().map(str::to_owned),
                code: *code,
            },
            Control::Join { channel, info } => Self::Join {
                channel: channel.to_string(),
                info: (&**info).into(),
            },
            Control::Leave { channel, info } => Self::Leave {
                channel: channel.to_string(),
                info: (&**info).into(),
            },
            Control::EpochChanged => Self::EpochChanged,
            Control::Emulated(emulated) => Self::Emulated {
                from: emulated.from.to_string(),
                number: format!("{:x}", emulated.number),
                session: emulated.session.text(),
                message: BASE64.encode(&emulated.message),
            },
            Control::EmulationAnswered { number, answer } => Self::EmulationAnswered {
                number: format!("{number:x}"),
                answer: (*answer).into(),
            },
        }
    }
}

impl WireControl<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm per message")]
    pub(super) fn read(self) -> Result<Control, Unreadable> {
        Ok(match self {
            Self::Disconnect {
                user,
                session,
                code,
                reason,
            } => Control::Disconnect {
                user: user.into(),
                session: session.map(Into::into),
                code,
                reason: reason.into(),
            },
            Self::Reauthorize { channel, user } => Control::Reauthorize {
                channel: channel.into(),
                user: user.map(Into::into),
            },
            Self::Subscribe {
                user,
                session,
                channel,
            } => Control::Subscribe {
                user: user.into(),
                session: session.map(Into::into),
                channel: channel.into(),
            },
            Self::Unsubscribe {
                channel,
                user,
                code,
            } => Control::Unsubscribe {
                channel: channel.into(),
                user: user.map(Into::into),
                code,
            },
            Self::Join { channel, info } => Control::Join {
                channel: channel.into(),
                info: Arc::new(info.read()?),
            },
            Self::Leave { channel, info } => Control::Leave {
                channel: channel.into(),
                info: Arc::new(info.read()?),
            },
            Self::EpochChanged => Control::EpochChanged,
            Self::Emulated {
                from,
                number,
                session,
                message,
            } => Control::Emulated(EmulatedMessage {
                from: from.into(),
                number: read_number(&number)?,
                session: SessionKey::parse(&session).ok_or(Unreadable::Emulated)?,
                message: BASE64
                    .decode(message)
                    .map_err(|_| Unreadable::Emulated)?
                    .into(),
            }),
            Self::EmulationAnswered { number, answer } => Control::EmulationAnswered {
                number: read_number(&number)?,
                answer: answer.into(),
            },
        })
    }
}

fn read_number(text: &str) -> Result<u128, Unreadable> {
    u128::from_str_radix(text, 16).map_err(|_| Unreadable::Emulated)
}

/// Which of `partitions` a channel belongs to, the same on every instance and in every version:
/// 32-bit FNV-1a.
pub(super) fn partition(channel: &str, partitions: u32) -> u32 {
    let hash = channel.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash % partitions.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
