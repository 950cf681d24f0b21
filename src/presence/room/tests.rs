//! What becomes of lists, and of lists that were lost.

use hub::ports::Body;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const RESTORING: Duration = Duration::from_secs(4);

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn listed(user: &str, client: &str, since_us: u64, said: &Value) -> Listed {
    Listed {
        info: hub::ports::ClientInfo {
            user: user.to_owned(),
            client: client.to_owned(),
            conn_info: None,
            chan_info: Some(Body::from_value(said).expect("JSON")),
        },
        since_us,
    }
}

fn dispatcher(number: u128, client: &str, since_us: u64) -> Listed {
    let said = json!({"role": "dispatcher", "name": format!("D{number}")});
    listed(&id(number), client, since_us, &said)
}

fn claim(user: u128, client: &str, since_us: u64, generation: u32) -> Listed {
    let said = json!({"job": id(100), "name": format!("D{user}"), "generation": generation});
    listed(&id(user), client, since_us, &said)
}

fn people(people: Vec<Listed>) -> Lists {
    Lists {
        people,
        claims: Vec::new(),
    }
}

fn row_of(lists: &Lists) -> PresenceRow {
    row("center".parse().expect("a slug"), 1, lists)
}

/// A room and its clock.
struct Run {
    room: Room,
    begun: Instant,
    at: Duration,
    own: HashSet<ClientId>,
}

impl Run {
    fn new() -> Self {
        Self {
            room: Room::new("center".parse().expect("a slug"), RESTORING),
            begun: Instant::now(),
            at: Duration::ZERO,
            own: ["mine".into()].into(),
        }
    }

    fn reads(&mut self, after_ms: u64, lists: Lists) -> i64 {
        self.at += Duration::from_millis(after_ms);
        let wall = Timestamp::from_millisecond(1_000_000).expect("an instant") + self.at;
        let own = self.own.clone();
        self.room.read(lists, &own, (self.begun + self.at, wall));
        self.room.state().0.version
    }

    fn names(&self) -> Vec<&str> {
        let there = &self.room.state().0.dispatchers;
        there.iter().map(|person| person.name.as_str()).collect()
    }

    fn tells(&mut self) -> bool {
        let repeat = Duration::from_secs(5);
        self.room.tell(self.begun + self.at, repeat)
    }
}

#[test]
fn whoever_has_several_connections_counts_once_and_customers_are_a_number() {
    let customer = json!({"role": "customer"});
    let cleaner = json!({"role": "cleaner", "name": "Anna"});
    let row = row_of(&people(vec![
        dispatcher(2, "a", 1),
        dispatcher(2, "b", 2),
        dispatcher(1, "c", 3),
        listed(&id(3), "d", 4, &customer),
        listed(&id(3), "e", 5, &customer),
        listed(&id(4), "f", 6, &customer),
        listed("", "g", 7, &json!({})),
        listed("", "h", 8, &json!({})),
        listed(&id(5), "i", 9, &cleaner),
        listed(&id(6), "j", 10, &json!("of another version")),
    ]));
    let PresenceCounts {
        customers,
        visitors,
        cleaners,
        dispatchers,
    } = row.counts;
    assert_eq!((customers, visitors, cleaners, dispatchers), (2, 2, 1, 2));
    assert_eq!(row.cleaners[0].name, "Anna");
    let names: Vec<_> = row.dispatchers.iter().map(|there| &*there.name).collect();
    assert_eq!(names, ["D1", "D2"]);
    let text = serde_json::to_string(&row).expect("JSON");
    assert!(!text.contains(&id(3)) && !text.contains(&id(4)), "{text}");
}

#[test]
fn the_order_of_the_lists_changes_nothing() {
    let mut lists = Lists {
        people: vec![dispatcher(1, "a", 1), dispatcher(2, "b", 2)],
        claims: vec![claim(1, "a", 1, 0), claim(2, "b", 2, 0)],
    };
    let forth = row_of(&lists);
    lists.people.reverse();
    assert_eq!(row_of(&lists), forth);
}

#[test]
fn what_a_person_said_last_counts_on_whichever_connection() {
    let look = |at_ms: i64, job: Option<u128>, typing: bool| {
        let look = json!({"job": job.map(id), "typing": typing, "at_ms": at_ms});
        json!({"role": "manager", "name": "M", "look": look})
    };
    let one = |at, job| listed(&id(1), "one", 1, &look(at, job, true));
    let quiet = listed(&id(1), "two", 2, &json!({"role": "manager", "name": "M"}));
    let focus = |lists: Vec<Listed>| {
        let row = row_of(&people(lists));
        let focus = row.dispatchers[0].focus.clone();
        focus.map(|focus| (focus.job.to_string(), focus.typing))
    };
    assert_eq!(focus(vec![one(5, Some(7)), quiet]), Some((id(7), true)));
    let later = listed(&id(1), "two", 2, &look(6, Some(8), false));
    assert_eq!(
        focus(vec![one(5, Some(7)), later.clone()]),
        Some((id(8), false))
    );
    assert_eq!(focus(vec![one(9, None), later]), None, "at nothing");
}

