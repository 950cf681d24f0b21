//! This instance's people as its clock goes on, without a task or a list.

use uuid::Uuid;

use super::{claims::CLAIMS, *};
use crate::presence::{entry::Claim, room::Standing};

const LIVES: Lives = Lives {
    grace: Duration::from_secs(10),
    typing: Duration::from_secs(6),
    claim: Duration::from_mins(1),
};

fn zone(slug: &str) -> ZoneSlug {
    slug.parse().expect("a slug")
}

fn job(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

/// A roll, its clock, and the lists that its changes make.
struct Run {
    roll: Roll,
    begun: Instant,
    at: Duration,
    lists: HashMap<(String, String), ClientInfo>,
}

impl Run {
    fn new() -> Self {
        Self {
            roll: Roll::new(LIVES),
            begun: Instant::now(),
            at: Duration::ZERO,
            lists: HashMap::new(),
        }
    }

    fn now(&self) -> Instant {
        self.begun + self.at
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.at += Duration::from_secs(seconds);
        self
    }

    fn user(person: u128) -> Arc<str> {
        Uuid::from_u128(person).to_string().into()
    }

    /// Somebody of this role begins to follow a channel.
    fn follows(&mut self, client: &str, person: u128, role: Option<Role>, channel: &str) {
        let (client, name) = (ClientId::from(client), ChannelName::from(channel));
        let channel = channel.parse().expect("a channel");
        self.roll.came(&client, &Self::user(person), role);
        let now = self.now();
        self.roll.follows(&client, &name, &channel, now);
    }

    fn dispatcher(&mut self, client: &str, person: u128) {
        self.follows(client, person, Some(Role::Dispatcher), "presence:center");
        self.cards(&[(person, "Marta", &[])]);
    }

    fn cards(&mut self, cards: &[(u128, &str, &[&str])]) {
        let cards = cards.iter().map(|(person, name, zones)| {
            let card = Card {
                name: (*name).to_owned(),
                zones: zones.iter().map(|slug| zone(slug)).collect(),
            };
            (AccountId(Uuid::from_u128(*person)), card)
        });
        let cards: HashMap<_, _> = cards.collect();
        let asked = self.roll.cards_wanted(true);
        let now = self.now();
        self.roll.learn_cards(&asked, &cards, now);
    }

    fn went(&mut self, client: &str) {
        let now = self.now();
        self.roll.went(&client.into(), now);
    }

    fn looks(&mut self, client: &str, of: Option<u128>, typing: bool) -> Result<(), Absent> {
        let (now, job) = (self.now(), of.map(job));
        let look = Look {
            job,
            typing,
            at_ms: 0,
        };
        self.roll.looks(&client.into(), &zone("center"), look, now)
    }

    fn claims(&mut self, client: &str, number: u128, generation: u32) -> Result<(), Absent> {
        let claim = Claim {
            job: job(number),
            name: "Marta".to_owned(),
            generation,
            taken_from: None,
        };
        let now = self.now();
        self.roll
            .claims(&client.into(), &zone("center"), claim, now)
    }

    /// Brings the lists up to date; returns how many entries that wrote or removed.
    fn write(&mut self) -> usize {
        let now = self.now();
        let changes = self.roll.changes(now);
        let count = changes.len();
        for Change { list, client, info } in changes {
            let key = (list.to_string(), client);
            match info {
                Some(info) => drop(self.lists.insert(key, info)),
                None => drop(self.lists.remove(&key).expect("it was there")),
            }
        }
        count
    }

    fn people(&mut self, slug: &str) -> Vec<String> {
        self.write();
        self.listed(&people_list(&zone(slug)))
    }

    fn locks(&mut self) -> Vec<String> {
        self.write();
        self.listed(&claims_list(&zone("center")))
    }

    fn listed(&self, list: &str) -> Vec<String> {
        let inside = self.lists.keys().filter(|(name, _)| name == list);
        let mut clients: Vec<_> = inside.map(|(_, client)| client.clone()).collect();
        clients.sort_unstable();
        clients
    }

    fn said(&mut self, client: &str) -> serde_json::Value {
        self.write();
        let key = (people_list(&zone("center")).to_string(), client.to_owned());
        let said = self.lists[&key].chan_info.as_ref().expect("an entry");
        serde_json::from_str(said.get()).expect("JSON")
    }
}

#[test]
fn whoever_disconnects_is_there_for_a_grace_longer() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    assert_eq!(run.people("center"), ["one"]);
    run.went("one");
    assert_eq!(run.after(9).people("center"), ["one"]);
    assert!(run.after(1).people("center").is_empty());
    assert!(run.roll.connections.is_empty() && run.roll.deadline().is_none());
}

