//! The demo's promises, held against its plan and against what the rules make of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Span, Timestamp, civil::Date};

use super::{
    company::{SITES, founding},
    day::{Crew, Script},
    dice::beginning,
    people::{company_actor, everybody, hiring},
    plan::{DayPlan, plan},
    stage::{Stage, Staged},
};
use crate::domain::{Role, World, entity::JobStatus, ids::ZoneSlug, slots};

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Local dates of a site around an instant.
fn dates(site: usize, now: Timestamp, before: i64, after: i64) -> impl Iterator<Item = Date> {
    let today = SITES[site].zone().date_at(now);
    (-before..=after).map(move |days| today + Span::new().days(days))
}

/// Everybody and everything but time.
fn company() -> World {
    let mut stage = Stage::new(World::default(), Vec::new());
    for (label, command) in founding(&stage.world) {
        let staged = Staged::new(beginning(), company_actor(Role::Admin), label, command);
        assert!(stage.run(staged.clone()), "{staged:?}");
    }
    for staged in hiring(&stage.world) {
        assert!(stage.run(staged.clone()), "{staged:?}");
    }
    stage.world
}

/// The people of one site, without the others: a day's world is small.
fn at_site(company: &World, crew: &Crew) -> World {
    let (cleaners, customers) = (crew.cleaners(), crew.customers());
    let mut world = company.clone();
    world.accounts.clear();
    world.cleaners.retain(|id, _| cleaners.contains(id));
    world.customers.retain(|id, _| customers.contains(id));
    world
        .properties
        .retain(|_, property| customers.contains(&property.customer));
    world
}

/// What a site's day has come to by an instant.
fn performed(company: &World, site: usize, date: Date, now: Timestamp) -> World {
    let crew = Crew::of(site);
    let planned = plan(site, date).expect("open every day");
    let script = Script::new(&crew, &planned);
    let mut world = at_site(company, &crew);
    let numbers = (0..100).collect();
    for done in script.perform(world.clone(), numbers, &BTreeSet::new(), now) {
        for event in &done.decision.events {
            world.apply(event);
        }
    }
    world
}

#[test]
fn everybody_has_an_id_of_their_own_that_the_rules_give_them() {
    let company = company();
    let people = everybody();
    let ids: BTreeSet<_> = people.iter().map(super::people::Person::id).collect();
    assert_eq!(ids.len(), people.len());
    assert!(ids.iter().all(|id| company.accounts.contains_key(id)));
    assert_eq!(company.accounts.len(), people.len());
    assert_eq!(
        hiring(&company).len() + founding(&company).len(),
        0,
        "nobody is missing"
    );
    for zone in company.zones.keys() {
        let cleaners = company
            .cleaners
            .values()
            .filter(|row| row.zones.contains(zone));
        let names: BTreeSet<_> = cleaners
            .clone()
            .map(|row| row.name.split(' ').next())
            .collect();
        assert_eq!(names.len(), cleaners.count(), "first names in {zone}");
    }
}

#[test]
fn at_every_hour_of_a_year_three_jobs_are_planned_to_be_under_way() {
    let mut plans: BTreeMap<(usize, Date), DayPlan> = BTreeMap::new();
    let begin = instant("2026-11-01T00:20:00Z");
    for half_hour in 0..366 * 48 {
        let at = begin + SignedDuration::from_mins(30 * half_hour);
        let under_way: usize = (0..SITES.len())
            .map(|site| {
                let date = SITES[site].zone().date_at(at);
                let planned = plans
                    .entry((site, date))
                    .or_insert_with(|| plan(site, date).expect("open every day"));
                planned.under_way(at)
            })
            .sum();
        // One more than is promised, for what the rules refuse.
        assert!(under_way >= 4, "{under_way} at {at}");
    }
}

#[test]
fn a_day_is_planned_alike_by_every_start() {
    let date = jiff::civil::date(2026, 12, 24);
    for site in 0..SITES.len() {
        assert_eq!(plan(site, date), plan(site, date));
    }
}

