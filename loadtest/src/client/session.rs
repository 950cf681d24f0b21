//! What a client wants, has asked for and knows, over all its connections. No I/O: it takes frames
//! that came and makes the frame that is to go, and records both.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::{
    Topic,
    commands::{ANSWER, Answer, Command, Commands, Done},
    recorder::Recorder,
    wire::{Envelope, Error, Frame, Publication, Push, Reply, Subscribe},
};
use crate::history::{Event, Outcome, Position, Seen, digest};

/// Wait before a subscription is asked for again after a passing error; it doubles, five times.
const RESUBSCRIBE: Duration = Duration::from_millis(250);
const DOUBLINGS: u32 = 5;

/// A channel that the client wants to follow.
struct Follow {
    topic: Arc<Topic>,
    position: Option<Position>,
    state: Following,
    /// Passing errors in a row.
    failures: u32,
}

enum Following {
    /// To be asked for at this time.
    Wanted(Instant),
    Asked,
    Live,
    /// The server said no, for good.
    Denied,
}

enum Asked {
    Connect,
    Subscribe(String),
    Command,
    Refresh,
    Presence(oneshot::Sender<String>),
    /// Nothing is made of the answer: who is not at work is not followed.
    Location,
    Unsubscribe,
}

/// What the connection is to do after a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    /// The token is not good any more.
    TokenExpired,
    /// End it and come again.
    Reconnect,
}

/// See the module.
pub struct Session {
    pub number: u32,
    pub recorder: Recorder,
    pub commands: Commands,
    pub frame: Frame,
    done: UnboundedSender<Done>,
    follows: Vec<Follow>,
    asked: HashMap<u32, (Asked, Instant)>,
    last_request: u32,
    connected: Option<Connected>,
}

/// What the connect reply told.
#[derive(Debug, Clone)]
pub struct Connected {
    pub id: String,
    /// Silence beyond this means that the connection is dead.
    pub silence: Duration,
    pub renew_at: Option<Instant>,
}

impl Session {
    pub fn new(number: u32, recorder: Recorder, done: UnboundedSender<Done>) -> Self {
        Self {
            number,
            recorder,
            commands: Commands::default(),
            frame: Frame::default(),
            done,
            follows: Vec::new(),
            asked: HashMap::new(),
            last_request: 0,
            connected: None,
        }
    }

    pub fn record(&self, event: Event) {
        self.recorder.record(self.number, event);
    }

    pub fn connected(&self) -> Option<&Connected> {
        self.connected.as_ref()
    }

    /// Is it live on every channel it may have?
    pub fn is_caught_up(&self) -> bool {
        let settled = |follow: &Follow| matches!(follow.state, Following::Live | Following::Denied);
        self.connected.is_some() && self.follows.iter().all(settled)
    }

    fn ask(&mut self, asked: Asked, now: Instant) -> u32 {
        self.last_request += 1;
        self.asked.insert(self.last_request, (asked, now + ANSWER));
        self.last_request
    }

    /// The first request on a new connection.
    pub fn open(&mut self, token: Option<&str>, now: Instant) {
        let id = self.ask(Asked::Connect, now);
        self.frame.connect(id, token);
    }

    pub fn refresh(&mut self, token: &str, now: Instant) {
        let id = self.ask(Asked::Refresh, now);
        self.frame.refresh(id, token);
    }

    pub fn follow(&mut self, topic: Arc<Topic>, now: Instant) {
        if self
            .follows
            .iter()
            .all(|follow| follow.topic.name != topic.name)
        {
            self.follows.push(Follow {
                topic,
                position: None,
                state: Following::Wanted(now),
                failures: 0,
            });
        }
    }

    pub fn leave(&mut self, channel: &str, now: Instant) {
        let Some(place) = self
            .follows
            .iter()
            .position(|follow| follow.topic.name == channel)
        else {
            return;
        };
        let follow = self.follows.swap_remove(place);
        if self.connected.is_some() && matches!(follow.state, Following::Live | Following::Asked) {
            let id = self.ask(Asked::Unsubscribe, now);
            self.frame.unsubscribe(id, channel);
            let channel = channel.to_owned();
            self.record(Event::Left { channel });
        }
    }

    pub fn list_presence(&mut self, channel: &str, answer: oneshot::Sender<String>, now: Instant) {
        if self.connected.is_some() {
            let id = self.ask(Asked::Presence(answer), now);
            self.frame.presence(id, channel);
        }
    }

    pub fn tell_location(&mut self, place: [f64; 2], now: Instant) {
        if self.connected.is_some() {
            let id = self.ask(Asked::Location, now);
            self.frame.location(id, jiff::Timestamp::now(), place);
        }
    }

    pub fn command(&mut self, command: Command, now: Instant) {
        self.commands.take(command, now);
    }

