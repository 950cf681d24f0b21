//! P6: nobody receives a field that they may not see. Texts that stand in one person's data only
//! are looked for in every snapshot, entry, publication and answer, and held against who could see
//! them; and the channels that are for everybody, or for all cleaners of a zone, have none at all.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::history::{Canary, Event, Role};

use super::{
    clients::Clients,
    finding::{Evidence, Finding},
    reading::Placed,
};

/// Families of channels that name nobody: counts, open jobs without an address, and a coarse point.
const NAMELESS: [&str; 3] = ["slots:", "board:", "track:"];

/// Finds canaries in texts.
#[derive(Debug, Default)]
pub struct Canaries {
    all: Vec<Canary>,
    /// What all of them begin with.
    marker: String,
    by_text: HashMap<String, usize>,
    lengths: BTreeSet<usize>,
    /// Those in the log, by channel.
    logged: HashMap<String, HashSet<usize>>,
}

impl Canaries {
    pub fn new(all: Vec<Canary>) -> Self {
        let marker = all.iter().map(|canary| canary.text.clone());
        let marker = marker.reduce(|a, b| common_beginning(&a, &b));
        Self {
            marker: marker.unwrap_or_default(),
            by_text: (0..)
                .zip(&all)
                .map(|(index, canary)| (canary.text.clone(), index))
                .collect(),
            lengths: all.iter().map(|canary| canary.text.len()).collect(),
            all,
            logged: HashMap::new(),
        }
    }

    /// A body in the log: whoever follows the channel gets it.
    pub fn logged(&mut self, channel: &str, body: &str) {
        let found = self.find(body);
        if !found.is_empty() {
            let known = self.logged.entry(channel.to_owned()).or_default();
            known.extend(found);
        }
    }

