//! Rights that ended somewhere end here too, on every instance and whatever the wire between them
//! does: what the database notes of them is read at a period, and what it concerns is asked again.
//!
//! The wire tells of most ends within milliseconds; this finds what it lost, what a process could not
//! say any more because it died after its COMMIT, and what was ended from a command line. Its cost
//! follows from rights that end, not from connections. Nothing is ended that is true: somebody who
//! has signed in again since keeps the new connections.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use hub::{
    Hub,
    ports::{Caller, Control},
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{Role, ids::AccountId},
    store::{
        Pools, StoreError,
        lapse::{self, Horizon, Noted},
        outage,
    },
};

/// A connection may have been recognised just before a right ended and be listed just after it was
/// looked for: it is looked for this long. A connect is answered within 3 s or not at all.
const LATECOMERS: Duration = Duration::from_secs(5);
/// Rows are kept for a day. Whoever has not read them for longer than this asks for everybody.
const MEMORY: Duration = Duration::from_hours(12);
/// Sign-ins asked for by one statement.
const CHUNK: usize = 1_000;

/// The place from which on this instance has to read.
pub(super) struct Lapses {
    hub: Hub,
    pools: Pools,
    horizon: Horizon,
    read_at: Instant,
    /// Rows of the last look: they may be seen again.
    seen: HashSet<i64>,
    /// Whose connections are in doubt, and until when further ones may come.
    doubted: HashMap<AccountId, Instant>,
    /// Everybody's are: what was noted is not there to be read.
    everybody: bool,
}

impl Lapses {
    /// To be called before the first connection is recognised: what ends later is found.
    pub(super) async fn begin(hub: &Hub, pools: &Pools) -> Result<Self, StoreError> {
        let look = lapse::look(pools, None).await?;
        Ok(Self {
            hub: hub.clone(),
            pools: pools.clone(),
            horizon: look.horizon,
            read_at: Instant::now(),
            seen: HashSet::new(),
            doubted: HashMap::new(),
            everybody: false,
        })
    }

    /// Looks at this period until the instance begins to stop.
    pub(super) fn start(
        mut self,
        period: Duration,
        draining: CancellationToken,
        tasks: &TaskTracker,
    ) {
        tasks.spawn(async move {
            let looking = async {
                let mut period = interval(period);
                period.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    period.tick().await;
                    if let Err(error) = self.round().await {
                        tracing::debug!(%error, "could not look for rights that ended");
                    }
                }
            };
            draining.run_until_cancelled(looking).await;
        });
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        self.look().await?;
        self.ask_again().await
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let look = lapse::look(&self.pools, Some(self.horizon)).await?;
        outage::answered();
        // A database that went back may have forgotten sign-ins, and ends of sign-ins.
        self.everybody |= look.horizon < self.horizon || self.read_at.elapsed() > MEMORY;
        let mut seen = HashSet::new();
        for (id, noted) in look.noted {
            seen.insert(id);
            if !self.seen.contains(&id) {
                self.doubt(noted);
            }
        }
        self.seen = seen;
        self.horizon = look.horizon;
        self.read_at = Instant::now();
        Ok(())
    }

    fn doubt(&mut self, noted: Noted) {
        match noted {
            Noted::Account(account) => {
                self.doubted.insert(account, Instant::now() + LATECOMERS);
            }
            Noted::Channel { channel, account } => {
                self.hub.control_here(&Control::Reauthorize {
                    channel: channel.into(),
                    user: account.map(|account| account.to_string().into()),
                });
            }
        }
    }

    /// Asks who the doubted are, and ends what is not true any more.
    async fn ask_again(&mut self) -> Result<(), StoreError> {
        if self.doubted.is_empty() && !self.everybody {
            return Ok(());
        }
        let asked = Instant::now();
        let doubted = self.hub.callers(|caller| {
            let account = caller.identity.user.parse().ok();
            account.is_some_and(|account| self.everybody || self.doubted.contains_key(&account))
        });
        for callers in doubted.chunks(CHUNK) {
            let sign_ins: Vec<Uuid> = callers.iter().filter_map(sign_in).collect();
            let alive = lapse::alive(&self.pools, &sign_ins).await?;
            for caller in callers {
                if let Some(end) = verdict(caller, &alive) {
                    self.hub.control_here(&end);
                }
            }
        }
        self.everybody = false;
        self.doubted.retain(|_, until| *until > asked);
        Ok(())
    }
}

fn sign_in(caller: &Arc<Caller>) -> Option<Uuid> {
    caller.identity.session.as_deref()?.parse().ok()
}

/// 3503 ends a connection for good. With 3011 the client comes back, and is recognised as what its
/// account is by then.
fn verdict(caller: &Arc<Caller>, alive: &HashMap<Uuid, Role>) -> Option<Control> {
    let role = sign_in(caller).and_then(|id| alive.get(&id));
    let (code, reason) = match role {
        Some(role) if role.as_str() == &*caller.identity.scope => return None,
        Some(_) => (3011, "force reconnect"),
        None => (3503, "force disconnect"),
    };
    Some(Control::Disconnect {
        user: Arc::clone(&caller.identity.user),
        session: caller.identity.session.clone(),
        code,
        reason: reason.into(),
    })
}

#[cfg(test)]
mod tests {
    use hub::ports::{Identity, Via};

    use super::*;

    fn caller(session: Uuid, role: Role) -> Arc<Caller> {
        Arc::new(Caller {
            identity: Identity {
                session: Some(session.to_string().into()),
                scope: role.as_str().into(),
                ..Identity::of("anna")
            },
            client: "client".into(),
            remote: None,
            via: Via::WebSocket,
        })
    }

    #[test]
    fn only_what_is_not_true_any_more_is_ended() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let alive = HashMap::from([(one, Role::Dispatcher)]);
        let code = |session, role| match verdict(&caller(session, role), &alive) {
            Some(Control::Disconnect { code, session, .. }) => session.map(|_| code),
            _ => None,
        };
        assert_eq!(code(one, Role::Dispatcher), None);
        assert_eq!(code(one, Role::Manager), Some(3011));
        assert_eq!(code(other, Role::Dispatcher), Some(3503));
    }
}