    /// Puts everything that is due into the frame.
    pub fn send_due(&mut self, now: Instant) {
        if self.connected.is_none() {
            return;
        }
        for place in 0..self.follows.len() {
            let follow = &self.follows[place];
            if !matches!(follow.state, Following::Wanted(at) if at <= now) {
                continue;
            }
            let (channel, since) = (follow.topic.name.clone(), follow.position.clone());
            self.follows[place].state = Following::Asked;
            let id = self.ask(Asked::Subscribe(channel.clone()), now);
            self.frame.subscribe(id, &channel, since.as_ref());
            self.record(Event::Subscribing { channel, since });
        }
        let Self {
            commands,
            frame,
            asked,
            last_request,
            recorder,
            number,
            ..
        } = self;
        commands.send_due(now, |command| {
            *last_request += 1;
            asked.insert(*last_request, (Asked::Command, now + ANSWER));
            recorder.record(
                *number,
                Event::Sent {
                    command: command.id,
                    kind: command.kind.to_owned(),
                    parameters: (*command.parameters).to_owned(),
                },
            );
            frame.command(*last_request, command.kind, command.id, &command.parameters);
            *last_request
        });
    }

    /// When there is something to do next, if nothing comes.
    pub fn next_due(&self) -> Option<Instant> {
        let wanted = self.follows.iter().filter_map(|follow| match follow.state {
            Following::Wanted(at) => Some(at),
            Following::Asked | Following::Live | Following::Denied => None,
        });
        wanted.chain(self.commands.next_due()).min()
    }

    /// Has the server left something unanswered for too long?
    pub fn is_stuck(&self, now: Instant) -> bool {
        self.asked.values().any(|(_, overdue)| *overdue <= now)
    }

    /// Tells of commands that nobody waits for any more.
    pub fn give_up(&mut self, now: Instant) {
        for done in self.commands.give_up(self.number, now) {
            self.tell(done);
        }
    }

    fn tell(&self, done: Done) {
        // Nobody listens any more when the run is over.
        let _ = self.done.send(done);
    }

    /// The connection is over.
    pub fn cut(&mut self, code: Option<u16>, now: Instant) {
        if self.connected.take().is_some() {
            self.record(Event::Closed { code });
        }
        self.asked.clear();
        self.frame.take();
        for command in self.commands.cut(now) {
            self.record(Event::Answered {
                command,
                outcome: Outcome::Unknown,
                code: None,
                answer: None,
            });
        }
        for follow in &mut self.follows {
            if !matches!(follow.state, Following::Denied) {
                follow.state = Following::Wanted(now);
            }
        }
    }

    /// Takes a frame that came from the instance of that number.
    pub fn take(&mut self, text: &str, instance: usize, now: Instant) -> Verdict {
        for line in text.lines() {
            let Ok(reply) = serde_json::from_str::<Reply<'_>>(line) else {
                return Verdict::Reconnect;
            };
            let verdict = self.take_reply(&reply, instance, now);
            if verdict != Verdict::GoOn {
                return verdict;
            }
        }
        Verdict::GoOn
    }

    fn take_reply(&mut self, reply: &Reply<'_>, instance: usize, now: Instant) -> Verdict {
        if reply.is_ping() {
            self.frame.pong();
            return Verdict::GoOn;
        }
        if let Some(push) = &reply.push {
            self.take_push(push, now);
            return Verdict::GoOn;
        }
        match self.asked.remove(&reply.id).map(|(asked, _)| asked) {
            None | Some(Asked::Unsubscribe | Asked::Location) => Verdict::GoOn,
            Some(Asked::Connect) => self.take_connect(reply, instance, now),
            Some(Asked::Refresh) => self.take_refresh(reply, now),
            Some(Asked::Subscribe(channel)) => {
                self.take_subscribe(channel, reply, now);
                Verdict::GoOn
            }
            Some(Asked::Command) => {
                self.take_answer(reply, now);
                Verdict::GoOn
            }
            Some(Asked::Presence(answer)) => {
                // Whoever asked may have lost patience.
                let _ = answer.send(reply.presence.map_or("", RawValue::get).to_owned());
                Verdict::GoOn
            }
        }
    }

    fn take_connect(&mut self, reply: &Reply<'_>, instance: usize, now: Instant) -> Verdict {
        let Some(connect) = &reply.connect else {
            return match reply.error {
                Some(Error { code: 109, .. }) => Verdict::TokenExpired,
                Some(_) | None => Verdict::Reconnect,
            };
        };
        self.connected = Some(Connected {
            id: connect.client.clone(),
            silence: Duration::from_secs(connect.ping.max(1)) + Duration::from_secs(10),
            renew_at: connect.expires.then(|| now + renewal(connect.ttl)),
        });
        self.record(Event::Connected {
            instance,
            client: connect.client.clone(),
        });
        Verdict::GoOn
    }

    fn take_refresh(&mut self, reply: &Reply<'_>, now: Instant) -> Verdict {
        let (Some(refresh), Some(connected)) = (&reply.refresh, &mut self.connected) else {
            return Verdict::TokenExpired;
        };
        connected.renew_at = Some(now + renewal(refresh.ttl));
        Verdict::GoOn
    }

    fn take_subscribe(&mut self, channel: String, reply: &Reply<'_>, now: Instant) {
        let Some(follow) = self
            .follows
            .iter_mut()
            .find(|follow| follow.topic.name == channel)
        else {
            return;
        };
        let Some(result) = &reply.subscribe else {
            let error = reply.error.as_ref();
            let passing = error.is_some_and(|error| error.temporary || error.code == 109);
            follow.state = if passing {
                let wait = RESUBSCRIBE * 2_u32.pow(follow.failures.min(DOUBLINGS));
                follow.failures += 1;
                Following::Wanted(now + wait)
            } else {
                Following::Denied
            };
            let code = error.map_or(0, |error| error.code);
            return self.record(Event::Denied { channel, code });
        };
        follow.state = Following::Live;
        follow.failures = 0;
        let event = follow.began(channel, result);
        self.record(event);
    }

    fn take_push(&mut self, push: &Push<'_>, now: Instant) {
        let named = |follow: &&mut Follow| follow.topic.name == push.channel;
        let Some(follow) = self.follows.iter_mut().find(named) else {
            return;
        };
        let channel = push.channel.to_owned();
        if let Some(publication) = &push.publication {
            let event = follow.heard(channel, publication);
            self.record(event);
        } else if let Some(unsubscribe) = &push.unsubscribe {
            let code = unsubscribe.code;
            follow.state = if code >= 2500 {
                Following::Wanted(now)
            } else {
                Following::Denied
            };
            if code == 2502 {
                follow.position = None;
            }
            self.record(Event::Unsubscribed { channel, code });
        }
    }

    fn take_answer(&mut self, reply: &Reply<'_>, now: Instant) {
        let data = reply.rpc.as_ref().and_then(|rpc| rpc.data);
        let (answer, whole) = read_answer(reply.error.as_ref(), data);
        let Some(command) = self.commands.id_of(reply.id) else {
            return;
        };
        self.record(Event::Answered {
            command,
            outcome: answer.outcome,
            code: answer.code.clone(),
            answer: whole,
        });
        if let Some(done) = self.commands.answered(self.number, reply.id, answer, now) {
            self.tell(done);
        }
    }
}