    fn find(&self, text: &str) -> Vec<usize> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let places = text.match_indices(self.marker.as_str());
        let candidates = places.flat_map(|(place, _)| {
            let here = self.lengths.iter();
            here.filter_map(move |length| text.get(place..place + length))
        });
        let mut found: Vec<usize> = candidates
            .filter_map(|candidate| self.by_text.get(candidate).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn common_beginning(a: &str, b: &str) -> String {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    same.map(|(letter, _)| letter).collect()
}

#[derive(Debug)]
pub struct Secrets {
    finding: Finding,
    canaries: Canaries,
    /// Followers whose channel's log was looked at already.
    followed: HashSet<(String, Option<Role>, Option<Uuid>)>,
}

impl Secrets {
    pub fn new(canaries: Canaries) -> Self {
        Self {
            finding: Finding::new("nobody sees what they may not"),
            canaries,
            followed: HashSet::new(),
        }
    }

    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let event = &placed.line.event;
        if let Event::Leaked { text, place } = event {
            let what = format!("{text} is in {place}");
            self.finding
                .violated(Evidence::at(placed.number, placed.line.client, what));
        } else if let Event::Subscribed {
            channel, snapshot, ..
        } = event
        {
            if let Some(snapshot) = snapshot {
                self.told(placed, clients, Some(channel), snapshot.get());
            }
            self.follows(placed, clients, channel);
        } else if let Event::Heard { channel, body } = event {
            self.told(placed, clients, Some(channel), body.get());
        } else if let Event::Answered {
            answer: Some(answer),
            ..
        } = event
        {
            self.told(placed, clients, None, answer.get());
        }
    }

    fn told(&mut self, placed: &Placed, clients: &Clients, channel: Option<&str>, text: &str) {
        self.finding.checked += 1;
        let found = self.canaries.find(text);
        self.judge(placed, clients, channel, &found);
    }

    /// What is in the log of a channel goes to all who follow it.
    fn follows(&mut self, placed: &Placed, clients: &Clients, channel: &str) {
        let (role, user) = who(placed, clients);
        if !self.followed.insert((channel.to_owned(), role, user)) {
            return;
        }
        self.finding.checked += 1;
        let logged = self.canaries.logged.get(channel);
        let found: Vec<usize> = logged.into_iter().flatten().copied().collect();
        self.judge(placed, clients, Some(channel), &found);
    }

    fn judge(
        &mut self,
        placed: &Placed,
        clients: &Clients,
        channel: Option<&str>,
        found: &[usize],
    ) {
        let (role, user) = who(placed, clients);
        for index in found {
            let canary = &self.canaries.all[*index];
            let nameless =
                |channel: &str| NAMELESS.iter().any(|family| channel.starts_with(family));
            let may = role.is_some_and(|role| canary.roles.contains(&role))
                || (user.is_some() && canary.user == user);
            let what = if channel.is_some_and(nameless) {
                format!("{} is on a channel that names nobody", canary.text)
            } else if !may {
                format!("a {role:?} gets {}", canary.text)
            } else {
                continue;
            };
            let evidence = Evidence::at(placed.number, placed.line.client, what);
            self.finding.violated(match channel {
                Some(channel) => evidence.on(channel),
                None => evidence,
            });
        }
    }

    pub fn finding(self) -> Finding {
        self.finding
    }
}

fn who(placed: &Placed, clients: &Clients) -> (Option<Role>, Option<Uuid>) {
    let client = clients.get(placed.line.client);
    client.map_or((None, None), |client| (client.role, client.user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{at, person, raw, told};

    const OWNER: Uuid = Uuid::from_u128(1);

    fn canaries() -> Canaries {
        let canary = |text: &str, roles: &[Role]| Canary {
            text: text.to_owned(),
            roles: roles.to_vec(),
            user: Some(OWNER),
        };
        Canaries::new(vec![
            canary("zqx-mail-1", &[Role::Dispatcher]),
            canary("zqx-place-22", &[Role::Dispatcher, Role::Cleaner]),
        ])
    }

    fn snapshot(channel: &str, text: &str) -> Event {
        Event::Subscribed {
            channel: channel.to_owned(),
            position: Some(at(1)),
            recovered: false,
            snapshot: Some(raw(&format!(r#"{{"address":"{text}"}}"#))),
            publications: Vec::new(),
        }
    }

    fn violations(user: u128, role: Role, event: Event) -> u64 {
        let mut canaries = canaries();
        canaries.logged("customer:a", r#"{"email":"zqx-mail-1"}"#);
        let (mut promise, mut clients) = (Secrets::new(canaries), Clients::default());
        for placed in told(vec![person(Uuid::from_u128(user), role), event]) {
            promise.see(&placed, &clients);
            clients.apply(&placed);
        }
        let finding = promise.finding();
        finding.violations
    }

    #[test]
    fn who_may_see_a_secret_may_get_it() {
        let mail = || snapshot("control:a:b", "x zqx-mail-1 y");
        assert_eq!(violations(1, Role::Customer, mail()), 0);
        assert_eq!(violations(2, Role::Dispatcher, mail()), 0);
        let place = snapshot("agenda:c", "zqx-place-22");
        assert_eq!(violations(2, Role::Cleaner, place), 0);
        let beginning = snapshot("agenda:c", "zqx-mail-3 zqx zqx-mail-");
        assert_eq!(violations(2, Role::Cleaner, beginning), 0);
    }

    #[test]
    fn others_who_get_a_secret_are_found() {
        let mail = || snapshot("agenda:c", "zqx-mail-1");
        assert_eq!(violations(2, Role::Cleaner, mail()), 1);
        assert_eq!(violations(2, Role::Customer, mail()), 1);
        let heard = Event::Heard {
            channel: "positions:a".to_owned(),
            body: raw(r#"["zqx-mail-1"]"#),
        };
        assert_eq!(violations(2, Role::Cleaner, heard), 1);
        let answered = Event::Answered {
            command: Uuid::from_u128(1),
            outcome: crate::history::Outcome::Rejected,
            code: None,
            answer: Some(raw(r#"{"message":"zqx-place-22"}"#)),
        };
        assert_eq!(violations(2, Role::Customer, answered), 1);
    }

    #[test]
    fn a_secret_in_the_log_is_found_with_those_who_follow_it() {
        assert_eq!(violations(2, Role::Customer, snapshot("customer:a", "")), 1);
        assert_eq!(violations(1, Role::Customer, snapshot("customer:a", "")), 0);
    }

    #[test]
    fn a_secret_on_a_channel_for_many_is_found_whoever_reads_it() {
        for role in [Role::Dispatcher, Role::Cleaner] {
            assert_eq!(violations(2, role, snapshot("board:a", "zqx-place-22")), 1);
        }
    }

    #[test]
    fn a_secret_in_a_log_or_metric_is_found() {
        let leaked = Event::Leaked {
            text: "zqx-mail-1".to_owned(),
            place: "the log of instance 1".to_owned(),
        };
        assert_eq!(violations(2, Role::Dispatcher, leaked), 1);
    }
}
