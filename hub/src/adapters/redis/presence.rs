//! Presence lists in Redis. Entries live under their instance's lease, timed by Redis' own clock:
//! an instance that stops beating disappears from the lists when its lease ends, and whichever
//! survivor beats next removes its entries and tells of the leaves.
//!
//! Keys: `…:leases` (instance → end of lease), `…:entries:<instance>` (what it holds) and
//! `…:presence:<channel>` (instance and client → info, led by the time of its entry). What they
//! start with stands in braces, so that on a cluster they are on one node: each script needs several
//! of them at once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use redis::Script;
use serde::Deserialize;

use super::{RedisConfig, connection::Connection, wire::WireInfo};
use crate::ports::{ChannelName, ClientInfo, Listed, Presence, PresenceChange, PresenceError};

/// One instance's presence entries. Clones share them.
#[derive(Clone)]
pub struct RedisPresence {
    connection: Arc<Connection>,
    config: Arc<RedisConfig>,
    instance: Arc<str>,
    own: Arc<Mutex<Own>>,
}

/// Channel and client.
type Key = (ChannelName, String);

/// What this instance holds, whatever Redis knows of it.
#[derive(Default)]
struct Own {
    entered: HashMap<Key, Arc<ClientInfo>>,
    /// Changes that Redis has not confirmed; a beat makes them again.
    unconfirmed: HashSet<Key>,
    /// How often all was doubted: what was asked before the last time confirms nothing.
    doubts: u64,
}

impl Own {
    /// Redis had no lease of this instance, so it may have none of its entries.
    fn doubt_all(&mut self) {
        self.doubts += 1;
        self.unconfirmed.extend(self.entered.keys().cloned());
    }
}

/// A beat under way. One whose answer does not come may have made the lease, and the next would find
/// nothing amiss.
struct Asked<'a> {
    of: &'a RedisPresence,
    answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.of.own().doubt_all();
        }
    }
}

/// Between the instance (or the channel) and the client in Redis; in neither of them.
const SEPARATOR: char = '\n';
/// Entries of dead instances removed by one beat; the rest is left to the next.
const SWEPT: usize = 2_000;

/// KEYS: leases, entries, presence. ARGV: instance, entry, field, info. The time of
/// the first entry is written into the info, as its first member, and kept when that changes.
/// Returns 1 where the entry is new or other than it was, and 2 more where no lease stands: Redis has
/// forgotten the instance, or never knew it.
static ENTER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('time')
         local now = t[1] * 1000 + math.floor(t[2] / 1000)
         local ends = redis.call('zscore', KEYS[1], ARGV[1])
         local forgotten = (ends and tonumber(ends) >= now) and 0 or 2
         redis.call('sadd', KEYS[2], ARGV[2])
         local before = redis.call('hget', KEYS[3], ARGV[3])
         local since = before and string.match(before, '^{\"since_us\":(%d+)')
           or string.format('%.0f', t[1] * 1000000 + t[2])
         local entry = '{\"since_us\":' .. since .. ',' .. string.sub(ARGV[4], 2)
         if entry == before then return forgotten end
         redis.call('hset', KEYS[3], ARGV[3], entry)
         return forgotten + 1",
    )
});

/// KEYS: entries, presence. ARGV: entry, field.
static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('srem', KEYS[1], ARGV[1])
         return redis.call('hdel', KEYS[2], ARGV[2])",
    )
});

/// KEYS: leases, presence. Returns the entries of instances whose lease stands.
static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('time')
         local now = t[1] * 1000 + math.floor(t[2] / 1000)
         local live, list = {}, {}
         for _, instance in ipairs(redis.call('zrange', KEYS[1], now, '+inf', 'byscore')) do
           live[instance] = true
         end
         local all = redis.call('hgetall', KEYS[2])
         for i = 1, #all, 2 do
           if live[string.match(all[i], '^[^\\n]*')] then list[#list + 1] = all[i + 1] end
         end
         return list",
    )
});

