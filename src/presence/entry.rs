//! What stands in the shared lists: one entry per connection and zone, and one per job that
//! somebody says to be editing. Only servers read it; names are of the company's own people.

use std::sync::Arc;

use hub::ports::{Body, ChannelName, ClientInfo, Listed, PRIVATE_LIST};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::domain::{
    Role,
    ids::{AccountId, JobId, ZoneSlug},
};

/// One connection's part in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// `None`: nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Role>,
    /// Of the company's people only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) look: Option<Look>,
}

/// What a connection said last to be looking at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) job: Option<JobId>,
    pub(super) typing: bool,
    /// Of what a person's connections say, the newest counts.
    pub(super) at_ms: i64,
}

/// Somebody says to be editing a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub(super) job: JobId,
    pub(super) name: String,
    /// One more than that of the claim it took over. Of equals the first entered counts.
    pub(super) generation: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) taken_from: Option<AccountId>,
}

/// The list of those who are in a zone.
pub(super) fn people_list(zone: &ZoneSlug) -> ChannelName {
    Arc::from(format!("{PRIVATE_LIST}people:{zone}"))
}

/// The list of the claims in a zone.
pub(super) fn claims_list(zone: &ZoneSlug) -> ChannelName {
    Arc::from(format!("{PRIVATE_LIST}claims:{zone}"))
}

/// The name of a claim in its list.
pub(super) fn claim_name(client: &str, job: JobId) -> String {
    format!("{job}/{client}")
}

pub(super) fn info(user: &str, client: String, said: &impl Serialize) -> ClientInfo {
    ClientInfo {
        user: user.to_owned(),
        client,
        conn_info: None,
        chan_info: Some(Body::from_value(said).expect("entries are plain data")),
    }
}

/// `None`: another version wrote what this one cannot read.
pub(super) fn read<T: DeserializeOwned>(listed: &Listed) -> Option<T> {
    let said = listed.info.chan_info.as_ref()?;
    serde_json::from_str(said.get()).ok()
}
