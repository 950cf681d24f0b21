//! How a client behaves: a model of the official SDKs and of an application's view above them.
//!
//! `data` in a subscribe reply replaces the view, its absence keeps it; a subscription that the
//! server ends with 2500 or above is asked for again from the last position; a close below 3500
//! is followed by a connect, to any instance, with all positions.

use std::{collections::BTreeMap, time::Duration};

use super::{
    dice::Dice,
    frames::{Change, Frame, Publication, Push, Snapshot, Subscribed},
    oracle::Seen,
    plan::PING,
    truth::{EMPTY, fold},
    world::LinkId,
};
use crate::{
    ports::ChannelName,
    protocol::{Encoding, Moment, delta},
};

/// An answer that takes longer makes the client connect anew.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
/// Silence beyond the announced ping period that a client bears.
const SILENCE: Duration = Duration::from_secs(1);

/// What SDKs differ in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) encoding: Encoding,
    pub(super) deltas: bool,
}

impl Dialect {
    /// Each is spoken by one client in four.
    pub(super) fn of(client: usize) -> Self {
        Self {
            encoding: if client.is_multiple_of(2) {
                Encoding::Json
            } else {
                Encoding::Protobuf
            },
            deltas: client % 4 >= 2,
        }
    }
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) dialect: Dialect,
    pub(super) link: Option<LinkId>,
    connected: bool,
    last_command: u32,
    last_frame: Moment,
    pub(super) subscriptions: BTreeMap<ChannelName, Subscription>,
}

#[derive(Debug)]
pub(super) struct Subscription {
    /// Channels with snapshots carry a state, plain streams do not.
    snapshots: bool,
    /// Rather an error than a subscription from somewhere else.
    strict: bool,
    deltas: bool,
    /// The publication taken last, as text: what deltas differ from.
    base: Option<String>,
    pub(super) stage: Stage,
    pub(super) held: Option<Held>,
    /// An unsubscribe that has not been answered: what still arrives is ignored.
    leaving: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not asked for: given up by the server or left by the client.
    Idle,
    /// To be asked for as soon as there is a connection.
    Wanted,
    Asked(u32),
    Live,
}

/// A view and the position it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) offset: u64,
    pub(super) epoch: String,
    /// `None` for a plain stream.
    pub(super) state: Option<u64>,
}

/// What a client does.
#[derive(Debug)]
pub(super) enum Act {
    Send(String),
    /// Drop the connection, if there is one, and connect after a while.
    Redial(Duration),
    Later(Duration, Wait),
    Saw(ChannelName, Seen),
    GaveUpSilentLink,
}

/// What a client waits for.
#[derive(Debug, Clone)]
pub(super) enum Wait {
    Answer(LinkId, u32),
    Ping(LinkId),
    Subscribe(ChannelName),
}

impl Client {
    pub(super) fn new(
        channels: &[ChannelName],
        stream: bool,
        dialect: Dialect,
        dice: &mut Dice,
    ) -> Self {
        let subscriptions = channels.iter().enumerate().map(|(index, channel)| {
            let subscription = Subscription {
                snapshots: !(stream && index == 0),
                strict: dice.per_mille(150),
                deltas: dialect.deltas,
                base: None,
                stage: Stage::Wanted,
                held: None,
                leaving: None,
            };
            (channel.clone(), subscription)
        });
        Self {
            dialect,
            link: None,
            connected: false,
            last_command: 0,
            last_frame: Moment::default(),
            subscriptions: subscriptions.collect(),
        }
    }

    /// A connection was made.
    pub(super) fn dialled(&mut self, link: LinkId, now: Moment, dice: &mut Dice) -> Vec<Act> {
        self.link = Some(link);
        self.connected = false;
        self.last_command = 1;
        self.last_frame = now;
        let mut acts = vec![
            Act::Send("{\"id\":1,\"connect\":{\"token\":\"t\"}}".to_owned()),
            Act::Later(COMMAND_TIMEOUT, Wait::Answer(link, 1)),
            Act::Later(PING + SILENCE, Wait::Ping(link)),
        ];
        if dice.per_mille(300) {
            self.subscribe_all(link, &mut acts);
        }
        acts
    }

    /// The connection ended, as seen from here.
    pub(super) fn lost(&mut self, dice: &mut Dice) -> Vec<Act> {
        self.hang_up();
        vec![Act::Redial(dice.millis(20, 400))]
    }

    /// Forgets the connection; positions and views stay.
    pub(super) fn hang_up(&mut self) {
        self.link = None;
        self.connected = false;
        for subscription in self.subscriptions.values_mut() {
            subscription.leaving = None;
            if subscription.stage != Stage::Idle {
                subscription.stage = Stage::Wanted;
            }
        }
    }

