//! Random days: whatever people ask in whatever order, the promises hold. [`Town::run`] checks after
//! each command that nobody is busy twice, that each live job's seats have exactly one row each or the
//! job is at risk, and that holds keep theirs; here it is added that whoever carries a promise is able
//! to, that only time off and shifts take a hold's row away, that slots publish what has changed, and
//! that alerts are those that stand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use crate::domain::{
    Actor, Command, Context, Objection, Rejection, Thresholds, World, alert,
    command::{
        BookingCancel, BookingConfirm, BookingReschedule, CleanerSave, HoldExpire, HoldExtend,
        HoldRelease, JobAcknowledge, JobArrive, JobAssign, JobClaim, JobComplete, JobDepart,
        JobMove, JobNoAccess, JobNoShow, JobPause, JobResume, JobStart, JobUnassign, JobVerify,
        JobWatch, JobWithdraw, ShiftCancel, ShiftChange, ShiftPublish, TimeOffAdd,
    },
    decide::job_targets,
    entity::{Cause, HoldStatus},
    homing::Promise,
    ids::{CleanerId, CommandId, CustomerId, JobId, PropertyId, ServiceSlug, ZoneSlug},
    query::TargetsOf,
    slots,
    testing::{CLEANING, DISPATCHER, MANAGER, Town, at, place, service, zone, zone_slug},
    timetable::Timetable,
};

/// A wish: what, and three numbers to choose whom and when by.
type Wish = (u8, usize, usize, u8);

const SERVICES: [&str; 5] = [CLEANING, "pair", "windows", "floors", "four"];

fn town(skills: &[(bool, bool, bool)]) -> (Town, Vec<(CustomerId, PropertyId)>) {
    let mut town = Town::new();
    town.open_zone(zone("north", "Asia/Kathmandu"));
    town.offer(service("pair", 2, &[]));
    town.offer(service("windows", 1, &["windows"]));
    town.offer(service("floors", 2, &["floors"]));
    town.offer(service("four", 4, &[]));
    for (windows, floors, north) in skills {
        let able = [("windows", windows), ("floors", floors)];
        let able: Vec<&str> = able
            .iter()
            .filter(|(_, can)| **can)
            .map(|(name, _)| *name)
            .collect();
        let cleaner = town.cleaner(&able);
        if *north {
            let row = town.world.cleaners.get_mut(&cleaner).expect("hired");
            row.zones.insert(zone_slug("north"));
        }
    }
    let customers = (0..4).map(|_| town.customer()).collect();
    (town, customers)
}

fn nth<T: Copy>(items: impl Iterator<Item = T>, index: usize) -> Option<T> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then(|| items[index % items.len()])
}

fn quarter(count: usize) -> Timestamp {
    let minutes = i64::try_from(count % 56).expect("small") * 15;
    at("2026-06-01T07:00:00Z") + SignedDuration::from_mins(minutes)
}

/// The wish as a command of somebody; `None` where there is nobody or nothing to wish for.
fn command(
    town: &Town,
    customers: &[(CustomerId, PropertyId)],
    wish: Wish,
) -> Option<(Actor, Command)> {
    match wish.0 {
        0..=11 => about_holds(town, customers, wish),
        12..=28 | 34..=37 => about_jobs(town, wish),
        _ => about_people(town, wish),
    }
}

fn about_holds(
    town: &Town,
    customers: &[(CustomerId, PropertyId)],
    (what, a, b, c): Wish,
) -> Option<(Actor, Command)> {
    if what <= 4 {
        let (customer, _) = customers[a % customers.len()];
        let start = quarter(4 + b % 12 * 2);
        return Some((customer.into(), place(SERVICES[usize::from(c) % 5], start)));
    }
    // mostly what is alive, sometimes anything
    let any = c.is_multiple_of(8);
    let mut holds = town.world.holds.values();
    let living = holds.by_ref().filter(|hold| any || hold.is_live(town.now));
    let hold = nth(living.map(|hold| hold.id), a)?;
    let owner = town.world.holds[&hold].customer;
    let (_, property) = *customers.iter().find(|(id, _)| *id == owner)?;
    Some(match what {
        5..=8 => (
            owner.into(),
            Command::ConfirmBooking(BookingConfirm { hold, property }),
        ),
        9 => (DISPATCHER, Command::ReleaseHold(HoldRelease { hold })),
        10 => (DISPATCHER, Command::ExtendHold(HoldExtend { hold })),
        _ => (Actor::SYSTEM, Command::ExpireHold(HoldExpire { hold })),
    })
}