#[test]
fn somebody_who_is_something_else_now_is_that() {
    let before = dispatcher(1, "old", 1);
    let after = listed(&id(1), "new", 2, &json!({"role": "cleaner", "name": "C"}));
    let row = row_of(&people(vec![after, before]));
    assert_eq!((row.counts.dispatchers, row.counts.cleaners), (0, 1));
}

#[test]
fn the_first_claim_counts_until_it_is_taken_over() {
    let holder = |claims: &[Listed]| {
        let standing = standing(claims, JobId(Uuid::from_u128(100)))?;
        Some((standing.lock.holder.to_string(), standing.generation))
    };
    assert_eq!(holder(&[]), None);
    let (first, second) = (claim(1, "a", 1, 0), claim(2, "b", 2, 0));
    assert_eq!(holder(&[first.clone(), second.clone()]), Some((id(1), 0)));
    let over = claim(3, "c", 3, 1);
    let late = claim(4, "d", 4, 1);
    assert_eq!(holder(&[first, second, over, late]), Some((id(3), 1)));
}

#[test]
fn versions_grow_with_every_change_and_with_nothing_else() {
    let mut run = Run::new();
    let one = || people(vec![dispatcher(1, "mine", 1)]);
    let two = || people(vec![dispatcher(1, "mine", 1), dispatcher(2, "b", 2)]);
    let first = run.reads(0, one());
    assert_eq!(run.reads(500, one()), first);
    let second = run.reads(500, two());
    assert!(second > first);
    // The clock goes back; versions do not.
    run.at = Duration::ZERO;
    let third = run.reads(0, one());
    assert!(third > second);
}

#[test]
fn a_state_is_told_when_it_changes_and_repeated_when_it_does_not() {
    let mut run = Run::new();
    assert!(!run.tells(), "nothing is known yet");
    let one = || people(vec![dispatcher(1, "mine", 1)]);
    run.reads(0, one());
    assert!(run.tells());
    for _ in 0..9 {
        run.reads(500, one());
        assert!(!run.tells());
    }
    run.reads(500, one());
    assert!(run.tells(), "after 5 s");
    run.reads(
        500,
        people(vec![dispatcher(2, "b", 2), dispatcher(1, "mine", 1)]),
    );
    assert!(run.tells(), "at once");
}

#[test]
fn an_empty_zone_is_a_state_too() {
    let mut run = Run::new();
    run.reads(0, Lists::default());
    assert!(run.room.is_known() && run.tells());
}

#[test]
fn whoever_leaves_sound_lists_is_gone_at_once() {
    let mut run = Run::new();
    let both = people(vec![dispatcher(1, "mine", 1), dispatcher(2, "b", 2)]);
    run.reads(0, both);
    run.reads(500, people(vec![dispatcher(1, "mine", 1)]));
    assert_eq!(run.names(), ["D1"]);
}

#[test]
fn lists_that_were_lost_are_not_believed_until_all_can_be_back() {
    let before = || Lists {
        people: vec![dispatcher(1, "mine", 1), dispatcher(2, "b", 2)],
        claims: vec![claim(2, "b", 2, 0)],
    };
    // Whether this instance finds them empty, or its own entries entered anew already.
    for found in [vec![], vec![dispatcher(1, "mine", 90)]] {
        let mut run = Run::new();
        let version = run.reads(0, before());
        assert_eq!(run.reads(500, people(found)), version, "nothing to tell");
        // The other instance is back, and then somebody really leaves.
        let back = vec![dispatcher(1, "mine", 90), dispatcher(2, "b", 91)];
        let claims = vec![claim(2, "b", 92, 0)];
        let lists = Lists {
            people: back,
            claims,
        };
        run.reads(2_000, lists.clone());
        assert_eq!(run.names(), ["D1", "D2"]);
        run.reads(4_500, lists);
        run.reads(500, people(vec![dispatcher(1, "mine", 90)]));
        assert_eq!(run.names(), ["D1"]);
        assert!(run.room.state().0.locks.is_empty());
    }
}

#[test]
fn whoever_does_not_come_back_after_a_loss_is_gone_in_the_end() {
    let mut run = Run::new();
    let both = people(vec![dispatcher(1, "mine", 1), dispatcher(2, "b", 2)]);
    run.reads(0, both);
    run.reads(500, people(vec![]));
    let mine = || people(vec![dispatcher(1, "mine", 90)]);
    run.reads(500, mine());
    assert_eq!(run.names(), ["D1", "D2"]);
    run.reads(4_100, mine());
    assert_eq!(run.names(), ["D1"]);
}
