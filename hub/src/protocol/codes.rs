//! The numbers by which the protocol says no: errors of one request, ends of one subscription,
//! ends of the connection. The ranges tell a client whether to come back.

use std::borrow::Cow;

use crate::ports::Denied;

/// This request failed; the connection lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    pub code: u32,
    pub message: Cow<'static, str>,
    /// The client may simply try again.
    pub temporary: bool,
}

impl ErrorCode {
    const fn permanent(code: u32, message: &'static str) -> Self {
        Self {
            code,
            message: Cow::Borrowed(message),
            temporary: false,
        }
    }

    const fn temporary(code: u32, message: &'static str) -> Self {
        Self {
            code,
            message: Cow::Borrowed(message),
            temporary: true,
        }
    }

    pub const INTERNAL: Self = Self::temporary(100, "internal server error");
    pub const UNAUTHORIZED: Self = Self::permanent(101, "unauthorized");
    pub const UNKNOWN_CHANNEL: Self = Self::permanent(102, "unknown channel");
    pub const PERMISSION_DENIED: Self = Self::permanent(103, "permission denied");
    pub const METHOD_NOT_FOUND: Self = Self::permanent(104, "method not found");
    pub const ALREADY_SUBSCRIBED: Self = Self::permanent(105, "already subscribed");
    pub const LIMIT_EXCEEDED: Self = Self::permanent(106, "limit exceeded");
    pub const BAD_REQUEST: Self = Self::permanent(107, "bad request");
    pub const NOT_AVAILABLE: Self = Self::permanent(108, "not available");
    pub const TOKEN_EXPIRED: Self = Self::permanent(109, "token expired");
    pub const EXPIRED: Self = Self::permanent(110, "expired");
    pub const TOO_MANY_REQUESTS: Self = Self::temporary(111, "too many requests");
    pub const UNRECOVERABLE_POSITION: Self = Self::permanent(112, "unrecoverable position");
    pub const CONCURRENT_PAGINATION: Self = Self::temporary(113, "concurrent pagination");
}

impl ErrorCode {
    /// Refused for what was asked: to ask the same again is of no use. Rights and names are that;
    /// tokens, positions and times run out in good order, and the application's own errors are
    /// answers.
    pub(super) fn is_mistake(&self) -> bool {
        (101..=108).contains(&self.code)
    }
}

impl From<Denied> for ErrorCode {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::UnknownChannel => Self::UNKNOWN_CHANNEL,
            Denied::PermissionDenied => Self::PERMISSION_DENIED,
            Denied::MethodNotFound => Self::METHOD_NOT_FOUND,
            Denied::BadRequest => Self::BAD_REQUEST,
            Denied::LimitExceeded => Self::LIMIT_EXCEEDED,
            Denied::NotAvailable => Self::NOT_AVAILABLE,
            Denied::TokenExpired => Self::TOKEN_EXPIRED,
            Denied::InvalidToken => Self::UNAUTHORIZED,
            Denied::TooManyRequests => Self::TOO_MANY_REQUESTS,
            Denied::Application { code, message }
                if (400..2000).contains(&code) && !message.is_empty() =>
            {
                Self {
                    code,
                    message: Cow::Owned(message),
                    temporary: false,
                }
            }
            // An application's code out of its range would be misread by clients.
            Denied::Application { .. } | Denied::Unavailable => Self::INTERNAL,
        }
    }
}

/// The server ends a subscription. Below 2500 the client gives up, from there it resubscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsubscribeCode {
    pub code: u32,
    pub reason: &'static str,
}

impl UnsubscribeCode {
    pub const SERVER: Self = Self {
        code: 2000,
        reason: "server unsubscribe",
    };
    pub const INSUFFICIENT_STATE: Self = Self {
        code: 2500,
        reason: "insufficient state",
    };
    pub const EXPIRED: Self = Self {
        code: 2501,
        reason: "subscription expired",
    };
    pub const STATE_INVALIDATED: Self = Self {
        code: 2502,
        reason: "state invalidated",
    };

    /// A code chosen elsewhere; one that the protocol does not know becomes 2000.
    pub fn chosen(code: u32) -> Self {
        [
            Self::INSUFFICIENT_STATE,
            Self::EXPIRED,
            Self::STATE_INVALIDATED,
        ]
        .into_iter()
        .find(|known| known.code == code)
        .unwrap_or(Self::SERVER)
    }

    /// What it means where the client cannot subscribe again but by connecting again.
    pub(super) fn of_the_connection(self) -> Option<CloseCode> {
        match self {
            Self::INSUFFICIENT_STATE => Some(CloseCode::INSUFFICIENT_STATE),
            Self::EXPIRED => Some(CloseCode::SUBSCRIPTION_EXPIRED),
            Self::STATE_INVALIDATED => Some(CloseCode::STATE_INVALIDATED),
            Self { .. } => None,
        }
    }
}

