//! What a client reads of the frames it gets: as much of the protocol as the SDKs need.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    #[serde(default)]
    pub(super) id: u32,
    pub(super) error: Option<Refusal>,
    pub(super) connect: Option<serde::de::IgnoredAny>,
    pub(super) subscribe: Option<Subscribed>,
    pub(super) push: Option<Push>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: u32,
    #[serde(default)]
    pub(super) temporary: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Subscribed {
    #[serde(default)]
    pub(super) epoch: String,
    #[serde(default)]
    pub(super) offset: u64,
    #[serde(default)]
    pub(super) recovered: bool,
    pub(super) data: Option<Snapshot>,
    #[serde(default)]
    pub(super) publications: Vec<Publication>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Snapshot {
    #[serde(rename = "s")]
    pub(super) state: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Publication {
    #[serde(default)]
    pub(super) offset: u64,
    /// A change, or for who takes deltas the text of one or a delta.
    pub(super) data: serde_json::Value,
    #[serde(default)]
    pub(super) delta: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    #[serde(rename = "d")]
    pub(super) body: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Push {
    pub(super) channel: String,
    #[serde(rename = "pub")]
    pub(super) publication: Option<Publication>,
    pub(super) unsubscribe: Option<Refusal>,
}
