//! Small histories made by hand, of one client and one channel.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::history::{Event, Line, Position, Role, Seen, digest, fault};

use super::reading::Placed;

pub const CHANNEL: &str = "board:center";
pub const CLIENT: u32 = 7;

/// The events of one client, a second after one another.
pub fn told(events: Vec<Event>) -> Vec<Placed> {
    told_by(events.into_iter().map(|event| (CLIENT, event)).collect())
}

pub fn told_by(events: Vec<(u32, Event)>) -> Vec<Placed> {
    (1..)
        .zip(events)
        .map(|(number, (client, event))| Placed {
            number,
            place: number * 1000,
            line: Line {
                at: number * 1_000_000,
                client,
                event,
            },
        })
        .collect()
}

pub fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

pub fn at(offset: u64) -> Position {
    Position {
        offset,
        epoch: "first".to_owned(),
    }
}

/// A publication whose body is its offset.
pub fn seen(offset: u64) -> Seen {
    Seen {
        offset,
        digest: digest(offset.to_string().as_bytes()),
    }
}

pub fn connected() -> Event {
    Event::Connected {
        instance: 0,
        client: "connection".to_owned(),
    }
}

pub fn closed(code: u16) -> Event {
    Event::Closed { code: Some(code) }
}

pub fn subscribing(since: Option<Position>) -> Event {
    Event::Subscribing {
        channel: CHANNEL.to_owned(),
        since,
    }
}

pub fn subscribed(
    position: Position,
    recovered: bool,
    snapshot: Option<&str>,
    publications: &[u64],
) -> Event {
    Event::Subscribed {
        channel: CHANNEL.to_owned(),
        position: Some(position),
        recovered,
        snapshot: snapshot.map(raw),
        publications: publications.iter().copied().map(seen).collect(),
    }
}

/// A reply with an empty snapshot; without an offset, of an ephemeral channel.
pub fn live(offset: Option<u64>, publications: &[u64]) -> Event {
    Event::Subscribed {
        channel: CHANNEL.to_owned(),
        position: offset.map(at),
        recovered: false,
        snapshot: Some(raw("{}")),
        publications: publications.iter().copied().map(seen).collect(),
    }
}

pub fn published(offset: u64) -> Event {
    Event::Published {
        channel: CHANNEL.to_owned(),
        seen: seen(offset),
    }
}

pub fn unsubscribed(code: u32) -> Event {
    Event::Unsubscribed {
        channel: CHANNEL.to_owned(),
        code,
    }
}

pub fn denied(code: u32) -> Event {
    Event::Denied {
        channel: CHANNEL.to_owned(),
        code,
    }
}

pub fn left() -> Event {
    Event::Left {
        channel: CHANNEL.to_owned(),
    }
}

pub fn person(user: Uuid, role: Role) -> Event {
    Event::Person {
        user: Some(user),
        role,
    }
}

pub fn copied() -> Event {
    fault(fault::COPIED, false)
}

pub fn rewound() -> Event {
    fault(fault::REWOUND, true)
}

pub fn fault(name: &str, healed: bool) -> Event {
    Event::Fault {
        number: 1,
        name: name.to_owned(),
        target: String::new(),
        healed,
    }
}
