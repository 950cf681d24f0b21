//! What a session wishes for, as futures: each ends in the input that answers it.
//!
//! Reads and questions run inside the connection's task and go with it. Calls and publishes run in
//! tasks of their own, which a closed socket does not cancel (P5).

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use metrics::histogram;
use tokio::time::timeout;

use super::{
    hub::Hub,
    registry::{Subscriber, SubscriberKey},
};
use crate::{
    ports::{
        Body, Caller, ChannelName, Class, ConnectRefused, Denied, Hello, LogError, LogRead,
        Position, PublishIntent, RefreshRefused, SubscribeIntent,
    },
    protocol::{
        Ask, Input, Read, SubscriptionId,
        session::{HistoryQuery, Order},
    },
};

pub(super) type Operation = BoxFuture<'static, Input<'static>>;

impl Hub {
    pub(super) fn authenticate(&self, hello: Hello) -> Operation {
        let hub = self.clone();
        async move {
            let answer = hub.application().authenticate(hello);
            let result = timeout(hub.config().answer_timeout(), answer)
                .await
                .unwrap_or(Err(ConnectRefused::Unavailable));
            Input::Authenticated(result)
        }
        .boxed()
    }

    pub(super) fn refresh(&self, caller: Arc<Caller>, id: u32, token: String) -> Operation {
        let hub = self.clone();
        async move {
            let answer = hub.application().refresh(&caller, &token);
            let result = timeout(hub.config().answer_timeout(), answer)
                .await
                .unwrap_or(Err(RefreshRefused::Unavailable));
            Input::Refreshed { id, result }
        }
        .boxed()
    }

    pub(super) fn authorize(
        &self,
        caller: Arc<Caller>,
        ask: Ask,
        intent: SubscribeIntent,
    ) -> Operation {
        let hub = self.clone();
        async move {
            let answer = hub.application().authorize(&caller, &intent);
            let result = hub.in_time(answer).await;
            Input::Authorized { ask, result }
        }
        .boxed()
    }

    pub(super) fn open_for(
        &self,
        channel: ChannelName,
        class: Class,
        key: SubscriberKey,
        subscriber: Subscriber,
    ) -> Operation {
        let hub = self.clone();
        async move {
            let opened = hub.open(&channel, class, key, &subscriber);
            let result = hub.in_time(opened).await;
            Input::Opened {
                subscription: key.subscription,
                result,
            }
        }
        .boxed()
    }

    pub(super) fn recover_for(
        &self,
        subscription: SubscriptionId,
        channel: ChannelName,
        offset: u64,
        epoch: String,
    ) -> Operation {
        let hub = self.clone();
        async move {
            let result = hub.in_time(hub.recover(&channel, offset, &epoch)).await;
            Input::Recovered {
                subscription,
                result,
            }
        }
        .boxed()
    }

    pub(super) fn snapshot_for(
        &self,
        subscription: SubscriptionId,
        channel: ChannelName,
    ) -> Operation {
        let hub = self.clone();
        async move {
            let result = hub.in_time(hub.snapshot(&channel)).await;
            Input::SnapshotRead {
                subscription,
                result,
            }
        }
        .boxed()
    }

    pub(super) fn call(
        &self,
        caller: Arc<Caller>,
        id: u32,
        method: String,
        data: Option<Body>,
    ) -> Operation {
        let hub = self.clone();
        let task = self.tracker().spawn(async move {
            let begun = tokio::time::Instant::now();
            let data = data.as_ref().map(Body::as_ref);
            let result = hub.application().execute(&caller, &method, data).await;
            histogram!("hub_call_seconds").record(begun.elapsed().as_secs_f64());
            result
        });
        async move {
            let result = task.await.unwrap_or(Err(Denied::Unavailable));
            Input::Called { id, result }
        }
        .boxed()
    }

    pub(super) fn publish(&self, caller: Arc<Caller>, id: u32, intent: PublishIntent) -> Operation {
        let hub = self.clone();
        let task = self
            .tracker()
            .spawn(async move { hub.application().publish(&caller, intent).await });
        async move {
            let result = task.await.unwrap_or(Err(Denied::Unavailable));
            Input::Published { id, result }
        }
        .boxed()
    }

    pub(super) fn read_for(&self, id: u32, read: Read) -> Operation {
        let hub = self.clone();
        async move {
            match read {
                Read::Presence { channel, query } => {
                    let list = async {
                        let list = hub.presence().list(&channel).await;
                        let list = list.map_err(|_| Denied::Unavailable)?;
                        Ok(list.into_iter().map(|entry| entry.info).collect())
                    };
                    let result = hub.in_time(list).await;
                    Input::Listed { id, query, result }
                }
                Read::History { channel, query } => {
                    let result = hub.in_time(hub.read_history(&channel, &query)).await;
                    let epoch = query
                        .since
                        .map(|since| since.epoch)
                        .filter(|epoch| !epoch.is_empty());
                    Input::HistoryRead { id, epoch, result }
                }
            }
        }
        .boxed()
    }

    async fn read_history(
        &self,
        channel: &ChannelName,
        query: &HistoryQuery,
    ) -> Result<LogRead, Denied> {
        if query.limit == 0 {
            return Ok(LogRead {
                publications: Vec::new(),
                head: self.log_head(channel).await?,
            });
        }
        let since = query.since.as_ref().map(|since| since.offset);
        match query.order {
            Order::Forward => {
                let after = since.unwrap_or(0);
                self.log_read_after(channel, after, query.limit).await
            }
            Order::Reverse => {
                let _turn = self.repair_turn().await?;
                let read = self.log().read_before(channel, since, query.limit);
                self.in_log_time(read)
                    .await
                    .map_err(|_| Denied::Unavailable)
            }
        }
    }

    pub(super) async fn log_head(&self, channel: &str) -> Result<Position, Denied> {
        let _turn = self.repair_turn().await?;
        self.in_log_time(self.log().head(channel))
            .await
            .map_err(|_| Denied::Unavailable)
    }

    pub(super) async fn log_read_after(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Result<LogRead, Denied> {
        let _turn = self.repair_turn().await?;
        self.in_log_time(self.log().read_after(channel, after, limit))
            .await
            .map_err(|_| Denied::Unavailable)
    }

    /// Waits for an answer no longer than clients do.
    pub(super) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, Denied>>,
    ) -> Result<T, Denied> {
        timeout(self.config().answer_timeout(), answer)
            .await
            .unwrap_or(Err(Denied::Unavailable))
    }

    pub(super) async fn in_log_time<T>(
        &self,
        read: impl Future<Output = Result<T, LogError>>,
    ) -> Result<T, LogError> {
        timeout(self.config().answer_timeout(), read)
            .await
            .unwrap_or_else(|_| Err(LogError("no answer in time".to_owned())))
    }

    pub(super) fn broker_timeout(&self) -> Duration {
        Duration::from_millis(self.config().broker_timeout_ms)
    }
}
