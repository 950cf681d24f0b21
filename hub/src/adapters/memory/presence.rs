//! Presence lists in memory. Clones share the lists; there are no leases, as everything dies
//! together.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::ports::{ChannelName, ClientInfo, Presence, PresenceChange, PresenceError};

type Lists = HashMap<ChannelName, BTreeMap<String, ClientInfo>>;

#[derive(Debug, Clone, Default)]
pub struct MemoryPresence(Arc<Mutex<Lists>>);

impl MemoryPresence {
    pub fn new() -> Self {
        Self::default()
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn enter(
        &self,
        channel: &ChannelName,
        info: &ClientInfo,
    ) -> Result<PresenceChange, PresenceError> {
        let mut lists = self.lists();
        let list = lists.entry(channel.clone()).or_default();
        match list.insert(info.client.clone(), info.clone()) {
            Some(before) if before == *info => Ok(PresenceChange::Unchanged),
            Some(_) | None => Ok(PresenceChange::Changed),
        }
    }

    async fn leave(
        &self,
        channel: &ChannelName,
        client: &str,
    ) -> Result<PresenceChange, PresenceError> {
        let mut lists = self.lists();
        let Some(list) = lists.get_mut(channel) else {
            return Ok(PresenceChange::Unchanged);
        };
        let removed = list.remove(client);
        if list.is_empty() {
            lists.remove(channel);
        }
        Ok(match removed {
            Some(_) => PresenceChange::Changed,
            None => PresenceChange::Unchanged,
        })
    }

    async fn list(&self, channel: &str) -> Result<Vec<ClientInfo>, PresenceError> {
        let lists = self.lists();
        Ok(lists
            .get(channel)
            .map(|list| list.values().cloned().collect())
            .unwrap_or_default())
    }

    async fn beat(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError> {
        Ok(Vec::new())
    }
}