fn about_jobs(town: &Town, (what, a, b, c): Wish) -> Option<(Actor, Command)> {
    let world = &town.world;
    let any = c.is_multiple_of(8);
    let living = world
        .jobs
        .values()
        .filter(|job| any || job.status.is_live());
    let job = nth(living.map(|job| job.id), a)?;
    let cleaner = nth(world.cleaners.keys().copied(), b)?;
    let seat = c.is_multiple_of(3).then_some(c % 2);
    let expected_version = None;
    let command = match what {
        12..=15 => return Some((cleaner.into(), Command::ClaimJob(JobClaim { job }))),
        16..=17 => Command::AssignJob(JobAssign {
            job,
            cleaner,
            seat,
            expected_version,
        }),
        18 => Command::UnassignJob(JobUnassign {
            job,
            seat,
            expected_version,
        }),
        19 => Command::WithdrawFromJob(JobWithdraw {
            job,
            cleaner: None,
            reason: None,
        }),
        34..=35 => Command::MoveJob(JobMove {
            job,
            start: (!c.is_multiple_of(5)).then(|| quarter(a + b)),
            cleaner: (!c.is_multiple_of(4)).then_some(cleaner),
            seat: seat.filter(|_| !c.is_multiple_of(4)),
            expected_version,
        }),
        36..=37 => Command::RescheduleBooking(BookingReschedule {
            booking: world.jobs[&job].booking,
            start: quarter(4 + (a + b) % 24 * 2),
            expected_version,
        }),
        20 => Command::CancelBooking(BookingCancel {
            booking: world.jobs[&job].booking,
            reason: None,
            expected_version,
        }),
        _ => {
            let row = &world.jobs[&job];
            let own = row.status.is_live() && c.is_multiple_of(2);
            let lead = row.lead().filter(|_| own);
            return Some((lead.map_or(DISPATCHER, Actor::from), step(world, job, c)));
        }
    };
    Some((DISPATCHER, command))
}

fn about_people(town: &Town, (what, a, b, c): Wish) -> Option<(Actor, Command)> {
    let world = &town.world;
    let cleaner = nth(world.cleaners.keys().copied(), b)?;
    let command = match what {
        // Time passes over whatever there is to watch.
        32 => {
            let job = nth(world.jobs.keys().copied(), a)?;
            return Some((Actor::SYSTEM, Command::WatchJob(JobWatch { job })));
        }
        33 => {
            let job = nth(world.jobs.keys().copied(), a)?;
            return Some((DISPATCHER, Command::ReportNoShow(JobNoShow { job })));
        }
        29 => {
            let start = quarter(b + usize::from(c));
            Command::AddTimeOff(TimeOffAdd {
                cleaner,
                start,
                end: start + SignedDuration::from_mins(15 * (1 + i64::from(c % 20))),
                reason: None,
                force: Some(a.is_multiple_of(2)),
            })
        }
        30 if c.is_multiple_of(3) => about_a_shift(world, (a, b, c))?,
        30 => {
            let start = quarter(44 + usize::from(c % 8));
            let in_center = a.is_multiple_of(2);
            Command::PublishShift(ShiftPublish {
                cleaner,
                zone: zone_slug(if in_center { "center" } else { "north" }),
                start,
                end: start + SignedDuration::from_hours(3),
            })
        }
        _ => {
            let row = &world.cleaners[&cleaner];
            Command::SaveCleaner(CleanerSave {
                cleaner: Some(cleaner),
                name: row.name.clone(),
                phone: None,
                email: None,
                zones: row.zones.clone(),
                skills: world.skills.keys().skip(a % 3).cloned().collect(),
                active: !b.is_multiple_of(4),
                expected_version: Some(row.version),
            })
        }
    };
    Some((MANAGER, command))
}

