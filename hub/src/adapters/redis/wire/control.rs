//! Control messages on the wire.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use serde::{Deserialize, Serialize};

use super::{Unreadable, WireInfo};
use crate::ports::{Control, Emulated, EmulatedMessage, EmulationRefused, SessionKey};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::adapters::redis) enum WireControl<'a> {
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
pub(in crate::adapters::redis) enum WireAnswer {
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
    pub(in crate::adapters::redis) fn read(self) -> Result<Control, Unreadable> {
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
