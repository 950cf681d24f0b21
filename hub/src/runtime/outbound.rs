//! From this instance to the others. Whoever commits never waits for the wire: batches go through a
//! bounded queue, and what does not fit or does not get through is found in the log by its readers.

use std::{sync::Arc, time::Duration};

use metrics::counter;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{handle::Handle, hub::Hub, queue::Item};
use crate::{
    ports::{Caller, Control, Identity, Publication},
    protocol::{CloseCode, News, UnsubscribeCode},
};

/// Something for the other instances.
#[derive(Debug)]
pub(super) enum Outbound {
    Publications(Vec<Publication>),
    Control(Control),
    /// To be told when everything before it has been offered.
    Mark(oneshot::Sender<()>),
}

/// Publications offered to the wire at once.
const BATCH: usize = 512;
/// A control message is offered this often before it is given up.
const CONTROL_ATTEMPTS: u32 = 5;

impl Hub {
    /// Publications that have just been committed (or need no commit, being ephemeral): to the
    /// subscribers here at once, to the other instances soon. Never waits.
    pub fn committed(&self, publications: Vec<Publication>) {
        counter!("hub_publications_total", "from" => "here").increment(publications.len() as u64);
        for publication in &publications {
            self.heard(publication.clone());
        }
        self.send_out(Outbound::Publications(publications));
    }

    /// Does here what the message says, and tells the other instances.
    pub async fn control(&self, control: Control) {
        self.apply(&control);
        self.send_out(Outbound::Control(control));
        // Room for tasks that the message has woken, where many are sent in a loop.
        tokio::task::yield_now().await;
    }

    /// Does here what the message says, and tells nobody: for whoever sees to it on every instance.
    pub fn control_here(&self, control: &Control) {
        self.apply(control);
    }

    /// Those of this instance's connections that were recognised, as far as they are `wanted`.
    pub fn callers(&self, wanted: impl Fn(&Caller) -> bool) -> Vec<Arc<Caller>> {
        let handles = self.connection_table();
        let callers = handles.iter().filter_map(|handle| handle.caller());
        callers.filter(|caller| wanted(caller)).cloned().collect()
    }

    fn send_out(&self, outbound: Outbound) {
        if self.outbound().try_send(outbound).is_err() {
            counter!("hub_broker_drops_total", "reason" => "queue full").increment(1);
        }
    }

    /// Join or leave, from a connection of this instance.
    pub(super) fn announce(&self, control: Control) {
        self.apply(&control);
        self.send_out(Outbound::Control(control));
    }

    /// What a control message means on this instance.
    pub(super) fn apply(&self, control: &Control) {
        match control {
            Control::Disconnect {
                user,
                session,
                code,
                reason,
            } => {
                let code = CloseCode::chosen(*code, reason);
                for connection in self.connections_of(user, session.as_deref()) {
                    connection.end(code.clone());
                }
            }
            Control::Reauthorize { channel, user } => {
                self.registry().reauthorize(channel, user.as_deref());
            }
            Control::Subscribe {
                user,
                session,
                channel,
            } => {
                for connection in self.connections_of(user, session.as_deref()) {
                    connection.signal(Item::Subscribe(channel.clone()));
                }
            }
            Control::Unsubscribe {
                channel,
                user,
                code,
            } => {
                let handles = self.registry().handles(channel, user.as_deref());
                self.tell(handles.into_iter().map(|handle| {
                    let code = UnsubscribeCode::chosen(*code);
                    (Item::Unsubscribe(Box::new((channel.clone(), code))), handle)
                }));
            }
            Control::Join { channel, info } => {
                self.tell_presence(channel, News::Join(info.clone()));
            }
            Control::Leave { channel, info } => {
                self.tell_presence(channel, News::Leave(info.clone()));
            }
            Control::EpochChanged => self.doubt_all(),
            Control::Emulated(message) => self.take_emulated(message),
            Control::EmulationAnswered { number, answer } => {
                self.emulation_answered(*number, *answer);
            }
        }
    }

    /// The connections of a user on this instance, or only those of one sign-in.
    fn connections_of(&self, user: &str, session: Option<&str>) -> Vec<Arc<Handle>> {
        let mut connections = self.connection_table();
        connections.retain(|connection| {
            connection.caller().is_some_and(|caller| {
                let Identity {
                    user: own,
                    session: of,
                    ..
                } = &caller.identity;
                **own == *user && session.is_none_or(|wanted| of.as_deref() == Some(wanted))
            })
        });
        connections
    }

    pub(super) async fn run_outbound(self, mut outbound: mpsc::Receiver<Outbound>) {
        let mut received = Vec::new();
        while outbound.recv_many(&mut received, BATCH).await > 0 {
            let (mut publications, mut marks) = (Vec::new(), Vec::new());
            for item in received.drain(..) {
                match item {
                    Outbound::Publications(batch) => publications.extend(batch),
                    Outbound::Control(control) => self.offer_control(control),
                    Outbound::Mark(mark) => marks.push(mark),
                }
            }
            if !publications.is_empty() {
                self.offer_publications(publications).await;
            }
            for mark in marks {
                // Whoever asked may have given up.
                let _ = mark.send(());
            }
        }
    }

    /// Everything committed before has been offered to the wire.
    pub(super) async fn sent_out(&self) {
        let (mark, reached) = oneshot::channel();
        if self.outbound().send(Outbound::Mark(mark)).await.is_ok() {
            // An end of the task that sends is an answer too.
            let _ = reached.await;
        }
    }

    async fn offer_publications(&self, publications: Vec<Publication>) {
        let offer = self.broker().publish(publications);
        match timeout(self.broker_timeout(), offer).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                counter!("hub_broker_drops_total", "reason" => "refused").increment(1);
                tracing::debug!(%error, "publications left to the log");
            }
            Err(_) => {
                counter!("hub_broker_drops_total", "reason" => "timeout").increment(1);
            }
        }
    }

    /// Control messages have no log behind them, so they are tried several times; joins and leaves
    /// are advisory and are not.
    fn offer_control(&self, control: Control) {
        let attempts = match control {
            Control::Join { .. }
            | Control::Leave { .. }
            | Control::Emulated(_)
            | Control::EmulationAnswered { .. } => 1,
            Control::Disconnect { .. }
            | Control::Reauthorize { .. }
            | Control::Subscribe { .. }
            | Control::Unsubscribe { .. }
            | Control::EpochChanged => CONTROL_ATTEMPTS,
        };
        let hub = self.clone();
        self.tracker().spawn(async move {
            for attempt in 0..attempts {
                let offer = hub.broker().control(control.clone());
                if let Ok(Ok(())) = timeout(hub.broker_timeout(), offer).await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            counter!("hub_broker_drops_total", "reason" => "control").increment(1);
        });
    }

    /// The log went back: it needs another name, and every instance has to notice.
    pub(super) fn renew_epoch(&self, seen: Arc<str>) {
        let hub = self.clone();
        self.tracker().spawn(async move {
            match hub.in_log_time(hub.log().renew_epoch(&seen)).await {
                Ok(epoch) => {
                    tracing::warn!(%seen, %epoch, "the channel log went back and has a new name");
                    hub.control(Control::EpochChanged).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the channel log went back and could not be renamed");
                }
            }
        });
    }
}