/// The connection ends. 3000–3499 and 4000–4499 tell the client to come back, 3500–3999 and
/// 4500–4999 not to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCode {
    pub code: u16,
    pub reason: Cow<'static, str>,
}

impl CloseCode {
    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    pub const PROTOCOL_ERROR: Self = Self::new(1002, "protocol error");
    pub const INVALID_TEXT: Self = Self::new(1007, "invalid text");
    pub const MESSAGE_TOO_BIG: Self = Self::new(1009, "message too big");
    pub const CONNECTION_CLOSED: Self = Self::new(3000, "connection closed");
    pub const SHUTDOWN: Self = Self::new(3001, "shutdown");
    pub const INTERNAL: Self = Self::new(3004, "internal server error");
    pub const EXPIRED: Self = Self::new(3005, "connection expired");
    pub const SUBSCRIPTION_EXPIRED: Self = Self::new(3006, "subscription expired");
    pub const SLOW: Self = Self::new(3008, "slow");
    pub const WRITE_ERROR: Self = Self::new(3009, "write error");
    pub const INSUFFICIENT_STATE: Self = Self::new(3010, "insufficient state");
    pub const FORCE_RECONNECT: Self = Self::new(3011, "force reconnect");
    pub const NO_PONG: Self = Self::new(3012, "no pong");
    pub const TOO_MANY_REQUESTS: Self = Self::new(3013, "too many requests");
    pub const STATE_INVALIDATED: Self = Self::new(3014, "state invalidated");
    pub const INVALID_TOKEN: Self = Self::new(3500, "invalid token");
    pub const BAD_REQUEST: Self = Self::new(3501, "bad request");
    pub const STALE: Self = Self::new(3502, "stale");
    pub const FORCE_DISCONNECT: Self = Self::new(3503, "force disconnect");
    pub const CONNECTION_LIMIT: Self = Self::new(3504, "connection limit");
    pub const CHANNEL_LIMIT: Self = Self::new(3505, "channel limit");
    pub const INAPPROPRIATE_PROTOCOL: Self = Self::new(3506, "inappropriate protocol");
    pub const PERMISSION_DENIED: Self = Self::new(3507, "permission denied");
    pub const NOT_AVAILABLE: Self = Self::new(3508, "not available");
    pub const TOO_MANY_ERRORS: Self = Self::new(3509, "too many errors");

    /// A code chosen elsewhere. One that the protocol does not allow becomes 3503; the reason is
    /// cut to what a close frame holds, and must not read as JSON, which clients would parse.
    pub fn chosen(code: u32, reason: &str) -> Self {
        let Some(code) = u16::try_from(code)
            .ok()
            .filter(|code| (3000..5000).contains(code))
        else {
            return Self::FORCE_DISCONNECT;
        };
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = &reason[..end];
        if reason.is_empty() || serde_json::from_str::<serde::de::IgnoredAny>(reason).is_ok() {
            return Self {
                code,
                reason: Cow::Borrowed("disconnect"),
            };
        }
        Self {
            code,
            reason: Cow::Owned(reason.to_owned()),
        }
    }

    /// Whether the client is to come back.
    pub fn reconnects(&self) -> bool {
        !matches!(self.code, 3500..4000 | 4500..5000)
    }

    /// A label for metrics, of which there are few whatever applications choose.
    pub fn label(&self) -> &'static str {
        match self.code {
            1000 => "1000",
            1001 => "1001",
            1002 => "1002",
            1007 => "1007",
            1009 => "1009",
            3000 => "3000",
            3001 => "3001",
            3004 => "3004",
            3005 => "3005",
            3006 => "3006",
            3008 => "3008",
            3009 => "3009",
            3010 => "3010",
            3011 => "3011",
            3012 => "3012",
            3013 => "3013",
            3014 => "3014",
            3500 => "3500",
            3501 => "3501",
            3502 => "3502",
            3503 => "3503",
            3504 => "3504",
            3505 => "3505",
            3508 => "3508",
            3509 => "3509",
            4000..5000 => "application",
            _ => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_reason_is_never_json_nor_too_long() {
        for reason in ["5", "true", "{}", "\"x\"", ""] {
            assert_eq!(CloseCode::chosen(3001, reason).reason, "disconnect");
        }
        let long = "ä".repeat(100);
        let code = CloseCode::chosen(4500, &long);
        assert!(code.reason.len() <= 123);
        assert_eq!(code.code, 4500);
        assert_eq!(CloseCode::chosen(9, "x"), CloseCode::FORCE_DISCONNECT);
        assert_eq!(CloseCode::chosen(70_000, "x"), CloseCode::FORCE_DISCONNECT);
    }

    #[test]
    fn an_application_error_outside_its_range_is_internal() {
        let own = |code| Denied::Application {
            code,
            message: "full".to_owned(),
        };
        assert_eq!(ErrorCode::from(own(400)).code, 400);
        assert_eq!(ErrorCode::from(own(103)), ErrorCode::INTERNAL);
        assert_eq!(ErrorCode::from(own(2000)), ErrorCode::INTERNAL);
    }
}
