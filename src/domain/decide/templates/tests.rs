use jiff::{SignedDuration, civil::date};

use super::*;
use crate::domain::{
    Actor, Command,
    command::{JobClaim, ShiftCancel, ShiftChange, ShiftPublish},
    entity::JobStatus,
    ids::{CleanerId, ShiftId},
    template::{ShiftHours, Week},
    testing::{CLEANING, DISPATCHER, MANAGER, Town, at, id_in, zone_slug},
};

fn weekdays(hours: &[(u16, u16)]) -> Week {
    let hours = hours.iter();
    let hours: Vec<ShiftHours> = hours
        .map(|(starts, ends)| ShiftHours {
            starts: *starts,
            ends: *ends,
        })
        .collect();
    std::array::from_fn(|day| if day < 5 { hours.clone() } else { Vec::new() })
}

/// From tomorrow, which is Tuesday the 2nd of June.
fn new(cleaner: CleanerId, hours: &[(u16, u16)]) -> TemplateSave {
    TemplateSave {
        template: None,
        cleaner,
        zone: zone_slug("center"),
        week: weekdays(hours),
        valid_from: date(2026, 6, 2),
        valid_until: None,
        force: None,
        expected_version: None,
    }
}

const DAY: &[(u16, u16)] = &[(8 * 60, 16 * 60)];

/// As the timer does, until there is nothing more to do.
fn plan_all(town: &mut Town, template: TemplateId) {
    for _ in 0..20 {
        let due = town.world.templates[&template].plan_due(&town.world);
        if due.is_none_or(|due| due > town.now) {
            return;
        }
        town.accept(
            Actor::SYSTEM,
            &Command::PlanTemplate(TemplatePlan { template }),
        );
    }
    panic!("planning does not end");
}

/// A planned template of eight to four in Berlin: six to two in UTC.
fn planned(town: &mut Town, cleaner: CleanerId, hours: &[(u16, u16)]) -> TemplateId {
    let saved = town.accept(DISPATCHER, &Command::SaveTemplate(new(cleaner, hours)));
    let template = id_in(&saved, "template");
    plan_all(town, template);
    template
}

fn version(town: &Town, template: TemplateId) -> i64 {
    town.world.templates[&template].version
}

fn shifts_on(town: &Town, day: Date) -> Vec<Shift> {
    let shifts = town.world.shifts.values();
    let mut found: Vec<Shift> = shifts.filter(|s| s.local_date == day).cloned().collect();
    found.sort_by_key(|shift| shift.during);
    found
}

fn book_and_claim(town: &mut Town, cleaner: CleanerId, start: &str) -> JobId {
    let (_, job) = town.book(CLEANING, start);
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job }));
    job
}

#[test]
fn shifts_are_made_a_week_at_a_time_up_to_the_horizon_and_no_further() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    // A booking window of 30 days, and a week more; the 8th of July is a Wednesday.
    assert_eq!(days_ahead(&town.world), 37);
    assert_eq!(
        town.world.templates[&template].planned_until,
        Some(date(2026, 7, 8))
    );
    let shifts = &town.world.shifts;
    assert!(
        shifts
            .values()
            .all(|shift| shift.template == Some(template))
    );
    assert_eq!(shifts.len(), 27);
    assert_eq!(shifts_on(&town, date(2026, 7, 8)).len(), 1);
    town.now += SignedDuration::from_hours(24);
    plan_all(&mut town, template);
    assert_eq!(town.world.shifts.len(), 28);
}

#[test]
fn a_changed_template_changes_what_was_made_from_it_but_not_by_hand() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    let by_hand = shifts_on(&town, date(2026, 6, 3))[0].id;
    let gone = shifts_on(&town, date(2026, 6, 4))[0].id;
    town.accept(
        DISPATCHER,
        &Command::ChangeShift(ShiftChange {
            shift: by_hand,
            start: at("2026-06-03T07:00:00Z"),
            end: at("2026-06-03T09:00:00Z"),
            force: None,
            expected_version: None,
        }),
    );
    town.accept(
        DISPATCHER,
        &Command::CancelShift(ShiftCancel {
            shift: gone,
            force: None,
            expected_version: None,
        }),
    );
    let before = town.world.clone();
    let later = TemplateSave {
        template: Some(template),
        expected_version: Some(version(&town, template)),
        ..new(cleaner, &[(9 * 60, 12 * 60), (13 * 60, 18 * 60)])
    };
    town.accept(MANAGER, &Command::SaveTemplate(later));
    assert_eq!(town.world.shifts[&by_hand], before.shifts[&by_hand]);
    assert_eq!(shifts_on(&town, date(2026, 6, 4)), []);
    let changed = shifts_on(&town, date(2026, 6, 5));
    assert_eq!(changed.len(), 2);
    assert_eq!(changed[0].during.start, at("2026-06-05T07:00:00Z"));
    assert_eq!(changed[0].version, 2);
}

