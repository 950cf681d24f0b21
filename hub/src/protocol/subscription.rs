//! One channel on one connection: from the wish to subscribe to live deliveries.
//!
//! The order of a join is load-bearing (P3): open the channel on this instance, be registered and
//! buffer, and only then obtain what came before.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Bodies, Delivery, Moment, News, SubscriptionId,
    command::{Request, SubscribeRequest},
};
use crate::ports::{Body, ChannelName, Class, Grant, Position, Publication, Side, SubscribeIntent};

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: SubscriptionId,
    pub(super) channel: ChannelName,
    pub(super) request: SubscribeRequest,
    pub(super) side: Side,
    pub(super) state: State,
}

impl Subscription {
    pub(super) fn intent(&self) -> SubscribeIntent {
        self.request.intent(self.side)
    }

    /// Waits for the connect reply that is going to tell of it.
    pub(super) fn is_ready(&self) -> bool {
        match &self.state {
            State::Joining(join) => join.step == Step::Ready,
            State::Live(_) => true,
        }
    }
}

impl SubscribeRequest {
    pub(super) fn intent(&self, side: Side) -> SubscribeIntent {
        SubscribeIntent {
            channel: self.channel.clone(),
            token: self.token.clone(),
            data: self.data.clone(),
            side,
        }
    }
}

#[derive(Debug)]
pub(super) enum State {
    Joining(Box<Join>),
    /// Within the subscription, which every delivery looks at.
    Live(Live),
}

/// What a join waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Authorizing,
    /// Snapshots go one at a time; this one has not begun to open.
    QueuedToOpen,
    Opening,
    Recovering,
    /// Recovery failed, and another snapshot is on its way to the client.
    QueuedForSnapshot,
    ReadingSnapshot,
    FillingUp,
    Confirming,
    Entering,
    /// Made by the server while the connection connects: waits for the others.
    Ready,
}

/// How the end of a join is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// By the reply to this command.
    Command(u32),
    /// In the connect reply.
    Connect,
    /// By a push.
    Push,
}

/// Everything known of a subscription that has not been answered yet.
#[derive(Debug)]
pub(super) struct Join {
    pub(super) answer: Answer,
    pub(super) step: Step,
    pub(super) grant: Option<Grant>,
    /// Where the channel stood here when this subscriber was registered: everything after it is
    /// delivered to the buffer.
    pub(super) opened_at: Option<Position>,
    pub(super) obtained: Obtained,
    pub(super) buffer: Vec<Delivery>,
    pub(super) buffered_bytes: usize,
    /// How often this join started over.
    pub(super) attempts: u32,
    /// The right was doubted while it was being confirmed.
    pub(super) confirm_again: bool,
    /// Others see this subscriber in the presence list already.
    pub(super) listed: bool,
    /// Commands for the same channel that wait for the answer.
    pub(super) afterwards: VecDeque<(u32, Request)>,
    /// When waiting commands become the connection's end.
    pub(super) impatient_at: Option<Moment>,
}

/// How the asked recovery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecoveryOutcome {
    #[default]
    NotAsked,
    Recovered,
    Failed,
}

/// What a subscribe reply will be made of.
#[derive(Debug, Default)]
pub(super) struct Obtained {
    pub(super) outcome: RecoveryOutcome,
    /// The snapshot and, on durable channels, the offset it was read at.
    pub(super) snapshot: Option<(Body, u64)>,
    /// Recovered publications, listed in the reply.
    pub(super) missed: Vec<Arc<Publication>>,
    /// What follows the snapshot, pushed right after the reply.
    pub(super) following: Vec<Arc<Publication>>,
    /// Everything up to here is covered by the above.
    pub(super) position: Option<Position>,
}

impl RecoveryOutcome {
    /// For metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Recovered => "recovered",
            Self::Failed => "failed",
        }
    }
}

impl Join {
    pub(super) fn new(answer: Answer) -> Self {
        Self {
            answer,
            step: Step::Authorizing,
            grant: None,
            opened_at: None,
            obtained: Obtained::default(),
            buffer: Vec::new(),
            buffered_bytes: 0,
            attempts: 0,
            confirm_again: false,
            listed: false,
            afterwards: VecDeque::new(),
            impatient_at: None,
        }
    }

    pub(super) fn keep(&mut self, delivery: Delivery) {
        self.buffered_bytes += delivery.bytes();
        self.buffer.push(delivery);
    }

    /// Forgets what was obtained, to begin again at opening the channel.
    pub(super) fn start_over(&mut self) {
        self.step = Step::Opening;
        self.opened_at = None;
        self.obtained = Obtained::default();
        self.buffer.clear();
        self.buffered_bytes = 0;
        self.attempts += 1;
    }

    /// How the buffer continues what was obtained.
    pub(super) fn buffer_joins(&self) -> BufferJoin {
        let Some(position) = &self.obtained.position else {
            return BufferJoin::Contiguous;
        };
        let mut last = position.offset;
        for delivery in &self.buffer {
            let News::Publication(publication) = &delivery.event.news else {
                continue;
            };
            let Publication { offset, epoch, .. } = &**publication;
            if *epoch != position.epoch {
                return BufferJoin::OtherEpoch;
            }
            if *offset > last + 1 {
                return BufferJoin::Gap;
            }
            last = last.max(*offset);
        }
        BufferJoin::Contiguous
    }

    pub(super) fn is_durable(&self) -> bool {
        self.grant
            .as_ref()
            .is_some_and(|grant| grant.class == Class::Durable)
    }
}

/// See [`Join::buffer_joins`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BufferJoin {
    Contiguous,
    Gap,
    OtherEpoch,
}

/// A subscription that has been answered.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) grant: Grant,
    /// The last offset that was sent; `None` on ephemeral channels.
    pub(super) position: Option<Position>,
    pub(super) recheck: Recheck,
    /// On the presence list.
    pub(super) listed: bool,
    /// Its join was told, so its leave will be.
    pub(super) announced: bool,
    /// How publications are sent to it.
    pub(super) bodies: Bodies,
    /// Gets the joins and leaves of others.
    pub(super) hears_joins: bool,
    /// When the right ends unless it was renewed, the grace included.
    pub(super) expires_at: Option<Moment>,
}

/// Whether the application is being asked again about a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recheck {
    Idle,
    Asking,
    /// Doubted again while asking.
    AskAgain,
    /// The application could not say; it is asked again then.
    RetryAt(Moment),
}