    fn subscribe_all(&mut self, link: LinkId, acts: &mut Vec<Act>) {
        let channels: Vec<_> = self.subscriptions.keys().cloned().collect();
        for channel in channels {
            self.subscribe(&channel, link, acts);
        }
    }

    fn subscribe(&mut self, channel: &ChannelName, link: LinkId, acts: &mut Vec<Act>) {
        let Some(subscription) = self.subscriptions.get_mut(channel) else {
            return;
        };
        if subscription.stage != Stage::Wanted {
            return;
        }
        self.last_command += 1;
        let id = self.last_command;
        subscription.stage = Stage::Asked(id);
        let flag = if subscription.strict { 2 } else { 0 };
        let since = subscription.held.as_ref().map_or_else(String::new, |held| {
            let Held { offset, epoch, .. } = held;
            format!(",\"recover\":true,\"offset\":{offset},\"epoch\":\"{epoch}\",\"flag\":{flag}")
        });
        let delta = if subscription.deltas {
            ",\"delta\":\"fossil\""
        } else {
            ""
        };
        acts.push(Act::Send(format!(
            "{{\"id\":{id},\"subscribe\":{{\"channel\":\"{channel}\"{since}{delta}}}}}"
        )));
        acts.push(Act::Later(COMMAND_TIMEOUT, Wait::Answer(link, id)));
    }

    /// The application wants a channel that it had left, or that was taken from it.
    pub(super) fn want(&mut self, channel: &ChannelName) -> Vec<Act> {
        let mut acts = Vec::new();
        if let Some(subscription) = self.subscriptions.get_mut(channel)
            && subscription.stage == Stage::Idle
        {
            subscription.stage = Stage::Wanted;
            if let Some(link) = self.link.filter(|_| self.connected) {
                self.subscribe(channel, link, &mut acts);
            }
        }
        acts
    }

    /// The application leaves a channel; its view goes, or is kept on disk with its position.
    pub(super) fn leave(&mut self, channel: &ChannelName, dice: &mut Dice) -> Option<Vec<Act>> {
        let keeps = dice.per_mille(400);
        let connected = self.connected;
        let subscription = self.subscriptions.get_mut(channel)?;
        if !connected || !matches!(subscription.stage, Stage::Live | Stage::Asked(_)) {
            return None;
        }
        subscription.stage = Stage::Idle;
        if !keeps {
            subscription.held = None;
        }
        self.last_command += 1;
        let id = self.last_command;
        subscription.leaving = Some(id);
        let frame = format!("{{\"id\":{id},\"unsubscribe\":{{\"channel\":\"{channel}\"}}}}");
        let back = dice.millis(0, 300);
        Some(vec![
            Act::Send(frame),
            Act::Later(back, Wait::Subscribe(channel.clone())),
        ])
    }

    pub(super) fn waited(&mut self, wait: Wait, now: Moment, dice: &mut Dice) -> Vec<Act> {
        match wait {
            Wait::Subscribe(channel) => self.want(&channel),
            Wait::Answer(link, id) if self.link == Some(link) && self.waits_for(id) => {
                self.lost(dice)
            }
            Wait::Ping(link) if self.link == Some(link) => {
                let silent = now.since(self.last_frame);
                if silent < PING + SILENCE {
                    let left = (PING + SILENCE).saturating_sub(silent);
                    return vec![Act::Later(left, Wait::Ping(link))];
                }
                let mut acts = self.lost(dice);
                acts.push(Act::GaveUpSilentLink);
                acts
            }
            Wait::Answer(..) | Wait::Ping(_) => Vec::new(),
        }
    }

    fn waits_for(&self, id: u32) -> bool {
        if id == 1 {
            return !self.connected;
        }
        self.subscriptions
            .values()
            .any(|subscription| subscription.stage == Stage::Asked(id))
    }

    /// A frame of the current connection.
    pub(super) fn frame(&mut self, frame: &[u8], now: Moment, dice: &mut Dice) -> Vec<Act> {
        let Some(link) = self.link else {
            return Vec::new();
        };
        self.last_frame = now;
        if frame == b"{}" {
            return vec![Act::Send("{}".to_owned())];
        }
        let frame: Frame =
            serde_json::from_slice(frame).expect("the session writes what the SDKs read");
        let mut acts = Vec::new();
        if let Some(push) = frame.push {
            self.pushed(push, dice, &mut acts);
        } else if frame.connect.is_some() {
            self.connected = true;
            self.subscribe_all(link, &mut acts);
        } else if frame.id == 1 {
            acts = self.lost(dice);
        } else {
            self.answered(frame, dice, &mut acts);
        }
        acts
    }