#[test]
fn an_assigned_job_that_loses_its_shift_is_listed_and_forced_is_given_back() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    let job = book_and_claim(&mut town, cleaner, "2026-06-03T08:00:00Z");
    let no_day = |force, expected_version| {
        Command::ExceptTemplate(TemplateExcept {
            template,
            date: date(2026, 6, 3),
            hours: Some(vec![]),
            force,
            expected_version,
        })
    };
    let end = |force| {
        Command::EndTemplate(TemplateEnd {
            template,
            last_date: date(2026, 6, 2),
            force,
            expected_version: None,
        })
    };
    for command in [no_day(None, None), end(None)] {
        let rejection = town.reject(DISPATCHER, &command);
        assert_eq!(rejection, Rejection::JobsAffected { jobs: vec![job] });
    }
    assert!(matches!(
        town.reject(DISPATCHER, &no_day(None, Some(1))),
        Rejection::StaleVersion { .. }
    ));
    let result = town.accept(DISPATCHER, &no_day(Some(true), None));
    assert_eq!(result["unassigned"], serde_json::json!([job]));
    assert!(town.job(job).at_risk);
    assert_eq!(shifts_on(&town, date(2026, 6, 3)), []);
    // The week's hours again carry the promise again.
    let as_ever = Command::ExceptTemplate(TemplateExcept {
        template,
        date: date(2026, 6, 3),
        hours: None,
        force: None,
        expected_version: None,
    });
    town.accept(DISPATCHER, &as_ever);
    assert!(!town.job(job).at_risk);
    assert_eq!(town.job(job).status, JobStatus::Unassigned);
}

#[test]
fn an_ended_template_takes_its_later_shifts_back_and_plans_no_more() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    let end = |last_date| {
        Command::EndTemplate(TemplateEnd {
            template,
            last_date,
            force: None,
            expected_version: None,
        })
    };
    town.accept(DISPATCHER, &end(date(2026, 6, 10)));
    assert_eq!(town.world.shifts.len(), 7);
    assert_eq!(town.world.templates[&template].plan_due(&town.world), None);
    town.accept(DISPATCHER, &end(date(2020, 1, 1)));
    assert_eq!(town.world.shifts.len(), 0);
    assert_eq!(
        town.world.templates[&template].valid_until,
        Some(date(2026, 6, 1))
    );
}

#[test]
fn a_shift_that_is_there_already_stands() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    town.accept(
        DISPATCHER,
        &Command::PublishShift(ShiftPublish {
            cleaner,
            zone: zone_slug("center"),
            start: at("2026-06-03T13:00:00Z"),
            end: at("2026-06-03T20:00:00Z"),
        }),
    );
    let by_hand: Vec<ShiftId> = town.world.shifts.keys().copied().collect();
    planned(&mut town, cleaner, DAY);
    let there = shifts_on(&town, date(2026, 6, 3));
    assert_eq!(
        there.iter().map(|shift| shift.id).collect::<Vec<_>>(),
        by_hand
    );
}

#[test]
fn a_shift_that_has_begun_stays_as_it_is() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    town.now = at("2026-06-02T07:00:00Z");
    let begun = shifts_on(&town, date(2026, 6, 2));
    let never = Command::EndTemplate(TemplateEnd {
        template,
        last_date: date(2026, 6, 1),
        force: None,
        expected_version: None,
    });
    town.accept(DISPATCHER, &never);
    assert_eq!(
        town.world.shifts.values().cloned().collect::<Vec<_>>(),
        begun
    );
}

#[test]
fn templates_that_make_no_sense_are_invalid() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let good = new(cleaner, DAY);
    for (save, field) in [
        (
            TemplateSave {
                week: weekdays(&[(9, 9)]),
                ..good.clone()
            },
            "week",
        ),
        (
            TemplateSave {
                valid_from: date(2030, 1, 1),
                ..good.clone()
            },
            "valid_from",
        ),
        (
            TemplateSave {
                valid_until: Some(date(2026, 6, 1)),
                ..good.clone()
            },
            "valid_until",
        ),
        (
            TemplateSave {
                expected_version: Some(1),
                ..good.clone()
            },
            "expected_version",
        ),
    ] {
        let outcome = town.run(DISPATCHER, &Command::SaveTemplate(save));
        let named =
            matches!(&outcome, Err(Objection::InvalidArgument { field: is, .. }) if *is == field);
        assert!(named, "{field}: {outcome:?}");
    }
    town.world
        .cleaners
        .get_mut(&cleaner)
        .expect("hired")
        .zones
        .clear();
    let elsewhere = town.run(DISPATCHER, &Command::SaveTemplate(good));
    assert!(matches!(
        elsewhere,
        Err(Objection::InvalidArgument { field: "zone", .. })
    ));
}

#[test]
fn a_template_full_of_exceptions_takes_no_more_but_can_change_those_it_has() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    let template = planned(&mut town, cleaner, DAY);
    let first = date(2026, 6, 3);
    let row = town.world.templates.get_mut(&template).expect("just made");
    for day in 0..i64::try_from(LIMITS.template_exceptions).expect("few") {
        let hours = Vec::new();
        let date = first + jiff::Span::new().days(day);
        row.exceptions
            .insert(date, TemplateException::Hours { hours });
    }
    let except = |date| {
        Command::ExceptTemplate(TemplateExcept {
            template,
            date,
            hours: Some(vec![ShiftHours {
                starts: 600,
                ends: 720,
            }]),
            force: None,
            expected_version: None,
        })
    };
    let one_more = town.run(DISPATCHER, &except(date(2026, 6, 2)));
    let full = Objection::invalid("date", "too many exceptions");
    assert_eq!(one_more.err(), Some(full));
    town.accept(DISPATCHER, &except(first));
    assert_eq!(shifts_on(&town, first).len(), 1);
}
