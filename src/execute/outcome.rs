//! What every command is answered with, over the socket and over HTTP alike.
//!
//! Accepted and rejected are decisions: stored, audited, repeated for the same id. Refused means
//! that nothing was decided and nothing is stored: the same id may be tried again. One refusal
//! cannot say that much, and says so by `details.in_doubt`: the answer to a commit was lost, and the
//! database could not be asked in time what became of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

use crate::domain::rejection::Rejection;

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Accepted {
        #[ts(type = "unknown")]
        result: Value,
        /// Where the channels that the actor may read stand once they include this command.
        positions: BTreeMap<String, ReachedPosition>,
    },
    Rejected {
        code: String,
        message: String,
        #[ts(type = "Record<string, unknown>")]
        details: Value,
    },
    Refused {
        code: Refusal,
        message: String,
        #[ts(type = "Record<string, unknown>")]
        details: Value,
    },
}

/// A place in a channel. A position of another epoch than the reader's counts as passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ReachedPosition {
    #[ts(type = "number")]
    pub offset: u64,
    pub epoch: String,
}

/// Why no decision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    Unauthenticated,
    /// This role never may.
    Forbidden,
    /// Absent, or not the actor's: the same answer.
    NotFound,
    /// `details.field`
    InvalidArgument,
    /// `details.retry_after_ms`
    RateLimited,
    /// `details.retry_after_ms`
    Draining,
    /// `details.retry_after_ms`; `details.in_doubt` where it may have been decided all the same.
    Unavailable,
    /// The id was used for another command, or for the same with other parameters.
    IdempotencyMismatch,
    /// The id was made over seven days ago.
    CommandExpired,
    /// `details.trace_id`
    Internal,
}

impl Refusal {
    pub const ALL: [Self; 10] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::InvalidArgument,
        Self::RateLimited,
        Self::Draining,
        Self::Unavailable,
        Self::IdempotencyMismatch,
        Self::CommandExpired,
        Self::Internal,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::InvalidArgument => "invalid_argument",
            Self::RateLimited => "rate_limited",
            Self::Draining => "draining",
            Self::Unavailable => "unavailable",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::CommandExpired => "command_expired",
            Self::Internal => "internal",
        }
    }
}

impl Outcome {
    pub fn rejected(rejection: &Rejection) -> Self {
        let tagged = serde_json::to_value(rejection).expect("rejections are plain data");
        let code = tagged["code"].as_str().unwrap_or_default().to_owned();
        let details = tagged.get("details").cloned().unwrap_or_else(|| json!({}));
        Self::Rejected {
            message: message(rejection).to_owned(),
            code,
            details,
        }
    }

    pub fn refused(code: Refusal, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            details: json!({}),
        }
    }

    pub fn invalid_argument(field: &str, reason: impl Into<String>) -> Self {
        Self::Refused {
            code: Refusal::InvalidArgument,
            message: reason.into(),
            details: json!({ "field": field }),
        }
    }

    pub fn forbidden() -> Self {
        Self::refused(Refusal::Forbidden, "this role may not do that")
    }

    pub fn not_found() -> Self {
        Self::refused(Refusal::NotFound, "there is no such thing")
    }

    /// `rate_limited`, `draining` or `unavailable`: to be tried again after a while.
    pub fn try_again(code: Refusal, message: impl Into<String>, retry_after_ms: u64) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            details: json!({ "retry_after_ms": retry_after_ms }),
        }
    }

    /// `unavailable`, and nobody knows whether it was decided: trying again tells.
    pub fn in_doubt(retry_after_ms: u64) -> Self {
        Self::Refused {
            code: Refusal::Unavailable,
            message: "not available just now, and perhaps decided already".to_owned(),
            details: json!({ "retry_after_ms": retry_after_ms, "in_doubt": true }),
        }
    }

    pub fn internal(trace_id: &str) -> Self {
        Self::Refused {
            code: Refusal::Internal,
            message: "something is wrong on our side".to_owned(),
            details: json!({ "trace_id": trace_id }),
        }
    }

    /// For logs and metrics: `accepted`, or the code.
    pub fn label(&self) -> &str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Rejected { code, .. } => code,
            Self::Refused { code, .. } => code.as_str(),
        }
    }
}

/// For logs and people with curl; screens have their own words for each code.
fn message(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::NotLead => "only the lead of the crew may",
        Rejection::OutOfArea => "the address is in none of our zones",
        Rejection::SlotGone { .. } => "this time is no longer free",
        Rejection::LeadTime { .. } => "this start is too soon",
        Rejection::OutsideBookingWindow { .. } => "this start is too far ahead",
        Rejection::NotASlot => "this service is not sold at that start",
        Rejection::HoldLimit { .. } => "too many holds at once",
        Rejection::HoldExpired => "the hold has expired",
        Rejection::AlreadyExtended => "the hold was extended before",
        Rejection::DetailsMissing { .. } => "contact details are missing",
        Rejection::PolicyWindowClosed { .. } => "it is too late to change it without us",
        Rejection::IllegalTransition { .. } => "this cannot happen in its present state",
        Rejection::StaleVersion { .. } => "it was changed by somebody else meanwhile",
        Rejection::Overlap { .. } => "the cleaner is busy then",
        Rejection::SkillMissing { .. } => "the cleaner lacks a skill for it",
        Rejection::OutsideShift => "it is outside the cleaner's shift",
        Rejection::TimeOff => "the cleaner has time off then",
        Rejection::AlreadyTaken => "somebody else took it",
        Rejection::TooEarly { .. } => "it is too early for that",
        Rejection::AnotherJobActive { .. } => "another job is under way",
        Rejection::ActiveJob { .. } => "a job is under way",
        Rejection::JobsAffected { .. } => "assigned jobs are affected",
        Rejection::AlreadyResolved => "somebody has resolved it, or its cause has gone",
        Rejection::AlreadyExists => "it exists already",
        Rejection::ImportFaults { .. } => "the files have faults, nothing was imported",
        Rejection::InUse => "it is in use",
        Rejection::NotTracking => "you are not at work, so nobody follows where you are",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_the_envelopes_shape() {
        let rejected = Outcome::rejected(&Rejection::SlotGone {
            alternatives: Vec::new(),
        });
        assert_eq!(
            serde_json::to_value(rejected).expect("plain data"),
            json!({"outcome": "rejected", "code": "slot_gone",
                "message": "this time is no longer free", "details": {"alternatives": []}})
        );
        let refused = Outcome::try_again(Refusal::Unavailable, "later", 500);
        assert_eq!(
            serde_json::to_value(refused).expect("plain data"),
            json!({"outcome": "refused", "code": "unavailable", "message": "later",
                "details": {"retry_after_ms": 500}})
        );
    }

    #[test]
    fn a_rejection_without_fields_has_empty_details() {
        let Outcome::Rejected { details, code, .. } = Outcome::rejected(&Rejection::OutOfArea)
        else {
            unreachable!("a rejection is rejected")
        };
        assert_eq!((code.as_str(), details), ("out_of_area", json!({})));
    }

    #[test]
    fn refusals_are_spelled_as_they_are_serialized() {
        for refusal in Refusal::ALL {
            assert_eq!(
                serde_json::to_value(refusal).expect("text"),
                refusal.as_str()
            );
        }
    }
}