/// A shift that there is goes, or begins and ends elsewhere.
fn about_a_shift(world: &World, (a, b, c): (usize, usize, u8)) -> Option<Command> {
    let shift = nth(world.shifts.keys().copied(), b)?;
    let during = world.shifts[&shift].during;
    let (force, expected_version) = (Some(c.is_multiple_of(2)), None);
    Some(if a.is_multiple_of(3) {
        Command::CancelShift(ShiftCancel {
            shift,
            force,
            expected_version,
        })
    } else {
        Command::ChangeShift(ShiftChange {
            shift,
            start: during.start + SignedDuration::from_mins(15 * i64::from(c % 7)),
            end: during.end - SignedDuration::from_mins(15 * i64::from(c % 5)),
            force,
            expected_version,
        })
    })
}

/// What usually comes next for a job, and sometimes what does not.
fn step(world: &World, job: JobId, choice: u8) -> Command {
    use crate::domain::entity::JobStatus as S;
    match world.jobs[&job].status {
        S::Completed => Command::VerifyJob(JobVerify {
            job,
            expected_version: None,
        }),
        S::Unassigned | S::Verified | S::Cancelled | S::NoAccess => {
            Command::StartJob(JobStart { job })
        }
        S::Assigned if choice.is_multiple_of(2) => Command::AcknowledgeJob(JobAcknowledge { job }),
        S::Assigned | S::Acknowledged | S::CleanerNoShow => {
            Command::DepartForJob(JobDepart { job })
        }
        S::EnRoute => Command::ArriveAtJob(JobArrive { job }),
        S::Arrived if choice.is_multiple_of(4) => {
            Command::ReportNoAccess(JobNoAccess { job, note: None })
        }
        S::Arrived => Command::StartJob(JobStart { job }),
        S::InProgress if choice.is_multiple_of(4) => Command::PauseJob(JobPause { job }),
        S::InProgress => Command::CompleteJob(JobComplete { job }),
        S::Paused => Command::ResumeJob(JobResume { job }),
    }
}

/// Seats of live holds that have no row.
fn bare_seats(world: &World, now: Timestamp) -> BTreeSet<Cause> {
    let kept: BTreeSet<Cause> = world.occupancy.values().map(|row| row.cause).collect();
    let live = world.holds.values().filter(|hold| hold.is_live(now));
    live.flat_map(|hold| {
        let crew = world.services[&hold.service].crew_size;
        (0..crew).map(|seat| Cause::Hold {
            hold: hold.id,
            seat,
        })
    })
    .filter(|seat| !kept.contains(seat))
    .collect()
}

fn check_carriers_are_able(world: &World, now: Timestamp) {
    let timetable = Timetable::of(world);
    for row in world.occupancy.values().filter(|row| row.busy.end > now) {
        let lapsed =
            matches!(row.cause, Cause::Hold { hold, .. } if world.holds[&hold].has_lapsed(now));
        if let Some(promise) = Promise::behind(world, row.cause, row.busy)
            && row.cause.is_movable()
            && !lapsed
        {
            let cleaner = &world.cleaners[&row.cleaner];
            assert_eq!(promise.obstacle(&timetable, cleaner), None, "{row:?}");
        }
    }
}

fn counted(world: &World, zone: &ZoneSlug) -> BTreeMap<(Timestamp, ServiceSlug), i64> {
    let dates = [at("2026-06-01T12:00:00Z"), at("2026-06-02T12:00:00Z")];
    let zone = &world.zones[zone];
    dates
        .iter()
        .flat_map(|at| slots::counts(world, zone, zone.date_at(*at)))
        .map(|free| ((free.start, free.service), i64::from(free.cleaners)))
        .collect()
}

