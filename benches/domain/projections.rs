//! What people are told: the publications of one command, and each family's snapshot.

use std::hint::black_box;

use dispatch_hub::{
    audience::{Channel, Difference, Stamp, snapshot},
    domain::{World, ids::CommandId},
};
use uuid::Uuid;

use super::{
    Case, Run,
    company::{DATE, Extent, center, cleaner_id, company, customer_id, dispatcher, now},
    decisions::{Given, duty_set, hold_place, job_acknowledge, job_assign, job_move},
};

pub const CASES: &[Case] = &[
    ("publish hold.place", || publishing(hold_place)),
    ("publish job.assign", || publishing(job_assign)),
    ("publish job.move", || publishing(job_move)),
    ("publish job.acknowledge", || publishing(job_acknowledge)),
    ("publish duty.set", || publishing(duty_set)),
    ("trip of hold.place", || trip(hold_place)),
    ("trip of job.assign", || trip(job_assign)),
    ("snapshot of slots", || showing(Extent::SLOTS, slots)),
    ("snapshot of control", || showing(Extent::CONTROL, control)),
    ("snapshot of board", || showing(Extent::CONTROL, board)),
    ("snapshot of agenda", || showing(Extent::CONTROL, agenda)),
    ("snapshot of customer", || showing_all_to_one_customer()),
];

fn stamp() -> Stamp {
    Stamp {
        at: now(),
        by: dispatcher().id,
        command_id: CommandId(Uuid::from_u128(7)),
    }
}

fn after(given: &Given) -> World {
    let decision = given.decide().expect("accepted");
    let mut after = given.world.clone();
    for event in &decision.events {
        after.apply(event);
    }
    after
}

fn publishing(given: fn() -> Given) -> Run {
    let given = given();
    let after = after(&given);
    Box::new(move || {
        let difference = Difference::between(&given.world, &after);
        black_box(difference.publications(stamp()));
    })
}

/// All that the rules and the projections do for a command.
fn trip(given: fn() -> Given) -> Run {
    let given = given();
    Box::new(move || {
        let after = after(&given);
        let difference = Difference::between(&given.world, &after);
        black_box(difference.publications(stamp()));
    })
}

fn slots() -> Channel {
    Channel::Slots {
        zone: center(),
        date: DATE,
    }
}

fn control() -> Channel {
    Channel::Control {
        zone: center(),
        date: DATE,
    }
}

fn board() -> Channel {
    Channel::Board(center())
}

fn agenda() -> Channel {
    Channel::Agenda(cleaner_id(3))
}

fn showing(extent: Extent, channel: fn() -> Channel) -> Run {
    let (world, channel) = (company(extent), channel());
    Box::new(move || {
        black_box(snapshot(&channel, &world, now()));
    })
}

/// A customer of a hundred visits.
fn showing_all_to_one_customer() -> Run {
    let mut world = company(Extent {
        cleaners: 22,
        ..Extent::CONTROL
    });
    let ids: Vec<_> = world.bookings.keys().copied().collect();
    for id in ids {
        world.bookings.get_mut(&id).expect("there").customer = customer_id(0);
    }
    let (world, channel) = (world.settled(), Channel::Customer(customer_id(0)));
    Box::new(move || {
        black_box(snapshot(&channel, &world, now()));
    })
}
