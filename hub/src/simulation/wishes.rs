//! What a session wishes for, carried out: frames to the client, questions to the application, and
//! the steps of a join, each after a while of its own.

use std::time::Duration;

use super::{
    coverage::Counter,
    world::{Event, LinkId, Phase, World},
};
use crate::{
    ports::{ChannelName, ConnectRefused, Denied, Grant, Identity, Offer},
    protocol::{
        Ask, CloseCode, Effect, Frame, Input, News,
        session::{Counted, RecoveryOutcome},
    },
};

impl World {
    pub(super) fn carry_out(&mut self, id: LinkId, effect: Effect) {
        match effect {
            Effect::Send(text) => self.send(id, text),
            Effect::SendSnapshot(text) => {
                self.send(id, text);
                let written = self.dice.micros(100, 20_000);
                self.after(written, Event::Input(id, Input::SnapshotWritten));
            }
            Effect::Close(code) => self.send_close(id, code),
            Effect::Authenticate(_) => self.authenticate(id),
            Effect::Connected(_) | Effect::Disconnected(_) => {}
            Effect::Authorize { ask, intent } => {
                let asked = self.dice.micros(100, 8_000);
                let channel = intent.channel.as_str().into();
                self.count_confirmed_again(id, &ask, &channel);
                self.after(asked, Event::Ask(id, ask, channel));
            }
            Effect::Open {
                subscription,
                channel,
                ..
            } => {
                let soon = self.dice.micros(0, 500);
                self.after(soon, Event::Open(id, subscription, channel));
            }
            Effect::Leave {
                subscription,
                channel,
            } => self.leave(id, subscription, &channel),
            Effect::Recover {
                subscription,
                channel,
                offset,
                epoch,
            } => {
                let soon = self.dice.micros(0, 500);
                self.after(
                    soon,
                    Event::Recall(id, subscription, channel, offset, epoch),
                );
            }
            Effect::ReadSnapshot {
                subscription,
                channel,
            } => self.want_snapshot(id, subscription, channel),
            presence @ (Effect::Enter { .. }
            | Effect::AnnounceJoin { .. }
            | Effect::Withdraw { .. }) => self.change_presence(id, presence),
            Effect::Count(counted) => self.note(counted),
            Effect::Refresh { .. }
            | Effect::Call { .. }
            | Effect::Publish { .. }
            | Effect::Read { .. } => {
                let what = "no client asks for that".to_owned();
                self.violated("a session does what clients ask", what);
            }
        }
    }

    /// The list itself is not modelled: it takes its time and says nothing.
    fn change_presence(&mut self, id: LinkId, change: Effect) {
        let soon = self.dice.micros(100, 10_000);
        if let Effect::Enter { subscription, .. } = change {
            self.after(soon, Event::Input(id, Input::Entered { subscription }));
        } else if let Effect::AnnounceJoin { channel, info } = change {
            self.announce(id, &channel, News::Join(info));
        } else if let Effect::Withdraw {
            channel,
            info,
            reply,
            ..
        } = change
        {
            self.announce(id, &channel, News::Leave(info));
            self.after(soon, Event::Input(id, Input::Withdrawn { reply }));
        }
    }

    fn send(&mut self, id: LinkId, frame: Frame) {
        if let Some(at) = self.arrival_down(id)
            && let Some(link) = self.links.get(&id)
        {
            self.at(at, Event::Reply(id, link.client, frame));
        }
    }

    fn send_close(&mut self, id: LinkId, code: CloseCode) {
        match code.code {
            3008 => self.coverage.count(Counter::Slow),
            3012 => self.coverage.count(Counter::NoPong),
            _ => {}
        }
        if let Some(at) = self.arrival_down(id)
            && let Some(link) = self.links.get(&id)
        {
            self.at(at, Event::Closed(id, link.client, Some(code)));
        }
    }

    fn authenticate(&mut self, id: LinkId) {
        let result = if self.phase == Phase::Chaos && self.dice.per_mille(20) {
            Err(ConnectRefused::Unavailable)
        } else {
            let client = self.links.get(&id).map_or(0, |link| link.client);
            Ok(Identity::of(&format!("user-{client}")))
        };
        let soon = self.dice.micros(200, 10_000);
        self.after(soon, Event::Input(id, Input::Authenticated(result)));
    }

    fn count_confirmed_again(&mut self, id: LinkId, ask: &Ask, channel: &ChannelName) {
        let doubted = self
            .links
            .get(&id)
            .is_some_and(|link| link.doubted.contains(channel));
        if doubted && matches!(ask, Ask::Confirm(_)) {
            self.coverage.count(Counter::ConfirmedAgain);
        }
    }

    pub(super) fn look_right_up(&mut self, id: LinkId, ask: Ask, channel: &ChannelName) {
        let chaos = self.phase == Phase::Chaos;
        let unavailable = chaos && self.dice.per_mille(20);
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.doubted.remove(channel);
        let lapsed = self.lapsed.contains(&(link.client, channel.clone()));
        let result = if unavailable {
            Err(Denied::Unavailable)
        } else if lapsed {
            Err(Denied::PermissionDenied)
        } else {
            let stream = self.plan.stream && *channel == self.channels[0];
            let expires = self.plan.rights_expire && chaos;
            Ok(Grant {
                presence: self.plan.presence,
                join_leave: if self.plan.presence {
                    Offer::Always
                } else {
                    Offer::Never
                },
                history: true,
                snapshot: !stream,
                delta: true,
                expires_in: expires.then(|| Duration::from_millis(600)),
                ..Grant::durable()
            })
        };
        let back = self.dice.micros(100, 8_000);
        self.after(back, Event::Input(id, Input::Authorized { ask, result }));
    }

    fn note(&mut self, counted: Counted) {
        let what = match counted {
            Counted::Subscribed(RecoveryOutcome::NotAsked) => Counter::FirstLoads,
            Counted::Unsubscribed(2500) => Counter::Resynced,
            Counted::OutOfOrder => Counter::OutOfOrder,
            Counted::JoinStartedOver => Counter::JoinsStartedOver,
            Counted::Subscribed(RecoveryOutcome::Recovered | RecoveryOutcome::Failed)
            | Counted::Error(_)
            | Counted::Unsubscribed(_) => return,
        };
        self.coverage.count(what);
    }
}
