//! Bodies of snapshots and publications. Both have the same shape: a snapshot is the body that,
//! applied to nothing, gives the view.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::row::Row;
use crate::domain::ids::{AccountId, CommandId, ServiceSlug};

/// Body of every row channel. A row in `set` replaces the one of the same kind and id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(optional_fields)]
pub struct Body {
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Who did it and by which command: on staff channels only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    pub set: Vec<Row>,
    pub unset: Vec<RowKey>,
}

/// Kind and id name a row within its channel.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
pub struct RowKey {
    pub kind: RowKind,
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub id: Uuid,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    Customer,
    Property,
    Hold,
    Booking,
    Visit,
    Cleaner,
    Shift,
    ShiftTemplate,
    TimeOff,
    AgendaJob,
    OpenJob,
    Job,
    Alert,
}

/// Body of `slots:{zone}:{date}`: changes to the number of free cleaners at a start. Readers add
/// them up and take floor(free / crew size); a start never mentioned has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct SlotsBody {
    #[ts(type = "string")]
    pub at: Timestamp,
    pub free: Vec<FreeChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
pub struct FreeChange {
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub start: Timestamp,
    pub by: i32,
}
