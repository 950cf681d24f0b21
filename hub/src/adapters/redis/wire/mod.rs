//! What instances tell each other, as JSON. Bodies are relayed byte for byte.

mod control;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ports::{Body, ClientInfo, Publication};

pub(super) use control::WireControl;

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

/// Which of `partitions` a channel belongs to, the same on every instance and in every version:
/// 32-bit FNV-1a.
pub(super) fn partition(channel: &str, partitions: u32) -> u32 {
    let hash = channel.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash % partitions.max(1)
}
