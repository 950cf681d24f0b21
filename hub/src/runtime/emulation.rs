//! Connections whose replies go out as the body of an HTTP response, and the messages of their
//! clients, which come by requests of their own to any instance: one that does not hold the
//! connection hands them to the one that does, and hears from it what became of them.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use dashmap::DashMap;
use metrics::counter;
use tokio::{sync::oneshot, time::timeout};
use tracing::Instrument;

use super::{
    hub::Hub,
    inbox::Inbox,
    stream::{Framing, ReplyBody, ReplyStream},
    transport::Transport,
};
use crate::{
    ports::{Control, Emulated, EmulatedMessage, EmulationRefused, NodeName, SessionKey, Told},
    protocol::{Emulation, EmulationRequest},
};

/// Longest name of an instance that is looked for.
const NODE_NAME_BYTES: usize = 64;

/// Who waits for messages here, and who waits for what became of one.
#[derive(Debug, Default)]
pub(super) struct Emulations {
    held: DashMap<u128, (SessionKey, Arc<Inbox>)>,
    unanswered: DashMap<u128, oneshot::Sender<Emulated>>,
}

impl Emulations {
    fn take_in(&self, session: &SessionKey, number: u128, message: Bytes) -> Emulated {
        let held = self
            .held
            .get(&session.place())
            .ok_or(EmulationRefused::UnknownSession)?;
        let (key, inbox) = held.value();
        if !key.is(session) {
            return Err(EmulationRefused::UnknownSession);
        }
        inbox.offer(number, message)
    }

    fn answered(&self, number: u128, answer: Emulated) {
        if let Some((_, waiting)) = self.unanswered.remove(&number) {
            // Whoever asked may have given up.
            let _ = waiting.send(answer);
        }
    }
}

/// A connection's place in the table; dropped, its session is unknown.
pub(super) struct Held {
    hub: Hub,
    key: SessionKey,
}

impl Held {
    /// What the client is told, so that its messages find the connection.
    pub(super) fn emulation(&self) -> Emulation {
        Emulation {
            session: self.key.clone(),
            node: self.hub.node(),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hub.emulations().held.remove(&self.key.place());
    }
}

/// A question that is not waited for any more when this is dropped.
struct Unanswered<'a> {
    emulations: &'a Emulations,
    number: u128,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.emulations.unanswered.remove(&self.number);
    }
}

impl Hub {
    /// This instance's name among those that share its wire.
    pub fn node(&self) -> NodeName {
        self.broker().node()
    }

    /// Serves one connection whose replies are the body returned, which is to be read until it
    /// ends and dropped when its reader is gone. `first` holds the connect command; everything
    /// after it comes by [`Hub::emulate`], here or on another instance.
    pub fn serve_stream(
        &self,
        first: Bytes,
        remote: Option<IpAddr>,
        framing: Framing,
    ) -> Result<ReplyBody, EmulationRefused> {
        self.check(&first)?;
        let key = SessionKey::new(rand::random(), rand::random());
        let limit = self.config().emulation_queue_bytes;
        let inbox = Arc::new(Inbox::beginning_with(first, limit));
        let entry = (key.clone(), inbox.clone());
        self.emulations().held.insert(key.place(), entry);
        let held = Held {
            hub: self.clone(),
            key,
        };
        let (link, body) = ReplyStream::new(framing, inbox, self.config());
        let transport = Transport::over(link, self.write_stall(), self.traffic().clone());
        let connection = self
            .clone()
            .serve(transport, remote, framing.encoding(), Some(held));
        self.tracker().spawn(connection.in_current_span());
        Ok(body)
    }

    /// Hands a message to the connection that it is for, wherever that is. Returns within
    /// `broker_timeout_ms` and `emulation_answer_ms` together.
    pub async fn emulate(&self, request: EmulationRequest) -> Emulated {
        let answer = self.hand_over(request).await;
        let result = match answer {
            Ok(()) => "taken",
            Err(EmulationRefused::UnknownSession) => "unknown session",
            Err(EmulationRefused::Empty) => "empty",
            Err(EmulationRefused::TooLarge) => "too large",
            Err(EmulationRefused::Busy) => "busy",
            Err(EmulationRefused::Unavailable) => "unavailable",
        };
        counter!("hub_emulated_total", "result" => result).increment(1);
        answer
    }

    async fn hand_over(&self, request: EmulationRequest) -> Emulated {
        self.check(&request.data)?;
        let session =
            SessionKey::parse(&request.session).ok_or(EmulationRefused::UnknownSession)?;
        let number = rand::random();
        let own = self.node();
        if *request.node == *own {
            return self.emulations().take_in(&session, number, request.data);
        }
        if !can_be_a_node(&request.node) {
            return Err(EmulationRefused::UnknownSession);
        }
        let message = EmulatedMessage {
            from: own,
            number,
            session,
            message: request.data,
        };
        self.hand_to(&request.node, message).await
    }

    async fn hand_to(&self, node: &str, message: EmulatedMessage) -> Emulated {
        let (sender, answer) = oneshot::channel();
        let emulations = self.emulations();
        let number = message.number;
        emulations.unanswered.insert(number, sender);
        let _unanswered = Unanswered { emulations, number };
        let offer = self.broker().tell(node, Control::Emulated(message));
        match timeout(self.broker_timeout(), offer).await {
            Ok(Ok(Told::Sent)) => {}
            Ok(Ok(Told::NobodyThere)) => return Err(EmulationRefused::UnknownSession),
            Ok(Err(_)) | Err(_) => return Err(EmulationRefused::Unavailable),
        }
        let patience = Duration::from_millis(self.config().emulation_answer_ms);
        match timeout(patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(EmulationRefused::Unavailable),
        }
    }

    /// From another instance: a message for a connection that was held here.
    pub(super) fn take_emulated(&self, emulated: &EmulatedMessage) {
        let EmulatedMessage {
            from,
            number,
            session,
            message,
        } = emulated.clone();
        let answer = self.emulations().take_in(&session, number, message);
        let hub = self.clone();
        self.tracker().spawn(async move {
            let answer = Control::EmulationAnswered { number, answer };
            let offer = hub.broker().tell(&from, answer);
            if !matches!(timeout(hub.broker_timeout(), offer).await, Ok(Ok(_))) {
                counter!("hub_broker_drops_total", "reason" => "answer").increment(1);
            }
        });
    }

    /// From another instance: what became of a message that came here.
    pub(super) fn emulation_answered(&self, number: u128, answer: Emulated) {
        self.emulations().answered(number, answer);
    }

    fn check(&self, message: &Bytes) -> Emulated {
        if message.is_empty() {
            return Err(EmulationRefused::Empty);
        }
        if message.len() > self.config().message_bytes {
            return Err(EmulationRefused::TooLarge);
        }
        Ok(())
    }
}

fn can_be_a_node(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !name.is_empty() && name.len() <= NODE_NAME_BYTES && name.bytes().all(allowed)
}