/// KEYS: leases. ARGV: instance, lease in ms. Returns 1 when the lease had stood, else 0.
static BEAT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('time')
         local now = t[1] * 1000 + math.floor(t[2] / 1000)
         local ends = redis.call('zscore', KEYS[1], ARGV[1])
         redis.call('zadd', KEYS[1], now + ARGV[2], ARGV[1])
         if ends and tonumber(ends) >= now then return 1 end
         return 0",
    )
});

/// KEYS: leases. ARGV: prefix of entries, prefix of presence, at most so many. Returns channel and
/// info of each entry removed. An entry is popped, so that one instance only gets it.
static SWEEP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('time')
         local now = t[1] * 1000 + math.floor(t[2] / 1000)
         local dead = redis.call('zrange', KEYS[1], '-inf', '(' .. now, 'byscore')
         local removed, left = {}, tonumber(ARGV[3])
         for _, instance in ipairs(dead) do
           local entries = redis.call('spop', ARGV[1] .. instance, left)
           for _, entry in ipairs(entries) do
             local channel, client = string.match(entry, '^([^\\n]*)\\n(.*)$')
             local key = ARGV[2] .. channel
             local field = instance .. '\\n' .. client
             local info = redis.call('hget', key, field)
             if info then
               redis.call('hdel', key, field)
               removed[#removed + 1] = channel
               removed[#removed + 1] = info
             end
           end
           left = left - #entries
           if left <= 0 then break end
           redis.call('zrem', KEYS[1], instance)
         end
         return removed",
    )
});

