//! P3 and P4 as clients see them: a view begins with a snapshot at an offset, and from there every
//! publication comes once and in order, whatever reconnects lie between; another epoch always
//! comes with a snapshot; nothing comes of a channel that is not subscribed.

use crate::history::{Event, Line, Position, Seen};

use super::{
    clients::{Clients, Phase, Subscription, View},
    finding::{Evidence, Finding},
    reading::Placed,
};

#[derive(Debug)]
pub struct Delivery {
    finding: Finding,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            finding: Finding::new("every publication once, in order, from a snapshot on"),
        }
    }
}

impl Delivery {
    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let client = placed.line.client;
        let Some((channel, items, faults)) = self::faults(&placed.line, clients) else {
            return;
        };
        self.finding.checked += items;
        for fault in faults {
            let evidence = Evidence::at(placed.number, client, fault);
            self.finding.violated(evidence.on(channel));
        }
    }

    pub fn finding(self) -> Finding {
        self.finding
    }
}

/// The channel that a line brings something of, how much, and what is wrong with it.
fn faults<'a>(line: &'a Line, clients: &Clients) -> Option<(&'a str, u64, Vec<String>)> {
    if let Event::Published { channel, seen } = &line.event {
        let before = clients.subscription(line.client, channel);
        return Some((channel, 1, published(before, *seen)));
    }
    if let Event::Heard { channel, .. } = &line.event {
        let before = clients.subscription(line.client, channel);
        return Some((channel, 1, heard(before)));
    }
    let Event::Subscribed {
        channel,
        position,
        recovered,
        snapshot,
        publications,
    } = &line.event
    else {
        return None;
    };
    let reply = Reply {
        position: position.as_ref(),
        recovered: *recovered,
        has_snapshot: snapshot.is_some(),
        publications,
    };
    let before = clients.subscription(line.client, channel);
    let items = 1 + publications.len() as u64;
    Some((channel, items, reply.faults(before)))
}

fn published(before: Option<&Subscription>, seen: Seen) -> Vec<String> {
    if let Some(fault) = not_live(before) {
        return vec![format!("publication {} {fault}", seen.offset)];
    }
    match before.and_then(|subscription| subscription.view.as_ref()) {
        None => vec![format!("publication {} where no view began", seen.offset)],
        Some(view) if seen.offset == view.offset + 1 => Vec::new(),
        Some(view) => vec![format!(
            "publication {} follows {} of epoch {}",
            seen.offset, view.offset, view.epoch
        )],
    }
}

fn heard(before: Option<&Subscription>) -> Vec<String> {
    let fault = not_live(before).map(|fault| format!("an entry {fault}"));
    fault.into_iter().collect()
}

fn not_live(before: Option<&Subscription>) -> Option<&'static str> {
    match before.map(|subscription| subscription.phase) {
        Some(Phase::Live) => None,
        Some(Phase::Asked) => Some("before the subscribe was answered"),
        Some(Phase::Over) => Some("after the subscription had ended"),
        None => Some("of a channel that was never subscribed"),
    }
}

struct Reply<'a> {
    position: Option<&'a Position>,
    recovered: bool,
    has_snapshot: bool,
    publications: &'a [Seen],
}

impl Reply<'_> {
    fn faults(&self, before: Option<&Subscription>) -> Vec<String> {
        let mut faults = Vec::new();
        let asked = before.is_some_and(|subscription| subscription.phase == Phase::Asked);
        if !asked {
            faults.push("a subscribe reply that nobody asked for".to_owned());
        }
        let Some(position) = self.position else {
            if !self.publications.is_empty() {
                faults.push("publications of a channel without offsets".to_owned());
            }
            return faults;
        };
        if self.has_snapshot {
            faults.extend(self.begun_anew());
        } else {
            faults.extend(self.gone_on(before, position));
        }
        faults
    }

    /// The view is the snapshot at the position; what follows it comes later.
    fn begun_anew(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.recovered {
            faults.push("a snapshot although it was recovered".to_owned());
        }
        if !self.publications.is_empty() {
            faults.push("publications beside a snapshot in one reply".to_owned());
        }
        faults
    }

    /// Without a snapshot the view of before goes on, from the place that was asked for.
    fn gone_on(&self, before: Option<&Subscription>, position: &Position) -> Vec<String> {
        let Some(since) = before.and_then(|subscription| subscription.since.as_ref()) else {
            return vec!["neither a snapshot nor a place to go on from".to_owned()];
        };
        let mut faults = Vec::new();
        if !self.recovered {
            faults.push("not recovered, and no snapshot".to_owned());
        }
        if since.epoch != position.epoch {
            faults.push(format!(
                "epoch {} goes on as {} without a snapshot",
                since.epoch, position.epoch
            ));
        }
        let view = before.and_then(|subscription| subscription.view.as_ref());
        if !view.is_some_and(|view| is_at(view, since)) {
            faults.push(format!(
                "asked to go on from {}, where it was not",
                since.offset
            ));
        }
        let mut last = since.offset;
        for seen in self.publications {
            if seen.offset != last + 1 {
                faults.push(format!("recovered {} after {last}", seen.offset));
            }
            last = seen.offset;
        }
        // The reply may tell where the client was, or where it is with what was recovered.
        if ![since.offset, last].contains(&position.offset) {
            faults.push(format!(
                "recovered up to {last}, and told that it is {}",
                position.offset
            ));
        }
        faults
    }
}

