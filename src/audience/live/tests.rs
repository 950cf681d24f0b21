//! Names, rights and payloads of what is live but not durable.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::{ids::AccountId, position::Place};

const ME: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const BOOKING: BookingId = BookingId(Uuid::from_u128(7));

fn zone() -> ZoneSlug {
    "center".parse().expect("a slug")
}

fn channels() -> [EphemeralChannel; 4] {
    [
        EphemeralChannel::Positions(zone()),
        EphemeralChannel::Track(BOOKING),
        EphemeralChannel::Presence(zone()),
        EphemeralChannel::Ops,
    ]
}

#[test]
fn names_are_read_back_as_written_and_other_spellings_are_none() {
    for channel in channels() {
        let name = channel.to_string();
        assert_eq!(name.parse(), Ok(channel.clone()));
        assert_eq!(name.parse(), Ok(AnyChannel::Ephemeral(channel)));
        assert!(name.parse::<Channel>().is_err(), "one class only");
    }
    for name in [
        "ops:",
        "ops:x",
        "Ops",
        "positions",
        "positions:",
        "positions:Center",
        "presence",
        "presence:Center",
        "track:x",
        "track:01890A5D-AC96-774B-BCCE-B302099A8057",
    ] {
        assert_eq!(name.parse::<AnyChannel>(), Err(UnknownChannel), "{name}");
    }
    let durable = "board:center".parse();
    assert_eq!(durable, Ok(AnyChannel::Durable(Channel::Board(zone()))));
}

fn all_true() -> LiveFacts {
    LiveFacts {
        account_valid: true,
        zone_exists: true,
        on_the_way: true,
        booked_by: Some(CustomerId(ME)),
    }
}

fn readable(role: Option<Role>, facts: &LiveFacts) -> [bool; 4] {
    let id = AccountId(ME);
    let actor = role.map(|role| Actor { id, role });
    channels().map(|channel| may_follow(actor, &channel, facts))
}

#[test]
fn each_role_follows_what_is_for_it_and_nothing_else() {
    let facts = all_true();
    let readable = |role| readable(role, &facts);
    assert_eq!(readable(None), [false; 4]);
    assert_eq!(readable(Some(Role::Customer)), [false, true, false, false]);
    assert_eq!(readable(Some(Role::Cleaner)), [false; 4]);
    assert_eq!(readable(Some(Role::System)), [false; 4]);
    assert_eq!(readable(Some(Role::Dispatcher)), [true, true, true, false]);
    assert_eq!(readable(Some(Role::Manager)), [true, true, true, false]);
    assert_eq!(readable(Some(Role::Admin)), [true; 4]);
}

#[test]
fn anothers_visit_and_one_that_has_arrived_are_followed_by_nobody_who_is_not_to() {
    let customer = Some(Role::Customer);
    let others = LiveFacts {
        booked_by: Some(CustomerId(OTHER)),
        ..all_true()
    };
    assert_eq!(readable(customer, &others), [false; 4]);
    let nobodys = LiveFacts {
        booked_by: None,
        ..all_true()
    };
    assert_eq!(readable(customer, &nobodys), [false; 4]);
    let arrived = LiveFacts {
        on_the_way: false,
        ..all_true()
    };
    for role in Role::ALL {
        assert!(!readable(Some(role), &arrived)[1], "{role:?}");
    }
    let out = LiveFacts {
        account_valid: false,
        ..all_true()
    };
    let nowhere = LiveFacts {
        zone_exists: false,
        ..all_true()
    };
    for role in Role::ALL {
        assert_eq!(readable(Some(role), &out), [false; 4]);
        assert!(!readable(Some(role), &nowhere)[0]);
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn bodies(visit: Option<(BookingId, Place)>) -> Vec<(EphemeralChannel, Value)> {
    let fix = Fix {
        at: at("2026-11-20T09:00:00Z"),
        lon: 13.404_949,
        lat: 52.520_008,
        accuracy_m: Some(4.0),
        heading: None,
        speed: Some(11.0),
    };
    let followed = Followed {
        zone: zone(),
        visit,
    };
    let shown = shown(
        CleanerId(OTHER),
        &fix,
        &followed,
        at("2026-11-20T09:00:01Z"),
    );
    shown
        .into_iter()
        .map(|(channel, body)| (channel, serde_json::to_value(body).expect("plain data")))
        .collect()
}

#[test]
fn the_staff_see_the_position_and_the_customer_of_the_visit_a_coarse_one_with_its_arrival() {
    let door = Place {
        lon: 13.404_949,
        lat: 52.5,
    };
    let shown = bodies(Some((BOOKING, door)));
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0].0, EphemeralChannel::Positions(zone()));
    assert_eq!(shown[0].1["set"][0]["lon"], 13.404_949);
    assert_eq!(shown[0].1["set"][0]["to"], json!(BOOKING));
    assert_eq!(shown[1].0, EphemeralChannel::Track(BOOKING));
    // 2.2 km, by streets 2.9 km, at 7 m/s.
    let expected = json!({
        "at": "2026-11-20T09:00:01Z",
        "set": [{
            "kind": "track", "id": OTHER, "version": 1_795_165_200_000_i64,
            "at": "2026-11-20T09:00:00Z", "lon": 13.405, "lat": 52.52,
            "arrives_at": "2026-11-20T09:06:54Z",
        }],
        "unset": [],
    });
    assert_eq!(shown[1].1, expected, "and nothing else");
}

#[test]
fn who_is_not_on_the_way_is_shown_to_no_customer() {
    let shown = bodies(None);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].0, EphemeralChannel::Positions(zone()));
    assert!(shown[0].1["set"][0].get("to").is_none());
}

#[test]
fn a_snapshot_is_what_is_set_by_what_was_heard() {
    let now = at("2026-11-20T09:00:00Z");
    let heard: Vec<LiveBody> = bodies(None)
        .into_iter()
        .map(|(_, body)| serde_json::from_value(body).expect("a body"))
        .collect();
    let gone = LiveBody::gone(now, CleanerId(ME));
    let snapshot = LiveBody::snapshot(now, heard.clone().into_iter().chain([gone]));
    assert_eq!(snapshot.set, heard[0].set);
    assert!(snapshot.unset.is_empty());
    let key = snapshot.set[0].key();
    assert_eq!(
        (key.kind, key.id),
        (LiveRowKind::Position, OTHER.to_string())
    );
}