fn check_slots(before: &World, after: &World) {
    let changes = slots::difference(before, after);
    for zone in after.zones.keys() {
        let mut sum = counted(before, zone);
        for change in changes.iter().filter(|change| change.zone == *zone) {
            *sum.entry((change.start, change.service.clone()))
                .or_default() += i64::from(change.by);
        }
        sum.retain(|_, count| *count != 0);
        assert_eq!(sum, counted(after, zone));
    }
}

/// Alerts of the jobs that a decision touched are those that stand.
fn check_alerts(before: &World, world: &World, now: Timestamp) {
    let thresholds = Thresholds::default();
    for job in world
        .jobs
        .values()
        .filter(|job| before.jobs.get(&job.id) != Some(job))
    {
        let standing = alert::standing(job, &thresholds, now);
        let alerts = world.alerts.values().filter(|alert| alert.job == job.id);
        let told: BTreeSet<_> = alerts
            .filter(|alert| !alert.is_resolved())
            .map(|alert| alert.about)
            .collect();
        assert_eq!(told, standing.into_keys().collect(), "{job:?}");
    }
}

/// A look at a job leaves nothing for the same instant.
fn check_next_look(world: &World, job: JobId, now: Timestamp) {
    let next = alert::next_watch(world, &world.jobs[&job], &Thresholds::default());
    assert!(
        next.is_none_or(|next| next > now),
        "{next:?} is not after {now}"
    );
}

/// Nobody has two seats of a crew, or two rows of one job; and who is on the crew is able to.
fn check_crews(world: &World) {
    for job in world.jobs.values() {
        let crew: BTreeSet<CleanerId> = job.crew().collect();
        assert_eq!(crew.len(), job.crew().count(), "on two seats: {job:?}");
        let rows = world.occupancy.values().filter(|row| match row.cause {
            Cause::Reserved { job: of, .. } | Cause::Assigned { job: of, .. } => of == job.id,
            Cause::Hold { .. } | Cause::TimeOff { .. } => false,
        });
        let carriers: Vec<CleanerId> = rows.map(|row| row.cleaner).collect();
        let different: BTreeSet<CleanerId> = carriers.iter().copied().collect();
        assert_eq!(different.len(), carriers.len(), "carried twice: {job:?}");
        let led = job.status.is_live() && !crew.is_empty();
        assert!(!led || job.lead().is_some_and(|lead| crew.contains(&lead)));
    }
}

/// A slot is bookable when its free cleaners make a whole crew: what is counted is what is sold.
fn check_sales(town: &Town, customer: CustomerId, at: usize) {
    let zone = &town.world.zones[&zone_slug("center")];
    let timetable = Timetable::at(&town.world, town.now);
    for name in SERVICES {
        let service = &town.world.services[&name.parse::<ServiceSlug>().expect("a slug")];
        let day = zone.day_at(quarter(0)).expect("a day");
        let counts = slots::counts_of_service(&timetable, zone, service, &day);
        let Some((start, free)) = nth(counts.into_iter(), at) else {
            continue;
        };
        let outcome = town.clone().run(customer, &place(name, start));
        match outcome {
            Ok(_) => assert!(free / u32::from(service.crew_size) >= 1, "{name} {start}"),
            Err(Objection::Rejected(Rejection::SlotGone { alternatives })) => {
                assert_eq!(free / u32::from(service.crew_size), 0, "{name} {start}");
                assert!(alternatives.len() <= 3);
            }
            // too soon, or too many holds
            Err(_) => {}
        }
    }
}