impl RedisPresence {
    pub(super) fn new(
        connection: Arc<Connection>,
        config: Arc<RedisConfig>,
        instance: Arc<str>,
    ) -> Self {
        #[cfg(feature = "breakages")]
        let config = if crate::runtime::breakage::chosen()
            == crate::protocol::breakage::Breakage::PresenceOutlivesItsInstance
        {
            Arc::new(RedisConfig {
                lease_ms: 86_400_000,
                ..(*config).clone()
            })
        } else {
            config
        };
        Self {
            connection,
            config,
            instance,
            own: Arc::default(),
        }
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leases_key(&self) -> String {
        format!("{{{}}}:leases", self.config.prefix)
    }

    fn entries_prefix(&self) -> String {
        format!("{{{}}}:entries:", self.config.prefix)
    }

    fn entries_key(&self) -> String {
        format!("{}{}", self.entries_prefix(), self.instance)
    }

    fn presence_prefix(&self) -> String {
        format!("{{{}}}:presence:", self.config.prefix)
    }

    fn presence_key(&self, channel: &str) -> String {
        format!("{}{channel}", self.presence_prefix())
    }

    async fn write(&self, channel: &str, info: &ClientInfo) -> Result<u32, PresenceError> {
        let text = serde_json::to_string(&WireInfo::from(info)).map_err(unavailable)?;
        let client = &info.client;
        let answer: u32 = ENTER
            .key(self.leases_key())
            .key(self.entries_key())
            .key(self.presence_key(channel))
            .arg(&*self.instance)
            .arg(format!("{channel}{SEPARATOR}{client}"))
            .arg(format!("{}{SEPARATOR}{client}", self.instance))
            .arg(text)
            .invoke_async(&mut self.connection.commands())
            .await
            .map_err(unavailable)?;
        if answer & 2 != 0 {
            self.take_lease().await?;
        }
        Ok(answer & 1)
    }

    async fn erase(&self, channel: &str, client: &str) -> Result<u32, PresenceError> {
        LEAVE
            .key(self.entries_key())
            .key(self.presence_key(channel))
            .arg(format!("{channel}{SEPARATOR}{client}"))
            .arg(format!("{}{SEPARATOR}{client}", self.instance))
            .invoke_async(&mut self.connection.commands())
            .await
            .map_err(unavailable)
    }

    /// Makes Redis know of one entry what this instance knows, even when that changes meanwhile.
    async fn settle(&self, key: &Key) -> Result<PresenceChange, PresenceError> {
        let (channel, client) = key;
        loop {
            let (wanted, doubts) = {
                let own = self.own();
                (own.entered.get(key).cloned(), own.doubts)
            };
            let changed = match &wanted {
                Some(info) => self.write(channel, info).await?,
                None => self.erase(channel, client).await?,
            };
            let mut own = self.own();
            if own.entered.get(key) == wanted.as_ref() {
                if own.doubts == doubts {
                    own.unconfirmed.remove(key);
                }
                return Ok(match changed {
                    0 => PresenceChange::Unchanged,
                    _ => PresenceChange::Changed,
                });
            }
        }
    }

    /// Renews the lease; where Redis had forgotten it, the entries may be gone too.
    async fn take_lease(&self) -> Result<(), PresenceError> {
        let mut asked = Asked {
            of: self,
            answered: false,
        };
        let stood: u32 = BEAT
            .key(self.leases_key())
            .arg(&*self.instance)
            .arg(self.config.lease_ms)
            .invoke_async(&mut self.connection.commands())
            .await
            .map_err(unavailable)?;
        asked.answered = true;
        if stood == 0 {
            self.own().doubt_all();
        }
        Ok(())
    }

    /// Renews the lease, and makes Redis know what it may have forgotten or missed.
    async fn renew(&self) -> Result<(), PresenceError> {
        self.take_lease().await?;
        let unsettled: Vec<Key> = self.own().unconfirmed.iter().cloned().collect();
        for key in &unsettled {
            self.settle(key).await?;
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError> {
        let removed: Vec<(String, String)> = SWEEP
            .key(self.leases_key())
            .arg(self.entries_prefix())
            .arg(self.presence_prefix())
            .arg(SWEPT)
            .invoke_async(&mut self.connection.commands())
            .await
            .map_err(unavailable)?;
        removed
            .into_iter()
            .map(|(channel, entry)| Ok((channel.into(), read(&entry)?.info)))
            .collect()
    }
}

/// The time of an entry, where the info has it beside its own members.
#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since_us: u64,
}

fn read(entry: &str) -> Result<Listed, PresenceError> {
    let info: WireInfo<'_> = serde_json::from_str(entry).map_err(unavailable)?;
    let Since { since_us } = serde_json::from_str(entry).map_err(unavailable)?;
    let info = info.read().map_err(unavailable)?;
    Ok(Listed { info, since_us })
}

fn place(entry: &Listed) -> (u64, &str) {
    (entry.since_us, &entry.info.client)
}

fn unavailable(error: impl std::fmt::Display) -> PresenceError {
    PresenceError(error.to_string())
}

#[async_trait]
impl Presence for RedisPresence {
    async fn enter(
        &self,
        channel: &ChannelName,
        info: &ClientInfo,
    ) -> Result<PresenceChange, PresenceError> {
        let key = (channel.clone(), info.client.clone());
        {
            let mut own = self.own();
            own.entered.insert(key.clone(), Arc::new(info.clone()));
            own.unconfirmed.insert(key.clone());
        }
        self.settle(&key).await
    }

    async fn leave(
        &self,
        channel: &ChannelName,
        client: &str,
    ) -> Result<PresenceChange, PresenceError> {
        let key = (channel.clone(), client.to_owned());
        {
            let mut own = self.own();
            own.entered.remove(&key);
            own.unconfirmed.insert(key.clone());
        }
        self.settle(&key).await
    }

    async fn list(&self, channel: &str) -> Result<Vec<Listed>, PresenceError> {
        let list: Vec<String> = LIST
            .key(self.leases_key())
            .key(self.presence_key(channel))
            .invoke_async(&mut self.connection.commands())
            .await
            .map_err(unavailable)?;
        let entries = list.iter().map(|entry| read(entry));
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|one, other| place(one).cmp(&place(other)));
        Ok(entries)
    }

    async fn beat(&self) -> Result<Vec<(ChannelName, ClientInfo)>, PresenceError> {
        self.renew().await?;
        self.sweep().await
    }
}
