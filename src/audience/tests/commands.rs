//! Every command of every role that may give it: the old snapshot with the publications applied is
//! the new snapshot, on every channel.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::date};
use serde_json::{Value, json};

use super::{
    company::{
        ANNA, BORIS, CLARA, DISPATCHER, JOHN, add_template, booking_id, company, hold_of, job_id,
        now, property_of, shift_of, slug, today_at,
    },
    stamp,
};
use crate::{
    audience::{Channel, Difference, may_run, snapshot, views},
    domain::{
        Actor, Command, Context, Event, Role, Thresholds, World,
        alert::{Alert, AlertKind, AlertLevel, AlertStatus},
        decide,
        entity::JobStatus,
        ids::{AccountId, AlertId},
    },
};

/// A command that is accepted in the company of these tests, given by this role.
fn scenario(kind: &str, role: Role) -> (World, Actor, Command) {
    let mut world = company();
    let parameters = match kind.split_once('.').expect("family and name") {
        ("customer" | "property" | "hold" | "booking", _) => sale(kind, role, &mut world),
        ("job", _) => work(kind, role, &mut world),
        ("alert", _) => alert(kind, &mut world),
        ("duty" | "shift" | "template" | "time_off", _) => time(kind, role, &mut world),
        ("admin", _) => administration(kind, &world),
        _ => panic!("no scenario for {kind}"),
    };
    let command = Command::parse(kind, parameters)
        .expect("a command")
        .expect("well formed");
    let cleaner = match kind {
        "job.claim" | "job.pause" | "job.resume" | "job.complete" => BORIS,
        "job.acknowledge" | "job.withdraw" => CLARA,
        _ => ANNA,
    };
    let id = match role {
        Role::Customer => AccountId(JOHN.0),
        Role::Cleaner => AccountId(cleaner.0),
        Role::Dispatcher | Role::Manager | Role::Admin => DISPATCHER,
        Role::System => Actor::SYSTEM.id,
    };
    (world, Actor { id, role }, command)
}

fn sale(kind: &str, role: Role, world: &mut World) -> Value {
    let free = today_at(24 + 10, 0);
    let mut parameters = match kind {
        "customer.create" => return json!({ "name": "New Customer", "phone": "+49 30 123456" }),
        "hold.extend" | "hold.release" => return json!({ "hold": hold_of(JOHN) }),
        "hold.expire" => {
            world
                .holds
                .get_mut(&hold_of(JOHN))
                .expect("there")
                .expires_at = now() - 1.second();
            return json!({ "hold": hold_of(JOHN) });
        }
        "booking.confirm" => return json!({ "hold": hold_of(JOHN), "property": property_of(JOHN) }),
        "booking.cancel" => return json!({ "booking": booking_id(6), "expected_version": 1 }),
        "booking.reschedule" => {
            return json!({ "booking": booking_id(6), "start": today_at(24 + 9, 30) });
        }
        "booking.create" => {
            json!({ "property": property_of(JOHN), "service": "deep", "start": free })
        }
        "customer.update" => json!({ "name": "Another Name" }),
        "property.add" => json!({ "address": "Here 1", "lon": 13.5, "lat": 52.5 }),
        "hold.place" => json!({ "zone": "center", "service": "standard", "start": free }),
        other => panic!("no scenario for {other}"),
    };
    // Staff say whose; customers mean themselves.
    if role.is_staff() || kind == "booking.create" {
        parameters["customer"] = json!(JOHN);
    }
    parameters
}

fn work(kind: &str, role: Role, world: &mut World) -> Value {
    let (number, status) = match kind {
        "job.claim" => (5, None),
        "job.assign" => return json!({ "job": job_id(5), "cleaner": BORIS }),
        // Acknowledged, to another day; its crew with it.
        "job.move" => return json!({ "job": job_id(3), "start": today_at(24 + 15, 0) }),
        "job.withdraw" if role.is_staff() => return json!({ "job": job_id(6), "cleaner": CLARA }),
        "job.unassign" | "job.acknowledge" | "job.withdraw" => (6, None),
        "job.verify" => (1, None),
        "job.depart" => (3, None),
        "job.arrive" => (3, Some(JobStatus::EnRoute)),
        "job.start" | "job.no_access" => (3, Some(JobStatus::Arrived)),
        "job.pause" | "job.complete" => (2, None),
        "job.resume" => (2, Some(JobStatus::Paused)),
        "job.no_show" | "job.watch" => {
            let job = world.jobs.get_mut(&job_id(3)).expect("there");
            job.starts_at = now() - 40.minutes();
            (3, None)
        }
        other => panic!("no scenario for {other}"),
    };
    if let Some(status) = status {
        world.jobs.get_mut(&job_id(number)).expect("there").status = status;
    }
    json!({ "job": job_id(number) })
}