#[test]
fn flapping_writes_nothing_but_the_connections_themselves() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    run.write();
    for _ in 0..20 {
        let now = run.now();
        run.roll.unfollows(&"one".into(), "presence:center", now);
        assert_eq!(run.after(1).write(), 0);
        run.follows("one", 1, Some(Role::Dispatcher), "presence:center");
        assert_eq!(run.after(4).write(), 0);
    }
    assert_eq!(run.after(60).people("center"), ["one"]);
}

#[test]
fn of_two_channels_of_a_zone_the_last_one_counts() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    run.follows(
        "one",
        1,
        Some(Role::Dispatcher),
        "control:center:2026-11-21",
    );
    let now = run.now();
    run.roll.unfollows(&"one".into(), "presence:center", now);
    assert_eq!(run.after(60).people("center"), ["one"]);
    assert_eq!(run.roll.staffed(), [zone("center")]);
    let now = run.now();
    let last = "control:center:2026-11-21";
    run.roll.unfollows(&"one".into(), last, now);
    assert!(run.roll.staffed().is_empty(), "nobody watches");
    assert!(run.after(60).people("center").is_empty());
}

#[test]
fn everybody_is_where_their_role_says() {
    let mut run = Run::new();
    run.follows("visitor", 0, None, "slots:center:2026-11-21");
    run.follows(
        "customer",
        2,
        Some(Role::Customer),
        "slots:center:2026-11-22",
    );
    run.follows("cleaner", 3, Some(Role::Cleaner), "board:north");
    let customer = format!("customer:{}", Uuid::from_u128(2));
    run.follows("at home", 2, Some(Role::Customer), &customer);
    for channel in ["slots:center:2026-11-21", "positions:center", "ops"] {
        run.follows("admin", 4, Some(Role::Admin), channel);
    }
    assert_eq!(run.people("center"), ["customer", "visitor"]);
    run.cards(&[(3, "Anna", &["center", "west"]), (4, "Root", &[])]);
    assert_eq!(run.people("center"), ["cleaner", "customer", "visitor"]);
    assert_eq!(run.people("west"), ["cleaner"]);
    assert!(run.people("north").is_empty());
    assert_eq!(
        run.said("customer"),
        serde_json::json!({"role": "customer"})
    );
    assert_eq!(run.said("visitor"), serde_json::json!({}));
    run.cards(&[(3, "Anna", &["west"]), (4, "Root", &[])]);
    assert_eq!(run.after(11).people("center"), ["customer", "visitor"]);
}

#[test]
fn a_customer_with_a_visit_is_in_its_zone_once_that_is_known() {
    let mut run = Run::new();
    let booking = BookingId(Uuid::from_u128(9));
    run.follows(
        "customer",
        2,
        Some(Role::Customer),
        &format!("booking:{booking}"),
    );
    assert!(run.people("center").is_empty());
    let asked = run.roll.places_wanted();
    assert_eq!(asked, BTreeSet::from([booking]));
    let now = run.now();
    run.roll
        .learn_places(&asked, &[(booking, zone("center"))].into(), now);
    assert_eq!(run.people("center"), ["customer"]);
    assert!(run.roll.places_wanted().is_empty());
}