    fn answered(&mut self, frame: Frame, dice: &mut Dice, acts: &mut Vec<Act>) {
        let id = frame.id;
        let asked = self.subscriptions.iter_mut().find(|(_, subscription)| {
            subscription.stage == Stage::Asked(id) || subscription.leaving == Some(id)
        });
        let Some((channel, subscription)) = asked else {
            return;
        };
        if subscription.leaving == Some(id) {
            subscription.leaving = None;
            return;
        }
        if let Some(reply) = frame.subscribe {
            let mut seen = Vec::new();
            subscription.subscribed(reply, &mut seen);
            acts.extend(seen.into_iter().map(|seen| Act::Saw(channel.clone(), seen)));
            return;
        }
        let Some(refusal) = frame.error else {
            return;
        };
        subscription.stage = Stage::Idle;
        let again = if refusal.code == 112 {
            subscription.held = None;
            Duration::ZERO
        } else if refusal.temporary {
            dice.millis(20, 300)
        } else {
            // Terminal for the SDK. The application tries once in a while.
            subscription.held = None;
            dice.millis(200, 600)
        };
        acts.push(Act::Saw(channel.clone(), Seen::Refused(refusal.code)));
        acts.push(Act::Later(again, Wait::Subscribe(channel.clone())));
    }

    fn pushed(&mut self, push: Push, dice: &mut Dice, acts: &mut Vec<Act>) {
        let channel: ChannelName = push.channel.as_str().into();
        let Some(subscription) = self.subscriptions.get_mut(&channel) else {
            return;
        };
        if subscription.leaving.is_some() {
            return;
        }
        if subscription.stage != Stage::Live {
            return acts.push(Act::Saw(channel, Seen::BeforeTheReply));
        }
        if let Some(publication) = push.publication {
            let seen = subscription.accept(&publication);
            return acts.push(Act::Saw(channel, seen));
        }
        let Some(end) = push.unsubscribe else {
            return;
        };
        subscription.stage = Stage::Idle;
        let again = if end.code >= 2500 {
            dice.millis(0, 2)
        } else {
            subscription.held = None;
            dice.millis(200, 600)
        };
        acts.push(Act::Saw(channel.clone(), Seen::Ended(end.code)));
        acts.push(Act::Later(again, Wait::Subscribe(channel)));
    }
}

impl Subscription {
    fn subscribed(&mut self, reply: Subscribed, seen: &mut Vec<Seen>) {
        self.stage = Stage::Live;
        self.base = None;
        let asked_from = self.held.as_ref().map(|held| held.offset);
        let (offset, epoch) = (reply.offset, reply.epoch);
        if let Some(Snapshot { state }) = reply.data {
            let held = Held {
                offset,
                epoch,
                state: Some(state),
            };
            self.held = Some(held.clone());
            let recovering = asked_from.is_some();
            seen.push(Seen::Snapshot { held, recovering });
        } else if reply.recovered {
            seen.push(Seen::Recovered {
                from: offset,
                asked_from,
            });
            if let Some(held) = &mut self.held {
                held.epoch = epoch;
            }
        } else {
            self.held = Some(Held {
                offset,
                epoch,
                state: None,
            });
            seen.push(Seen::StreamFrom {
                wanted_snapshot: self.snapshots,
                recovering: asked_from.is_some(),
            });
        }
        for publication in &reply.publications {
            let accepted = self.accept(publication);
            seen.push(accepted);
        }
    }

    /// Takes a publication into the view, as clients do: without looking whether it fits.
    fn accept(&mut self, publication: &Publication) -> Seen {
        let Some(text) = self.text(publication) else {
            return Seen::DoesNotFit(publication.offset);
        };
        let Change { body } =
            serde_json::from_str(&text).expect("the session writes what the SDKs read");
        self.base = Some(text);
        let held = self.held.get_or_insert_with(|| Held {
            offset: 0,
            epoch: String::new(),
            state: Some(EMPTY),
        });
        let before = held.offset;
        held.offset = publication.offset;
        held.state = held.state.map(|state| fold(state, body));
        Seen::Publication {
            before,
            body,
            held: held.clone(),
            delta: publication.delta,
        }
    }

    /// The body as text; `None` for a delta that does not fit to the one before.
    fn text(&self, publication: &Publication) -> Option<String> {
        let data = &publication.data;
        let Some(text) = data.as_str() else {
            return Some(data.to_string());
        };
        if !publication.delta {
            return Some(text.to_owned());
        }
        let new = delta::apply(self.base.as_ref()?.as_bytes(), text.as_bytes())?;
        String::from_utf8(new).ok()
    }
}
