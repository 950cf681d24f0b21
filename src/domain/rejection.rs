//! What a decision can say instead of yes.
//!
//! A [`Rejection`] is the rules' no: stored and audited like an acceptance, the same id gives the
//! same answer. The other objections are refusals: nothing was decided, nothing is stored.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    entity::TimeRange,
    ids::{JobId, ServiceSlug, ZoneSlug},
    import::ImportFault,
};

/// A slot that is still free, offered in place of one that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Alternative {
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub start: Timestamp,
}

/// The rules say no. The serde tag is the wire code, the fields are `details`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "code", content = "details", rename_all = "snake_case")]
pub enum Rejection {
    OutOfArea,
    /// With the nearest slots that are still free, at most three.
    SlotGone {
        alternatives: Vec<Alternative>,
    },
    LeadTime {
        #[ts(type = "string")]
        earliest: Timestamp,
    },
    OutsideBookingWindow {
        #[ts(type = "string")]
        latest: Timestamp,
    },
    /// Not a start that this service is sold at.
    NotASlot,
    HoldLimit {
        limit: u32,
    },
    HoldExpired,
    AlreadyExtended,
    DetailsMissing {
        missing: Vec<String>,
    },
    PolicyWindowClosed {
        #[ts(type = "string")]
        until: Timestamp,
    },
    /// The row is not in a state from which this may happen.
    IllegalTransition {
        from: String,
    },
    /// The row has moved on; its current version is given, its state is on the reader's channel.
    StaleVersion {
        #[ts(type = "number")]
        current: i64,
    },
    Overlap {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        with: Option<TimeRange>,
    },
    SkillMissing {
        missing: Vec<String>,
    },
    OutsideShift,
    TimeOff,
    AlreadyTaken,
    /// On the crew, but another leads it.
    NotLead,
    TooEarly {
        #[ts(type = "string")]
        earliest: Timestamp,
    },
    AnotherJobActive {
        job: JobId,
    },
    ActiveJob {
        job: JobId,
    },
    JobsAffected {
        jobs: Vec<JobId>,
    },
    /// Somebody has seen to the alert, or its cause has gone.
    AlreadyResolved,
    /// Something with this name, address or time exists already.
    AlreadyExists,
    InUse,
    /// Nothing was imported, for these faults; `fault_count` is how many there are in all.
    ImportFaults {
        faults: Vec<ImportFault>,
        fault_count: u32,
    },
    /// Not at work, so not followed.
    NotTracking,
}

/// Why a command was not accepted.
#[derive(Debug, Clone, PartialEq)]
pub enum Objection {
    Rejected(Rejection),
    /// Absent, or not the actor's: the same answer.
    NotFound,
    /// The actor's role never may do this.
    Forbidden,
    InvalidArgument {
        field: &'static str,
        reason: String,
    },
}

impl Objection {
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidArgument {
            field,
            reason: reason.into(),
        }
    }
}

impl From<Rejection> for Objection {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
