//! P9: who stops says so. While instances are restarted one after the other and nothing else goes
//! wrong, connections that end were told why, and calls under way were answered first. The history
//! does not tell who ended a connection, and clients lose patience too: a few are let pass.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::history::Event;

use super::{
    clients::Clients,
    finding::{Evidence, Finding},
    reading::Placed,
};

const ROLLING_RESTART: &str = "instance.rolling_restart";
/// What was sent so shortly before the close may have met it on the way, in microseconds: on a machine
/// with too much to do a frame lies unread for as long.
const CROSSING: u64 = 800_000;
/// Other faults leave traces for a while.
const AFTERMATH: u64 = 2_000_000;
/// Of so many ends one may be without a word.
const ONE_IN: u64 = 10;

#[derive(Debug)]
pub struct Farewells {
    finding: Finding,
    /// Faults under way, by number.
    faults: BTreeMap<u32, String>,
    /// When another fault last began or ended.
    trouble_at: Option<u64>,
    /// Commands without an answer, by client, with when they were sent.
    open: HashMap<u32, HashMap<Uuid, u64>>,
    wordless: Vec<Evidence>,
}

impl Default for Farewells {
    fn default() -> Self {
        Self {
            finding: Finding::new("who stops says so, and answers first"),
            faults: BTreeMap::new(),
            trouble_at: None,
            open: HashMap::new(),
            wordless: Vec::new(),
        }
    }
}

impl Farewells {
    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let (at, client) = (placed.line.at, placed.line.client);
        if let Event::Fault {
            number,
            name,
            healed,
            ..
        } = &placed.line.event
        {
            self.fault(at, *number, name, *healed);
        } else if let Event::Sent { command, .. } = &placed.line.event {
            self.open.entry(client).or_default().insert(*command, at);
        } else if let Event::Answered { command, .. } = &placed.line.event {
            if let Some(open) = self.open.get_mut(&client) {
                open.remove(command);
            }
        } else if let Event::Closed { code } = &placed.line.event {
            let was_connected = clients
                .get(client)
                .is_some_and(|client| client.connection.is_some());
            let open = self.open.remove(&client).unwrap_or_default();
            if was_connected && self.only_restarts(at) {
                self.closed(placed, *code, &open);
            }
        }
    }

    fn fault(&mut self, at: u64, number: u32, name: &str, healed: bool) {
        if name != ROLLING_RESTART {
            self.trouble_at = Some(at);
        }
        if healed {
            self.faults.remove(&number);
        } else {
            self.faults.insert(number, name.to_owned());
        }
    }

    fn only_restarts(&self, at: u64) -> bool {
        let calm = self
            .trouble_at
            .is_none_or(|trouble_at| trouble_at + AFTERMATH < at);
        let mut names = self.faults.values();
        calm && !self.faults.is_empty() && names.all(|name| name == ROLLING_RESTART)
    }

    fn closed(&mut self, placed: &Placed, code: Option<u16>, open: &HashMap<Uuid, u64>) {
        self.finding.checked += 1;
        let (line, client) = (placed.number, placed.line.client);
        if code.is_none() {
            let what = "cut off without a word by an instance that was told to stop";
            self.wordless.push(Evidence::at(line, client, what));
        }
        let waited = open
            .iter()
            .find(|(_, sent)| *sent + CROSSING < placed.line.at);
        if let Some((command, _)) = waited {
            let what = format!("told to go while {command} was under way");
            self.wordless.push(Evidence::at(line, client, what));
        }
    }

    pub fn finding(mut self) -> Finding {
        let count = self.wordless.len() as u64;
        if count <= self.finding.checked / ONE_IN {
            self.finding.excused = count;
            return self.finding;
        }
        for evidence in self.wordless {
            self.finding.violated(evidence);
        }
        self.finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::testing::{connected, raw, told},
        history::Outcome,
    };

    fn fault(name: &str, healed: bool) -> Event {
        Event::Fault {
            number: u32::try_from(name.len()).expect("a short name"),
            name: name.to_owned(),
            target: String::new(),
            healed,
        }
    }

    fn sent() -> Event {
        Event::Sent {
            command: Uuid::from_u128(1),
            kind: "duty.set".to_owned(),
            parameters: raw("{}"),
        }
    }

    fn answered() -> Event {
        Event::Answered {
            command: Uuid::from_u128(1),
            outcome: Outcome::Accepted,
            code: None,
            answer: None,
        }
    }

    fn closed(code: Option<u16>) -> Event {
        Event::Closed { code }
    }

    fn outcome(events: Vec<Event>) -> (u64, u64) {
        let (mut promise, mut clients) = (Farewells::default(), Clients::default());
        for placed in told(events) {
            promise.see(&placed, &clients);
            clients.apply(&placed);
        }
        let finding = promise.finding();
        (finding.checked, finding.violations)
    }

    fn restarting(events: Vec<Event>) -> (u64, u64) {
        let begun = [connected(), fault(ROLLING_RESTART, false)];
        outcome(begun.into_iter().chain(events).collect())
    }

    #[test]
    fn a_close_with_a_code_after_the_last_answer_is_in_order() {
        let events = vec![sent(), answered(), closed(Some(3001))];
        assert_eq!(restarting(events), (1, 0));
    }

    #[test]
    fn a_cut_and_a_close_with_a_call_under_way_are_found() {
        assert_eq!(restarting(vec![closed(None)]), (1, 1));
        assert_eq!(restarting(vec![sent(), closed(Some(3001))]), (1, 1));
        assert_eq!(restarting(vec![closed(None), closed(None)]), (1, 1));
    }

    #[test]
    fn one_client_of_many_may_have_lost_patience() {
        let ends = |wordless: usize| {
            let again = |code| [closed(code), connected()];
            let told = (0..20).flat_map(|_| again(Some(3001)));
            told.chain((0..wordless).flat_map(|_| again(None)))
                .collect()
        };
        assert_eq!(restarting(ends(2)), (22, 0));
        assert_eq!(restarting(ends(4)), (24, 4));
    }

    #[test]
    fn other_faults_are_other_stories() {
        let (begun, ended) = (|| fault("redis.kill", false), fault("redis.kill", true));
        let restart = || fault(ROLLING_RESTART, false);
        assert_eq!(outcome(vec![connected(), closed(None)]), (0, 0));
        let both = vec![connected(), begun(), restart(), closed(None)];
        assert_eq!(outcome(both), (0, 0));
        let after = vec![connected(), begun(), ended, restart(), closed(None)];
        assert_eq!(outcome(after), (0, 0));
    }
}