fn is_at(view: &View, since: &Position) -> bool {
    view.offset == since.offset && view.epoch == since.epoch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{
        at, closed, connected, denied, left, live, published, subscribed, subscribing, told,
        unsubscribed,
    };

    fn violations(events: Vec<Event>) -> Vec<String> {
        let (mut promise, mut clients) = (Delivery::default(), Clients::default());
        for placed in told(events) {
            promise.see(&placed, &clients);
            clients.apply(&placed);
        }
        let first = promise.finding().first.into_iter();
        first.map(|evidence| evidence.to_string()).collect()
    }

    fn is_in_order(events: Vec<Event>) {
        assert_eq!(violations(events), Vec::<String>::new());
    }

    fn is_found(events: Vec<Event>, what: &str) {
        let found = violations(events);
        assert!(found.iter().any(|text| text.contains(what)), "{found:?}");
    }

    #[test]
    fn a_view_that_goes_on_after_a_reconnect_is_in_order() {
        is_in_order(vec![
            connected(),
            subscribing(None),
            live(Some(4), &[]),
            published(5),
            published(6),
            closed(3001),
            connected(),
            subscribing(Some(at(6))),
            subscribed(at(8), true, None, &[7, 8]),
            closed(3001),
            connected(),
            subscribing(Some(at(8))),
            subscribed(at(8), true, None, &[9]),
            published(10),
            unsubscribed(2500),
            subscribing(Some(at(10))),
            live(Some(12), &[]),
            published(13),
            left(),
            subscribing(None),
            denied(103),
        ]);
    }

    #[test]
    fn gaps_repetitions_and_wrong_order_are_found() {
        for offset in [4, 6] {
            let events = vec![subscribing(None), live(Some(4), &[]), published(offset)];
            is_found(events, &format!("publication {offset} follows 4"));
        }
    }

    #[test]
    fn what_comes_of_a_channel_that_is_not_subscribed_is_found() {
        is_found(vec![connected(), published(1)], "never subscribed");
        is_found(
            vec![subscribing(None), published(1)],
            "before the subscribe",
        );
        for end in [unsubscribed(2000), closed(3000), denied(103), left()] {
            let events = vec![subscribing(None), live(Some(4), &[]), end, published(5)];
            is_found(events, "after the subscription had ended");
        }
    }

    #[test]
    fn a_recovery_with_a_gap_inside_before_or_after_is_found() {
        for (publications, position) in [(vec![7, 9], 9), (vec![8], 8), (vec![7], 8), (vec![], 7)] {
            let events = vec![
                subscribing(None),
                live(Some(6), &[]),
                closed(3000),
                subscribing(Some(at(6))),
                subscribed(at(position), true, None, &publications),
            ];
            is_found(events, "recovered");
        }
    }

    #[test]
    fn another_epoch_without_a_snapshot_is_found() {
        let mut elsewhere = at(6);
        elsewhere.epoch = "other".to_owned();
        let events = |snapshot: Option<&str>| {
            let again = subscribed(elsewhere.clone(), snapshot.is_none(), snapshot, &[]);
            vec![
                subscribing(None),
                live(Some(6), &[]),
                closed(3000),
                subscribing(Some(at(6))),
                again,
            ]
        };
        is_found(events(None), "goes on as other");
        is_in_order(events(Some("{}")));
    }

    #[test]
    fn a_view_out_of_nothing_is_found() {
        let events = vec![subscribing(None), subscribed(at(6), false, None, &[])];
        is_found(events, "neither a snapshot nor a place");
    }
}