#[test]
fn at_any_hour_three_jobs_are_under_way_and_a_slot_can_be_booked() {
    let company = company();
    // A day in winter, the days on which clocks change, a weekend, a new year: every third hour.
    for day in [
        "2026-11-20",
        "2027-03-28",
        "2026-10-25",
        "2027-01-01",
        "2027-03-14",
    ] {
        for hour in (0..24).step_by(3) {
            let now = instant(&format!("{day}T{hour:02}:10:00Z"));
            check_hour(&company, now);
        }
    }
}

fn check_hour(company: &World, now: Timestamp) {
    let (mut under_way, mut open, mut bookable) = (0, 0, BTreeSet::new());
    for (site, at) in SITES.iter().enumerate() {
        for date in dates(site, now, 0, 1) {
            let world = performed(company, site, date, now);
            let jobs = || world.jobs.values();
            under_way += jobs().filter(|job| job.status.is_under_way()).count();
            open += jobs()
                .filter(|job| job.status == JobStatus::Unassigned)
                .count();
            let overdue = jobs().find(|job| job.status.is_live() && job.busy().end <= now);
            assert!(
                overdue.is_none_or(|job| job.busy().end + SignedDuration::from_mins(31) > now),
                "{now}: {overdue:?}"
            );
            bookable.extend(bookable_soon(&world, &at.zone_slug(), date, now));
        }
    }
    assert!(under_way >= 3, "{under_way} under way at {now}");
    assert!(open >= 3, "{open} open jobs at {now}");
    assert!(!bookable.is_empty(), "nothing to be booked at {now}");
}

/// The zone, if something can be booked there that begins within twelve hours.
fn bookable_soon(world: &World, slug: &ZoneSlug, date: Date, now: Timestamp) -> Option<ZoneSlug> {
    let zone = &world.zones[slug];
    let soon = slots::counts(world, zone, date).into_iter().any(|free| {
        let service = &world.services[&free.service];
        let lead = SignedDuration::from_mins(i64::from(service.lead_time_minutes));
        let within = now + lead..now + SignedDuration::from_hours(12);
        within.contains(&free.start) && free.cleaners >= u32::from(service.crew_size)
    });
    soon.then(|| slug.clone())
}

#[test]
fn the_rules_accept_nearly_all_that_is_planned() {
    let company = company();
    let now = instant("2026-11-20T12:00:00Z");
    for site in 0..SITES.len() {
        for date in dates(site, now, 1, 3) {
            let planned = plan(site, date).expect("open every day");
            let due = planned
                .visits
                .iter()
                .filter(|visit| visit.booked_at <= now)
                .count();
            let booked = performed(&company, site, date, now).bookings.len();
            assert!(
                booked * 10 >= due * 9,
                "{booked} of {due} at {site} on {date}"
            );
        }
    }
}

#[test]
fn a_second_start_changes_nothing_and_a_later_one_goes_on() {
    let company = company();
    let now = instant("2026-11-20T12:00:00Z");
    for (site, at) in SITES.iter().enumerate() {
        let crew = Crew::of(site);
        let date = at.zone().date_at(now);
        let planned = plan(site, date).expect("open every day");
        let script = Script::new(&crew, &planned);
        let known: BTreeSet<_> = script.ids().into_iter().collect();
        let world = performed(&company, site, date, now);
        let numbers: Vec<_> = (1000..1100).collect();
        // What the rules refused is refused again, or is known by now.
        let again = script.perform(world.clone(), numbers.clone(), &known, now);
        assert_eq!(again.len(), 0, "{again:?}");
        let later = now + SignedDuration::from_hours(30 * 24);
        let done = script.perform(world.clone(), numbers, &known, later);
        let mut world = world;
        for event in done.iter().flat_map(|done| &done.decision.events) {
            world.apply(event);
        }
        assert!(
            world.jobs.values().all(|job| !job.status.is_live()),
            "all is done after a month"
        );
    }
}