fn alert(kind: &str, world: &mut World) -> Value {
    let alert = Alert {
        id: AlertId(uuid::Uuid::from_u128(0xF00)),
        job: job_id(3),
        about: AlertKind::Late,
        level: AlertLevel::Warning,
        status: AlertStatus::Open,
        raised_at: now() - 1.minute(),
        snoozed_until: None,
        handled_by: None,
        version: 1,
    };
    let mut parameters = json!({ "alert": alert.id, "expected_version": 1 });
    if kind == "alert.snooze" {
        parameters["until"] = json!(now() + 10.minutes());
    }
    world.alerts.insert(alert.id, alert);
    parameters
}

fn time(kind: &str, role: Role, world: &mut World) -> Value {
    match kind {
        "duty.set" if role.is_staff() => json!({ "cleaner": ANNA, "duty": "break" }),
        "duty.set" => json!({ "duty": "break" }),
        "shift.publish" => json!({
            "cleaner": ANNA, "zone": "center", "start": today_at(56, 0), "end": today_at(64, 0),
        }),
        "shift.change" => json!({
            "shift": shift_of(world, CLARA), "start": today_at(34, 0), "end": today_at(42, 0),
        }),
        "shift.cancel" => json!({ "shift": shift_of(world, CLARA), "force": true }),
        "template.save" => json!({
            "cleaner": CLARA, "zone": "center", "valid_from": "2026-11-20",
            "week": vec![json!([{ "starts": 480, "ends": 960 }]); 7],
        }),
        "template.plan" => json!({ "template": add_template(world, BORIS) }),
        "template.end" => json!({
            "template": add_template(world, CLARA), "last_date": "2026-11-20", "force": true,
        }),
        "template.except" => json!({
            "template": add_template(world, CLARA), "date": "2026-11-21",
            "hours": [{ "starts": 600, "ends": 1200 }], "force": true,
        }),
        // Over the time of a promise, which moves to somebody else.
        "time_off.add" => json!({
            "cleaner": CLARA, "start": today_at(33, 0), "end": today_at(34, 0), "reason": "dentist",
        }),
        other => panic!("no scenario for {other}"),
    }
}

fn administration(kind: &str, world: &World) -> Value {
    match kind {
        "admin.zone_save" => {
            let zone = &world.zones[&slug("center")];
            let hours = json!({ "opens": 360, "closes": 840 });
            json!({
                "slug": "center", "name": "Center", "polygon": zone.polygon,
                "time_zone": zone.time_zone, "opening_hours": vec![hours; 7],
                "expected_version": 1,
            })
        }
        "admin.service_save" => json!({
            "slug": "deep", "name": "Deep", "duration_minutes": 150, "crew_size": 2,
            "skills": ["deep"], "travel_buffer_minutes": 15, "lead_time_minutes": 60,
            "booking_window_days": 14, "slot_step_minutes": 30, "price_minor": 9900,
            "currency": "EUR", "active": true, "expected_version": 1,
        }),
        "admin.import" => json!({
            "cleaners": "email,name,zones\nnew@example.org,New,center\n",
            "shifts": "email,zone,date,starts,ends\nnew@example.org,center,2026-11-21,08:00,16:00\n",
        }),
        "admin.user_save" => json!({
            "role": "dispatcher", "name": "New Dispatcher", "email": "new@example.org",
        }),
        "admin.cleaner_save" => json!({
            "cleaner": BORIS, "name": "Boris Other", "zones": ["center"], "skills": ["deep"],
            "active": true, "expected_version": 1,
        }),
        other => panic!("no scenario for {other}"),
    }
}

fn decided(world: &World, actor: Actor, command: &Command) -> (World, Vec<Event>) {
    let context = Context {
        actor,
        command_id: stamp().command_id,
        now: now(),
        thresholds: Thresholds::default(),
    };
    let decision = decide(command, world, &context)
        .unwrap_or_else(|objection| panic!("{} by {actor:?}: {objection:?}", command.kind()));
    let mut after = world.clone();
    for event in &decision.events {
        after.apply(event);
    }
    (after, decision.events)
}

/// What a reader knows of a channel: rows by kind and id, or numbers by service and start.
#[derive(Debug, Default, PartialEq)]
struct Known {
    rows: BTreeMap<(String, String), Value>,
    free: BTreeMap<(String, String), i64>,
}