/// `job.targets` and `job.move` (and, for who is not on the crew, `job.assign`) never disagree.
fn check_targets(town: &Town, index: usize) {
    let Some(job) = nth(town.world.jobs.keys().copied(), index) else {
        return;
    };
    let context = Context {
        actor: DISPATCHER,
        command_id: CommandId(uuid::Uuid::nil()),
        now: town.now,
        thresholds: Thresholds::default(),
    };
    let asked = |start| TargetsOf { job, start };
    let all = job_targets(&asked(None), &town.world, &context).expect("an answer");
    let row = &town.world.jobs[&job];
    let expected_version = Some(all.version);
    for (number, target) in (0..).zip(&all.cleaners) {
        let (cleaner, seat) = (target.cleaner, None);
        let accepted = |command: &Command| match town.clone().run(DISPATCHER, command) {
            Ok(_) => None,
            Err(Objection::Rejected(rejection)) => Some(rejection),
            Err(other) => panic!("{}: {other:?}", command.kind()),
        };
        let there = |start| {
            accepted(&Command::MoveJob(JobMove {
                job,
                start: Some(start),
                cleaner: Some(cleaner),
                seat,
                expected_version,
            }))
        };
        for step in [index, index * 3 + 7, index * 5 + number * 11] {
            let start = quarter(step);
            let named = job_targets(&asked(Some(start)), &town.world, &context);
            let named = named.expect("an answer");
            let found = &named.cleaners[number];
            assert_eq!((found.cleaner, &found.against), (cleaner, &there(start)));
            assert_eq!(found.starts.is_empty(), found.against.is_some());
            assert_eq!(target.starts.contains(&start), found.against.is_none());
        }
        assert_eq!(target.against, there(row.starts_at));
        if row.crew().all(|sits| sits != cleaner) {
            let assign = Command::AssignJob(JobAssign {
                job,
                cleaner,
                seat,
                expected_version,
            });
            assert_eq!(target.against, accepted(&assign));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_promises_hold(
        roster in vec(any::<(bool, bool, bool)>(), 2..6),
        wishes in vec((0_u8..38, 0_usize..64, 0_usize..64, any::<u8>(), 0_i64..3), 20..120),
    ) {
        let (mut town, customers) = town(&roster);
        let mut accepted = 0;
        for (what, a, b, c, minutes) in wishes {
            town.now += SignedDuration::from_mins(minutes);
            let Some((actor, command)) = command(&town, &customers, (what, a, b, c)) else { continue };
            let before = town.world.clone();
            match town.run(actor, &command) {
                Ok(_) => accepted += 1,
                Err(Objection::Rejected(_) | Objection::NotFound | Objection::InvalidArgument { .. }) => {}
                Err(other) => panic!("{} refused: {other:?}", command.kind()),
            }
            let lost = &bare_seats(&town.world, town.now) - &bare_seats(&before, town.now);
            let forced = matches!(
                command,
                Command::AddTimeOff(_) | Command::ChangeShift(_) | Command::CancelShift(_)
            );
            prop_assert!(lost.is_empty() || forced, "{} lost {lost:?}", command.kind());
            check_carriers_are_able(&town.world, town.now);
            check_slots(&before, &town.world);
            check_alerts(&before, &town.world, town.now);
            if let Command::WatchJob(watched) = &command {
                check_next_look(&town.world, watched.job, town.now);
            }
            check_crews(&town.world);
        }
        check_targets(&town, roster.len() + accepted);
        check_sales(&town, customers[0].0, accepted * 3);
        let active = town.world.holds.values().filter(|hold| hold.status == HoldStatus::Active);
        prop_assert!(accepted > 0 || active.count() == 0);
    }
}

/// Deciding is pure: cleaners of one world are chosen alike by everybody.
#[test]
fn the_least_flexible_free_cleaner_carries_a_new_promise() {
    let mut town = Town::new();
    let able: CleanerId = town.cleaner(&["windows"]);
    let plain = town.cleaner(&[]);
    let (_, job) = town.book(CLEANING, "2026-06-01T10:00:00Z");
    assert_eq!(town.carriers(job)[&0], plain);
    let (_, next) = town.book(CLEANING, "2026-06-01T10:00:00Z");
    assert_eq!(town.carriers(next)[&0], able);
}