impl Follow {
    /// Takes the subscribe result.
    fn began(&mut self, channel: String, result: &Subscribe<'_>) -> Event {
        let position = result.epoch.clone().map(|epoch| Position {
            offset: result.offset,
            epoch,
        });
        if let Some(data) = result.data {
            self.topic.take_snapshot(position.as_ref(), data.get());
        }
        self.position = position;
        let publications = result.publications.iter();
        let publications = publications.filter_map(|publication| self.advance(publication));
        let publications: Vec<Seen> = publications.collect();
        Event::Subscribed {
            channel,
            position: self.position.clone(),
            recovered: result.recovered,
            snapshot: result.data.map(ToOwned::to_owned),
            publications,
        }
    }

    fn heard(&mut self, channel: String, publication: &Publication<'_>) -> Event {
        match self.advance(publication) {
            Some(seen) => Event::Published { channel, seen },
            None => Event::Heard {
                channel,
                body: publication.data.to_owned(),
            },
        }
    }

    /// Moves the position on; nothing on an ephemeral channel.
    fn advance(&mut self, publication: &Publication<'_>) -> Option<Seen> {
        let body = publication.data.get();
        let offset = publication.offset?;
        if let Some(position) = &mut self.position {
            position.offset = offset;
            self.topic.take_publication(position, body);
        }
        Some(Seen {
            offset,
            digest: digest(body.as_bytes()),
        })
    }
}

/// A token is renewed when four fifths of its life are over.
fn renewal(ttl: u64) -> Duration {
    Duration::from_millis(ttl.max(1) * 800)
}

/// Errors of the protocol count as refusals, by the number of the code.
fn read_answer(error: Option<&Error>, data: Option<&RawValue>) -> (Answer, Option<Box<RawValue>>) {
    let read = data.and_then(|data| serde_json::from_str::<Envelope<'_>>(data.get()).ok());
    let Some(envelope) = read else {
        let answer = Answer {
            outcome: Outcome::Refused,
            code: Some(error.map_or(0, |error| error.code).to_string()),
            result: None,
            retry_after: None,
        };
        return (answer, None);
    };
    let outcome = match envelope.outcome {
        "accepted" => Outcome::Accepted,
        "rejected" => Outcome::Rejected,
        _ => Outcome::Refused,
    };
    let retry_after = envelope.details.unwrap_or_default().retry_after_ms;
    let answer = Answer {
        outcome,
        code: envelope.code.map(str::to_owned),
        result: envelope.result.map(ToOwned::to_owned),
        retry_after: retry_after.map(Duration::from_millis),
    };
    (answer, data.map(ToOwned::to_owned))
}
