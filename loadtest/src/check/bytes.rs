//! P3, nothing uncommitted is published: what clients got at an offset is, byte for byte, what the
//! log has there, and so it is the same for all of them.
//!
//! What a rewound database has lost cannot be held against the log any more; of that, clients must
//! at least have seen the same.

use std::collections::{HashMap, hash_map::Entry as Place};

use crate::history::{Event, Seen};

use super::{
    clients::Clients,
    excuses::Excuses,
    finding::{Evidence, Finding},
    log::{Entry, Log},
    reading::Placed,
};

#[derive(Debug)]
pub struct Bytes {
    finding: Finding,
    /// By channel and offset: what is not in the log, as it was seen first.
    elsewhere: HashMap<(String, u64), Vec<Strange>>,
}

/// Something that the log does not have.
#[derive(Debug)]
struct Strange {
    epoch: String,
    digest: u64,
    at: u64,
    line: u64,
    client: u32,
    what: &'static str,
}

impl Default for Bytes {
    fn default() -> Self {
        Self {
            finding: Finding::new("what clients got is what the log has"),
            elsewhere: HashMap::new(),
        }
    }
}

impl Bytes {
    pub fn see(&mut self, placed: &Placed, clients: &Clients, log: &Log) {
        let client = placed.line.client;
        if let Event::Published { channel, seen } = &placed.line.event {
            let subscription = clients.subscription(client, channel);
            let view = subscription.and_then(|subscription| subscription.view.as_ref());
            let epoch = view.map_or("", |view| view.epoch.as_str());
            self.seen(placed, channel, epoch, *seen, log);
        } else if let Event::Subscribed {
            channel,
            position: Some(position),
            publications,
            ..
        } = &placed.line.event
        {
            for seen in publications {
                self.seen(placed, channel, &position.epoch, *seen, log);
            }
        }
    }

    fn seen(&mut self, placed: &Placed, channel: &str, epoch: &str, seen: Seen, log: &Log) {
        self.finding.checked += 1;
        let what = match log.at(channel, seen.offset) {
            Entry::Body { digest } if digest == seen.digest => return,
            Entry::Body { .. } => "is not what the log has there",
            Entry::LeftOut => "is where the log has left one out",
            Entry::Beyond => "is not in the log",
        };
        let strange = Strange {
            epoch: epoch.to_owned(),
            digest: seen.digest,
            at: placed.line.at,
            line: placed.number,
            client: placed.line.client,
            what,
        };
        match self.elsewhere.entry((channel.to_owned(), seen.offset)) {
            Place::Vacant(place) => {
                place.insert(vec![strange]);
            }
            Place::Occupied(mut place) => place.get_mut().push(strange),
        }
    }

    pub fn finding(mut self, excuses: &Excuses) -> Finding {
        for ((channel, offset), seen) in self.elsewhere {
            let mut by_epoch: HashMap<&str, u64> = HashMap::new();
            for strange in &seen {
                let evidence = |what: &str| {
                    let what = format!("publication {offset} {what}");
                    Evidence::at(strange.line, strange.client, what).on(&channel)
                };
                let first = by_epoch.entry(&strange.epoch).or_insert(strange.digest);
                if !excuses.may_be_lost(strange.at) {
                    self.finding.violated(evidence(strange.what));
                } else if *first != strange.digest {
                    let what = "is one thing for one client and another for this one";
                    self.finding.violated(evidence(what));
                } else {
                    self.finding.excused += 1;
                }
            }
        }
        self.finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{
        CHANNEL, at, copied, live, published, rewound, seen, subscribed, subscribing, told, told_by,
    };

    fn finding(lines: Vec<Placed>, bodies: &[&str]) -> Finding {
        let log = Log::of(CHANNEL, bodies);
        let (mut promise, mut clients) = (Bytes::default(), Clients::default());
        let mut excuses = Excuses::default();
        for placed in lines {
            promise.see(&placed, &clients, &log);
            clients.apply(&placed);
            excuses.see(&placed.line);
        }
        promise.finding(&excuses)
    }

    fn outcome(events: Vec<Event>, bodies: &[&str]) -> (u64, u64, u64) {
        let finding = finding(told(events), bodies);
        (finding.checked, finding.excused, finding.violations)
    }

    fn other(offset: u64) -> Event {
        let digest = seen(offset + 100).digest;
        Event::Published {
            channel: CHANNEL.to_owned(),
            seen: Seen { offset, digest },
        }
    }

    #[test]
    fn bytes_of_the_log_are_in_order() {
        let events = vec![
            subscribing(None),
            live(Some(0), &[]),
            published(1),
            subscribing(Some(at(1))),
            subscribed(at(3), true, None, &[2, 3]),
        ];
        assert_eq!(outcome(events, &["1", "2", "3"]), (3, 0, 0));
    }

    #[test]
    fn other_bytes_and_what_was_never_committed_are_found() {
        let begun = || vec![subscribing(None), live(Some(0), &[])];
        let with = |event| begun().into_iter().chain([event]).collect();
        assert_eq!(outcome(with(other(1)), &["1"]), (1, 0, 1));
        assert_eq!(outcome(with(published(2)), &["1"]), (1, 0, 1));
        let recovered = subscribed(at(2), true, None, &[1, 2]);
        assert_eq!(outcome(with(recovered), &["1"]), (2, 0, 1));
    }

    #[test]
    fn what_a_rewind_took_away_is_excused_if_all_saw_the_same() {
        let run = |second: Event| {
            let lines = [
                copied(),
                subscribing(None),
                live(Some(0), &[]),
                published(1),
            ];
            let lines = lines.into_iter().map(|event| (1, event));
            let others = [subscribing(None), live(Some(0), &[]), second, rewound()];
            let lines = lines.chain(others.into_iter().map(|event| (2, event)));
            let finding = finding(told_by(lines.collect()), &["other"]);
            (finding.excused, finding.violations)
        };
        assert_eq!(run(published(1)), (2, 0));
        assert_eq!(run(other(1)), (1, 1));
    }
}
