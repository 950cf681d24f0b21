//! What clients saw, written down as it happened: one JSON object per line.
//!
//! A run's folder holds `run.json` (a [`Run`]) and `history.jsonl` (a [`Line`] each, in the order
//! in which they were written, which is the order of time for each client). The checker knows the
//! run by these two files and by the database, and by nothing else. Publications are kept as a hash
//! of their bytes, because the log in the database holds the bodies.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A run as a whole: `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    pub seed: u64,
    /// Microseconds since the Unix epoch at [`Line::at`] = 0.
    pub started_at: i64,
    /// Where the checker finds the database after the run.
    pub database_url: String,
    /// The public addresses of the instances, `http://…`, by number.
    pub instances: Vec<String>,
    /// Personal texts that stand in data of one person only, and who may see each.
    pub canaries: Vec<Canary>,
}

/// A text that nobody but these may ever get, in any frame, log or metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Canary {
    pub text: String,
    pub roles: Vec<Role>,
    /// The one other person who may.
    pub user: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Guest,
    Customer,
    Cleaner,
    Dispatcher,
    Manager,
    Admin,
}

/// One thing that one client did or saw, or that the nemesis did (`client` is 0).
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// Microseconds since the run started.
    pub at: u64,
    pub client: u32,
    pub event: Event,
}

/// A place in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub offset: u64,
    pub epoch: String,
}

/// A publication as it came: its offset and the [`digest`] of its body's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub offset: u64,
    pub digest: u64,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Accepted,
    Rejected,
    Refused,
    /// The connection ended, or patience did, before the outcome came.
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Who the client is; its first line.
    Person { user: Option<Uuid>, role: Role },
    /// The connect reply came, with the connection's id: presence lists name it by that.
    Connected { instance: usize, client: String },
    /// The connection ended: the close frame's code, or none where there was no close frame.
    Closed { code: Option<u16> },
    Subscribing {
        channel: String,
        since: Option<Position>,
    },
    /// The subscribe reply. With a snapshot the view starts anew from it; without, from `since`.
    Subscribed {
        channel: String,
        /// Where the view is with all that the reply brought. Absent on ephemeral channels.
        position: Option<Position>,
        recovered: bool,
        snapshot: Option<Box<RawValue>>,
        publications: Vec<Seen>,
    },
    /// The subscribe was answered with an error.
    Denied { channel: String, code: u32 },
    /// The server ended the subscription.
    Unsubscribed { channel: String, code: u32 },
    /// The client let go of the subscription: nothing of it is written from here on.
    Left { channel: String },
    /// A publication of a durable channel came.
    Published { channel: String, seen: Seen },
    /// An entry of an ephemeral channel came.
    Heard {
        channel: String,
        body: Box<RawValue>,
    },
    /// A command went out: again under the same id where the last try had no definite outcome.
    Sent {
        command: Uuid,
        kind: String,
        parameters: Box<RawValue>,
    },
    Answered {
        command: Uuid,
        outcome: Outcome,
        /// Of a rejection or a refusal.
        code: Option<String>,
        /// The outcome in full, where there is one.
        answer: Option<Box<RawValue>>,
    },
    /// Read anew while nothing was under way: what a client's view of this channel must equal.
    Fresh {
        channel: String,
        role: Role,
        position: Position,
        snapshot: Box<RawValue>,
    },
    /// Whom the lists of presence named while nothing was under way: ids of connections; on
    /// `presence:{zone}` those of users.
    Present {
        channel: String,
        clients: Vec<String>,
    },
    /// A fault begins, or one that lasts has ended (`healed`). Those after which commits may be
    /// gone have names of their own, see [`fault`].
    Fault {
        number: u32,
        name: String,
        target: String,
        healed: bool,
    },
    /// All faults are healed and no command is under way: views are at rest from here on, until the
    /// next line that says otherwise.
    Settled,
    /// A text of a canary was found where it must not be.
    Leaked { text: String, place: String },
    /// How often a PostgreSQL server had to end a circle of transactions that waited for each other, by
    /// its own log.
    Deadlocks { count: u64, place: String },
    /// What a process held: after a warm-up, and at the end.
    Resources {
        instance: usize,
        rss_bytes: u64,
        descriptors: u64,
        tasks: u64,
    },
}

/// Names of the faults by which the checker knows what may be gone afterwards: what was committed
/// after the last [`fault::COPIED`] and before the next [`fault::REWOUND`] or [`fault::PROMOTED`]
/// that is healed, and nothing else.
pub mod fault {
    /// From here on commits may be lost: written just before a dump is begun, and for a standby
    /// without synchronous commit just before it is last seen to have caught up.
    pub const COPIED: &str = "postgres.copied";
    /// The database is put back to that copy; healed once it serves again.
    pub const REWOUND: &str = "postgres.rewind";
    /// The standby takes over; healed once it serves.
    pub const PROMOTED: &str = "postgres.promote";
}

/// 64-bit FNV-1a of a body's bytes.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_published_one() {
        assert_eq!(digest(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let snapshot = RawValue::from_string(r#"{"rows":[1.50]}"#.to_owned()).expect("JSON");
        let line = Line {
            at: 17,
            client: 3,
            event: Event::Subscribed {
                channel: "control:mitte:2026-11-21".to_owned(),
                position: Some(Position {
                    offset: 9,
                    epoch: "e".to_owned(),
                }),
                recovered: false,
                snapshot: Some(snapshot),
                publications: vec![Seen {
                    offset: 9,
                    digest: u64::MAX,
                }],
            },
        };
        let text = serde_json::to_string(&line).expect("plain data");
        let read: Line = serde_json::from_str(&text).expect(&text);
        assert_eq!(format!("{read:?}"), format!("{line:?}"));
    }
}
