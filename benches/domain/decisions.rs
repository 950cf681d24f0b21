//! What it takes to decide, with 200 cleaners loaded.

use std::hint::black_box;

use dispatch_hub::domain::{
    Actor, Command, Context, Decision, Query, Thresholds, World, decide,
    decide::{job_targets, nearest_slots},
    ids::CommandId,
};
use jiff::ToSpan;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Case, Run,
    company::{DATE, Extent, cleaner_id, company, customer_id, dispatcher, job_id, now, opening},
};

pub const CASES: &[Case] = &[
    ("decide hold.place", || deciding(hold_place)),
    ("decide hold.place, gone", || deciding(hold_gone)),
    ("decide job.assign", || deciding(job_assign)),
    ("decide job.move", || deciding(job_move)),
    ("decide job.move, no room", || deciding(job_move_search)),
    ("decide job.acknowledge", || deciding(job_acknowledge)),
    ("decide duty.set", || deciding(duty_set)),
    ("answer job.targets", targets),
    ("answer slots.nearest", nearest),
];

/// A command with the world that is loaded for it.
pub struct Given {
    pub world: World,
    pub command: Command,
}

pub fn context(actor: Actor) -> Context {
    Context {
        actor,
        command_id: CommandId(Uuid::from_u128(7)),
        now: now(),
        thresholds: Thresholds::default(),
    }
}

fn given(extent: Extent, kind: &'static str, parameters: Value) -> Given {
    Given {
        world: company(extent),
        command: Command::parse(kind, parameters)
            .expect("a command of ours")
            .expect("well formed"),
    }
}

pub fn hold_place() -> Given {
    let start = opening(DATE) + 510.minutes();
    let parameters = json!({
        "customer": customer_id(0), "zone": "center", "service": "express", "start": start,
    });
    given(Extent::HOLD, "hold.place", parameters)
}

/// Everybody is at work then.
fn hold_gone() -> Given {
    let mut given = hold_place();
    given
        .world
        .shifts
        .retain(|_, shift| shift.local_date != DATE);
    given
}

/// The first job of the day is promised to nobody by name; the time of who gets it is promised, too.
pub fn job_assign() -> Given {
    let parameters = json!({ "job": job_id(0), "cleaner": cleaner_id(42) });
    given(Extent::JOB, "job.assign", parameters)
}

pub fn job_move() -> Given {
    let start = opening(DATE) + 510.minutes();
    let parameters = json!({ "job": job_id(4), "start": start });
    given(Extent::JOB, "job.move", parameters)
}

/// Of a job that is promised, to when nobody is free: all paths are looked for.
fn job_move_search() -> Given {
    let start = opening(DATE) + 270.minutes();
    let parameters = json!({ "job": job_id(0), "start": start });
    given(Extent::JOB, "job.move", parameters)
}

pub fn job_acknowledge() -> Given {
    given(Extent::JOB, "job.acknowledge", json!({ "job": job_id(1) }))
}

pub fn duty_set() -> Given {
    given(
        Extent::HOLD,
        "duty.set",
        json!({ "cleaner": cleaner_id(3), "duty": "break" }),
    )
}

impl Given {
    pub fn decide(&self) -> Result<Decision, dispatch_hub::domain::Objection> {
        decide(&self.command, &self.world, &context(dispatcher()))
    }
}

fn deciding(given: fn() -> Given) -> Run {
    let given = given();
    Box::new(move || {
        black_box(given.decide()).ok();
    })
}

fn targets() -> Run {
    let world = company(Extent::JOB);
    let Some(Ok(Query::JobTargets(asked))) =
        Query::parse("job.targets", json!({ "job": job_id(1) }))
    else {
        panic!("a query of ours");
    };
    Box::new(move || {
        black_box(job_targets(&asked, &world, &context(dispatcher()))).expect("an answer");
    })
}

fn nearest() -> Run {
    let world = company(Extent::SLOTS);
    let start = opening(DATE) + 240.minutes();
    let parameters = json!({ "zone": "center", "service": "standard", "start": start });
    let Some(Ok(Query::NearestSlots(asked))) = Query::parse("slots.nearest", parameters) else {
        panic!("a query of ours");
    };
    Box::new(move || {
        black_box(nearest_slots(&asked, &world, &context(dispatcher()))).expect("an answer");
    })
}
