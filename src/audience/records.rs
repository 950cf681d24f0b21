//! The event log and the audit trail as they leave: records for managers and admins, and for the
//! programs that read in their name.
//!
//! Records are told whole. They hold what no channel shows to all staff (sign-in addresses, why
//! somebody is away), so they are not for dispatchers. No secret is in them: a password is
//! written as `***` into the trail and not at all into the log.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;
use uuid::Uuid;

/// A fact of the business, as it was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventRecord {
    /// Where a reader stands that has dealt with this one.
    pub cursor: String,
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Whose fact it is: the kind of row, its id, and its version after the fact.
    pub aggregate: String,
    pub aggregate_id: String,
    #[ts(type = "number")]
    pub aggregate_version: i64,
    pub kind: String,
    /// Version of the shape of `body`.
    pub schema_version: i32,
    /// The nil id is the system's.
    #[ts(type = "string")]
    pub actor: Uuid,
    #[ts(type = "string | null")]
    pub on_behalf_of: Option<Uuid>,
    #[ts(type = "string")]
    pub command_id: Uuid,
    pub trace_id: Option<String>,
    #[ts(type = "Record<string, unknown>")]
    pub body: Value,
}

/// A page of the event log, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventPage {
    pub events: Vec<EventRecord>,
    /// The `after` of the next page; also at the end, and on a page that the filter left empty.
    pub next: String,
    /// Whether there is nothing behind this page yet.
    pub at_end: bool,
}

/// A command that was decided, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct AuditRecord {
    #[ts(type = "string")]
    pub at: Timestamp,
    /// The nil id is the system's.
    #[ts(type = "string")]
    pub actor: Uuid,
    /// What the account is called now.
    pub actor_name: Option<String>,
    pub actor_role: String,
    #[ts(type = "string | null")]
    pub on_behalf_of: Option<Uuid>,
    /// `socket`, `http`, `timer`, `command_line` or `demo`.
    pub via: String,
    #[ts(type = "string")]
    pub command_id: Uuid,
    pub kind: String,
    #[ts(type = "Record<string, unknown>")]
    pub parameters: Value,
    /// `accepted` or `rejected`.
    pub outcome: String,
    /// Of a rejection.
    pub code: Option<String>,
}

/// A page of the audit trail, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct AuditPage {
    pub entries: Vec<AuditRecord>,
    /// The `before` of the next page; `null` at the end.
    pub next: Option<String>,
}
