//! Private texts are looked for in everything that leaves.

use std::collections::BTreeSet;

use jiff::civil::date;

use super::company::{ANNA, BORIS, CLARA, DORA, EGON, GUEST, IDA, center, company, now};
use crate::{
    audience::{Channel, snapshot, views},
    domain::{
        World,
        ids::{CleanerId, CustomerId},
    },
};

/// Kinds of marked text, and whose they are, in what a channel shows.
fn canaries(channel: &Channel, world: &World) -> BTreeSet<String> {
    let text = snapshot(channel, world, now()).get().to_owned();
    text.split('"')
        .flat_map(str::split_whitespace)
        .filter_map(|word| word.strip_prefix("canary-"))
        .map(str::to_owned)
        .collect()
}

fn marks(kinds: &[&str], whose: &[&str]) -> BTreeSet<String> {
    kinds
        .iter()
        .flat_map(|kind| whose.iter().map(move |name| format!("{kind}-{name}")))
        .collect()
}

fn name_of(customer: CustomerId) -> &'static str {
    if customer == IDA { "Ida" } else { "John" }
}

fn name_of_cleaner(cleaner: CleanerId) -> &'static str {
    [
        (ANNA, "Anna"),
        (BORIS, "Boris"),
        (CLARA, "Clara"),
        (DORA, "Dora"),
        (EGON, "Egon"),
    ]
    .into_iter()
    .find_map(|(id, name)| (id == cleaner).then_some(name))
    .expect("of the company")
}

/// Whose jobs a cleaner has, by the seats of the company in `testing`.
fn customers_of(cleaner: CleanerId) -> &'static [&'static str] {
    match name_of_cleaner(cleaner) {
        "Anna" => &["Ida"],
        "Boris" | "Clara" => &["John"],
        _ => &[],
    }
}

#[test]
fn private_texts_are_shown_to_nobody_else() {
    let world = company();
    let mut looked_at = 0;
    for channel in views(&world).channels() {
        let expected = match channel {
            Channel::Booking(id) => {
                let customer = world.bookings[id].customer;
                marks(&["address"], &[name_of(customer)])
            }
            Channel::Customer(id) if *id == GUEST => BTreeSet::new(),
            Channel::Customer(id) => {
                let kinds = ["name", "phone", "email", "address", "notes"];
                marks(&kinds, &[name_of(*id)])
            }
            Channel::Agenda(id) => {
                let own = marks(&["surname", "cleanerphone"], &[name_of_cleaner(*id)]);
                let work = marks(&["name", "phone", "address", "notes"], customers_of(*id));
                own.union(&work).cloned().collect()
            }
            Channel::Slots { .. } | Channel::Board(_) => BTreeSet::new(),
            Channel::Control { zone, .. } => {
                let there = zone == &center();
                let crew: &[_] = if there {
                    &["Anna", "Boris", "Clara"]
                } else {
                    &["Dora"]
                };
                let customers: &[_] = if there { &["Ida", "John"] } else { &[] };
                let crew = marks(&["surname", "cleanerphone"], crew);
                let work = marks(&["name", "phone", "address", "notes"], customers);
                crew.union(&work).cloned().collect()
            }
        };
        assert_eq!(canaries(channel, &world), expected, "{channel}");
        looked_at += 1;
    }
    assert_eq!(
        looked_at,
        6 + 3 + 5 + 1 + 4,
        "bookings, customers, agendas, a board, days"
    );
}

#[test]
fn free_places_name_nobody() {
    let world = company();
    let channel = Channel::Slots {
        zone: center(),
        date: date(2026, 11, 20),
    };
    assert_eq!(canaries(&channel, &world), BTreeSet::new());
}
