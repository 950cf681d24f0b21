//! Where every client stood, line by line: who it is, its connection, its subscriptions and how
//! far its views have come. It judges nothing; the promises look at it before a line is applied.

use std::collections::HashMap;

use uuid::Uuid;

use crate::history::{Event, Position, Role};

use super::reading::Placed;

#[derive(Debug, Default)]
pub struct Clients {
    clients: HashMap<u32, Client>,
}

#[derive(Debug, Default)]
pub struct Client {
    pub user: Option<Uuid>,
    pub role: Option<Role>,
    /// The id of its connection, while it has one.
    pub connection: Option<String>,
    pub subscriptions: HashMap<String, Subscription>,
}

#[derive(Debug)]
pub struct Subscription {
    pub phase: Phase,
    /// What the last subscribe asked to go on from.
    pub since: Option<Position>,
    /// What the client keeps of a durable channel, also while it is away.
    pub view: Option<View>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Asked,
    Live,
    /// Ended by the server, with the connection, or let go.
    Over,
}

/// A snapshot and all publications after it, up to `offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub epoch: String,
    pub offset: u64,
    pub base: Base,
}

/// The snapshot that a view began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Base {
    pub place: u64,
    pub offset: u64,
}

impl Clients {
    pub fn get(&self, client: u32) -> Option<&Client> {
        self.clients.get(&client)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &Client)> {
        self.clients
            .iter()
            .map(|(number, client)| (*number, client))
    }

    pub fn subscription(&self, client: u32, channel: &str) -> Option<&Subscription> {
        self.get(client)?.subscriptions.get(channel)
    }

    /// Clients with a live subscription of this channel.
    pub fn live_on<'a>(
        &'a self,
        channel: &'a str,
    ) -> impl Iterator<Item = (u32, &'a Client, &'a Subscription)> {
        self.iter().filter_map(move |(number, client)| {
            let subscription = client.subscriptions.get(channel)?;
            (subscription.phase == Phase::Live).then_some((number, client, subscription))
        })
    }

    pub fn apply(&mut self, placed: &Placed) {
        let client = self.clients.entry(placed.line.client).or_default();
        match &placed.line.event {
            Event::Person { user, role } => {
                client.user = *user;
                client.role = Some(*role);
            }
            Event::Connected { client: id, .. } => {
                client.end_all();
                client.connection = Some(id.clone());
            }
            Event::Closed { .. } => client.end_all(),
            Event::Subscribing { channel, since } => {
                let subscription = client.subscription(channel);
                subscription.phase = Phase::Asked;
                subscription.since.clone_from(since);
            }
            Event::Subscribed {
                channel,
                position,
                snapshot,
                publications,
                ..
            } => {
                let subscription = client.subscription(channel);
                subscription.phase = Phase::Live;
                let base = snapshot.is_some().then_some(placed.place);
                subscription.go_on(position.as_ref(), base);
                if let (Some(view), Some(last)) = (&mut subscription.view, publications.last()) {
                    view.offset = last.offset;
                }
            }
            Event::Denied { channel, .. }
            | Event::Unsubscribed { channel, .. }
            | Event::Left { channel } => client.subscription(channel).phase = Phase::Over,
            Event::Published { channel, seen } => {
                if let Some(view) = &mut client.subscription(channel).view {
                    view.offset = seen.offset;
                }
            }
            Event::Heard { .. }
            | Event::Sent { .. }
            | Event::Answered { .. }
            | Event::Fresh { .. }
            | Event::Present { .. }
            | Event::Fault { .. }
            | Event::Settled
            | Event::Leaked { .. }
            | Event::Deadlocks { .. }
            | Event::Resources { .. } => {}
        }
    }
}

impl Client {
    fn subscription(&mut self, channel: &str) -> &mut Subscription {
        if !self.subscriptions.contains_key(channel) {
            let new = Subscription {
                phase: Phase::Over,
                since: None,
                view: None,
            };
            self.subscriptions.insert(channel.to_owned(), new);
        }
        self.subscriptions
            .get_mut(channel)
            .expect("it was put in just now")
    }

    fn end_all(&mut self) {
        self.connection = None;
        for subscription in self.subscriptions.values_mut() {
            subscription.phase = Phase::Over;
        }
    }
}

impl Subscription {
    /// A reply came: with a snapshot the view begins anew, without it goes on.
    fn go_on(&mut self, position: Option<&Position>, snapshot: Option<u64>) {
        let Some(position) = position else {
            self.view = None;
            return;
        };
        let base = snapshot.map(|place| Base {
            place,
            offset: position.offset,
        });
        let kept = self.view.as_ref().map(|view| view.base);
        self.view = base.or(kept).map(|base| View {
            epoch: position.epoch.clone(),
            offset: position.offset,
            base,
        });
    }
}