#[test]
fn somebody_who_is_nobody_any_more_is_gone_at_once() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    assert_eq!(run.people("center"), ["one"]);
    run.cards(&[]);
    assert!(run.people("center").is_empty());
}

#[test]
fn only_the_staff_who_are_there_can_say_what_they_look_at() {
    let mut run = Run::new();
    assert_eq!(run.looks("one", Some(7), false), Err(Absent));
    run.follows("guest", 5, Some(Role::Customer), "slots:center:2026-11-21");
    assert_eq!(run.looks("guest", Some(7), false), Err(Absent));
    run.dispatcher("one", 1);
    assert_eq!(run.looks("one", Some(7), false), Ok(()));
    assert_eq!(run.said("one")["look"]["job"], job(7).to_string());
    let elsewhere = Look {
        job: None,
        typing: false,
        at_ms: 0,
    };
    let now = run.now();
    let north = zone("north");
    let said = run.roll.looks(&"one".into(), &north, elsewhere, now);
    assert_eq!(said, Err(Absent));
    run.went("one");
    assert_eq!(run.looks("one", None, false), Err(Absent));
}

#[test]
fn typing_is_forgotten_unless_it_is_said_again() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    run.looks("one", Some(7), true).expect("there");
    assert_eq!(run.after(5).said("one")["look"]["typing"], true);
    run.looks("one", Some(7), true).expect("there");
    assert_eq!(run.after(5).said("one")["look"]["typing"], true);
    let said = run.after(1).said("one");
    assert_eq!(said["look"]["typing"], false);
    assert_eq!(said["look"]["job"], job(7).to_string(), "still looking");
}

#[test]
fn a_lock_ends_with_its_time_and_with_its_holders_presence() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    run.claims("one", 7, 0).expect("there");
    let name = claim_name("one", job(7));
    assert_eq!(run.after(59).locks(), std::slice::from_ref(&name));
    run.claims("one", 7, 0).expect("there");
    assert_eq!(
        run.after(59).locks(),
        std::slice::from_ref(&name),
        "asked for again"
    );
    assert!(run.after(1).locks().is_empty());

    run.claims("one", 7, 0).expect("there");
    run.went("one");
    assert_eq!(run.after(9).locks(), [name], "a reload keeps it");
    assert!(run.after(1).locks().is_empty());
}

#[test]
fn of_too_many_locks_the_first_gives_way() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    for number in 0..20 {
        run.claims("one", number, 0).expect("there");
    }
    let locks = run.locks();
    assert_eq!(locks.len(), CLAIMS);
    assert!(locks.contains(&claim_name("one", job(19))));
}

#[test]
fn a_lock_yields_to_a_later_generation_only() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    run.claims("one", 7, 1).expect("there");
    let standing = |generation| Standing {
        lock: crate::audience::presence::JobLock {
            job: job(7),
            holder: AccountId(Uuid::from_u128(2)),
            name: "Olga".to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
            taken_from: None,
        },
        generation,
    };
    let center = zone("center");
    for earlier in [0, 1] {
        assert!(!run.roll.yields(&center, &standing(earlier)));
    }
    assert!(!run.roll.yields(&zone("north"), &standing(2)));
    assert_eq!(run.locks().len(), 1);
    assert!(run.roll.yields(&center, &standing(2)));
    assert!(run.locks().is_empty());
}

#[test]
fn what_must_be_listed_is_what_was_written_and_not_changed_since() {
    let mut run = Run::new();
    run.dispatcher("one", 1);
    let own = |run: &Run| run.roll.listed_staff(&zone("center")).len();
    assert_eq!(own(&run), 0, "not written yet");
    run.write();
    assert_eq!(own(&run), 1);
    run.follows("guest", 5, Some(Role::Customer), "slots:center:2026-11-21");
    run.write();
    assert_eq!(own(&run), 1, "of the staff");
    run.went("one");
    assert_eq!(own(&run), 0);
}