impl Known {
    fn apply(&mut self, body: &str) {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
        let name = |row: &Value, part: &str| row[part].as_str().expect("text").to_owned();
        for row in list("set") {
            self.rows
                .insert((name(&row, "kind"), name(&row, "id")), row);
        }
        for row in list("unset") {
            let gone = self.rows.remove(&(name(&row, "kind"), name(&row, "id")));
            assert!(gone.is_some(), "{row} was not there");
        }
        for change in list("free") {
            let key = (name(&change, "service"), name(&change, "start"));
            let by = change["by"].as_i64().expect("a number");
            let free = self.free.entry(key.clone()).or_default();
            *free += by;
            assert!(*free >= 0, "{key:?} below nothing");
            if *free == 0 {
                self.free.remove(&key);
            }
        }
    }

    fn of(channel: &Channel, world: &World) -> Self {
        let mut known = Self::default();
        known.apply(snapshot(channel, world, now()).get());
        known
    }
}

fn all_channels(worlds: [&World; 2]) -> BTreeSet<Channel> {
    let rows = worlds.map(|world| views(world).channels().cloned().collect::<Vec<_>>());
    let slots = ["center", "north"].into_iter().flat_map(|zone| {
        (19..=30).map(move |day| Channel::Slots {
            zone: slug(zone),
            date: date(2026, 11, day),
        })
    });
    rows.into_iter().flatten().chain(slots).collect()
}

/// Holds the publications against the snapshots; the channels that they are on.
fn check(before: &World, after: &World, what: &str) -> BTreeSet<Channel> {
    let difference = Difference::between(before, after);
    let anew = difference.anew().clone();
    let publications = difference.publications(stamp());
    let published: BTreeSet<_> = publications
        .iter()
        .map(|(channel, _)| channel.clone())
        .collect();
    assert_eq!(
        published.len(),
        publications.len(),
        "one body per channel: {what}"
    );
    let everywhere = all_channels([before, after]);
    assert!(published.is_subset(&everywhere), "{what}");
    for channel in everywhere {
        if anew.contains(&channel) {
            // Its readers take a fresh snapshot, which is what there is.
            continue;
        }
        let mut known = Known::of(&channel, before);
        for (_, body) in publications.iter().filter(|(name, _)| *name == channel) {
            known.apply(body.get());
        }
        assert_eq!(known, Known::of(&channel, after), "{what} on {channel}");
    }
    published
}

#[test]
fn publications_lead_from_one_snapshot_to_the_next() {
    let mut silent = BTreeSet::new();
    for kind in Command::KINDS {
        for role in Role::ALL {
            let (world, actor, command) = scenario(kind, role);
            if !may_run(role, &command) {
                continue;
            }
            let (after, events) = decided(&world, actor, &command);
            assert!(!events.is_empty(), "{kind} does nothing");
            if check(&world, &after, kind).is_empty() {
                silent.insert(*kind);
            }
        }
    }
    // No channel shows accounts.
    assert_eq!(silent, BTreeSet::from(["admin.user_save"]));
}

#[test]
fn every_role_has_something_to_do_but_nothing_of_the_systems() {
    for role in Role::ALL {
        let kinds: Vec<_> = Command::KINDS
            .iter()
            .filter(|kind| may_run(role, &scenario(kind, role).2))
            .collect();
        assert!(!kinds.is_empty(), "{role:?}");
        assert_eq!(
            ["hold.expire", "job.watch", "template.plan"]
                .iter()
                .all(|kind| kinds.contains(&kind)),
            role == Role::System,
            "{role:?}"
        );
    }
}

#[test]
fn a_whole_visit_is_followed_on_every_channel() {
    let mut world = company();
    let mut step = |kind: &str, actor: Actor, parameters: Value| {
        let command = Command::parse(kind, parameters)
            .expect("a command")
            .expect("well formed");
        let (after, _) = decided(&world, actor, &command);
        check(&world, &after, kind);
        let made = after
            .jobs
            .keys()
            .find(|job| !world.jobs.contains_key(job))
            .copied();
        world = after;
        made
    };
    let john = Actor {
        id: AccountId(JOHN.0),
        role: Role::Customer,
    };
    let anna = Actor {
        id: AccountId(ANNA.0),
        role: Role::Cleaner,
    };
    let dispatcher = Actor {
        id: DISPATCHER,
        role: Role::Dispatcher,
    };
    let hold = hold_of(JOHN);
    let made = step(
        "booking.confirm",
        john,
        json!({ "hold": hold, "property": property_of(JOHN) }),
    );
    let job = json!({ "job": made.expect("a job") });
    step("job.unassign", dispatcher, json!({ "job": job_id(3) }));
    step("job.claim", anna, job.clone());
    for kind in [
        "acknowledge",
        "depart",
        "arrive",
        "start",
        "pause",
        "resume",
        "complete",
    ] {
        step(&format!("job.{kind}"), anna, job.clone());
    }
}
