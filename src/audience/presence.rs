//! `presence:{zone}`: who is there, what each dispatcher looks at, and who says to be editing a
//! job. One row with the whole state each time, so that nothing adds up and a lost one is no loss.
//!
//! Customers are a number and nothing more. All of it is advice for people: no rule of the
//! business reads it, and two dispatchers who ignore a lock are told apart by versions as ever.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

use crate::domain::{
    Rejection, Role,
    contract::Contract,
    ids::{AccountId, CleanerId, JobId, ZoneSlug},
};

/// People named on one list; the counts are of all.
pub const PEOPLE_NAMED: usize = 300;

/// On `presence`: the zone as it is now. Whoever has several connections, on whichever instances,
/// counts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PresenceRow {
    pub id: ZoneSlug,
    /// Higher for every change; the same where nothing has changed and it is only said again.
    #[ts(type = "number")]
    pub version: i64,
    pub counts: PresenceCounts,
    /// By name; at most 300 of them.
    pub cleaners: Vec<PresentCleaner>,
    /// By name; at most 300 of them.
    pub dispatchers: Vec<PresentDispatcher>,
    /// At most one for a job.
    pub locks: Vec<JobLock>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PresenceCounts {
    /// Signed in, guests too, and looking at slots or a visit of this zone.
    pub customers: usize,
    /// Connections of nobody in particular that look at slots of this zone.
    pub visitors: usize,
    /// Whose home zone this is.
    pub cleaners: usize,
    /// Dispatchers, managers and admins who watch the zone's control room.
    pub dispatchers: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PresentCleaner {
    pub id: CleanerId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(optional_fields)]
pub struct PresentDispatcher {
    pub id: AccountId,
    pub name: String,
    pub role: Role,
    /// What they look at, where they look at one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
}

/// What somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Focus {
    pub job: JobId,
    /// They are writing something about it, or were a few seconds ago.
    pub typing: bool,
}

/// Somebody says to be editing a job. Nobody is kept from anything by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(optional_fields)]
pub struct JobLock {
    pub job: JobId,
    pub holder: AccountId,
    pub name: String,
    #[ts(type = "string")]
    pub since: Timestamp,
    /// Who had it before, where it was taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<AccountId>,
}

/// The wire names.
pub const PRESENCE_FOCUS: &str = "presence.focus";
pub const PRESENCE_LOCK: &str = "presence.lock";
pub const PRESENCE_UNLOCK: &str = "presence.unlock";

/// Parameters of `presence.focus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct FocusReport {
    pub zone: ZoneSlug,
    /// `null`: at nothing in particular.
    #[ts(type = "string | null", optional = false)]
    pub job: Option<JobId>,
    /// Writing something about it. Forgotten after a few seconds, unless it is said again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
}

/// Parameters of `presence.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct LockRequest {
    pub zone: ZoneSlug,
    pub job: JobId,
    /// Also where somebody else has it, who is told so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_over: Option<bool>,
}

/// Parameters of `presence.unlock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockRequest {
    pub zone: ZoneSlug,
    pub job: JobId,
}

/// Where colleagues are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct FocusTaken {
    pub zone: ZoneSlug,
}

/// Who says to be editing the job now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LockStands {
    pub job: JobId,
    /// It is the caller.
    pub yours: bool,
    /// Nobody says so: `null`.
    pub lock: Option<JobLock>,
}

macro_rules! never_rejected {
    () => {
        const REJECTIONS: &'static [&'static str] = &[];

        fn may_end_in(_rejection: &Rejection) -> bool {
            false
        }
    };
}

impl Contract for FocusReport {
    type Answer = FocusTaken;

    const SUMMARY: &'static str = " Tells colleagues what the caller looks at. Without an id, and \
        only from a connection that watches the zone's control or presence channel.";

    never_rejected!();

    fn example() -> Value {
        json!({ "zone": "center", "job": "01890a5d-ac96-774b-bcce-b302099a8057", "typing": true })
    }
}

impl Contract for LockRequest {
    type Answer = LockStands;

    const SUMMARY: &'static str = " Tells colleagues that the caller is editing a job, unless \
        somebody else is. It ends with the caller's presence, or when it is not asked for again in \
        time. Advice, not a barrier: every command runs regardless.";

    never_rejected!();

    fn example() -> Value {
        json!({ "zone": "center", "job": "01890a5d-ac96-774b-bcce-b302099a8057" })
    }
}

impl Contract for UnlockRequest {
    type Answer = LockStands;

    const SUMMARY: &'static str = " Tells colleagues that the caller is done with a job.";

    never_rejected!();

    fn example() -> Value {
        json!({ "zone": "center", "job": "01890a5d-ac96-774b-bcce-b302099a8057" })
    }
}

/// May somebody of this role tell colleagues such things?
pub fn may_tell_presence(role: Role) -> bool {
    match role {
        Role::Dispatcher | Role::Manager | Role::Admin => true,
        Role::Customer | Role::Cleaner | Role::System => false,
    }
}
