//! Presence lists in memory. Clones share the lists; there are no leases, as everything dies
//! together.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;

use crate::ports::{ChannelName, ClientInfo, Listed, Presence, PresenceChange, PresenceError};

#[derive(Debug, Default)]
struct Lists {
    by_channel: HashMap<ChannelName, BTreeMap<String, Listed>>,
    last_us: u64,
}

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

impl Lists {
    /// Later than every instant before it.
    fn now_us(&mut self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_us = since_epoch.map_or(0, |elapsed| elapsed.as_micros());
        let now_us = u64::try_from(now_us).unwrap_or(u64::MAX);
        self.last_us = now_us.max(self.last_us.saturating_add(1));
        self.last_us
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
        let now_us = lists.now_us();
        let list = lists.by_channel.entry(channel.clone()).or_default();
        let before = list.get(&info.client);
        if before.is_some_and(|before| before.info == *info) {
            return Ok(PresenceChange::Unchanged);
        }
        let entry = Listed {
            info: info.clone(),
            since_us: before.map_or(now_us, |before| before.since_us),
        };
        list.insert(info.client.clone(), entry);
        Ok(PresenceChange::Changed)
    }

    async fn leave(
        &self,
        channel: &ChannelName,
        client: &str,
    ) -> Result<PresenceChange, PresenceError> {
        let mut lists = self.lists();
        let Some(list) = lists.by_channel.get_mut(channel) else {
            return Ok(PresenceChange::Unchanged);
        };
        let removed = list.remove(client);
        if list.is_empty() {
            lists.by_channel.remove(channel);
        }
        Ok(match removed {
            Some(_) => PresenceChange::Changed,
            None => PresenceChange::Unchanged,
        })
    }

    async fn list(&self, channel: &str) -> Result<Vec<Listed>, PresenceError> {
        let lists = self.lists();
        let list = lists.by_channel.get(channel);
        let mut entries: Vec<Listed> = list
            .map(|list| list.values().cloned().collect())
            .unwrap_or_default();
        entries.sort_by_key(|entry| entry.since_us);
        Ok(entries)
    }

    async fn beat(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError> {
        Ok(Vec::new())
    }
}
