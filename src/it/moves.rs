//! Visits that many people move at once, and terms that are changed while they do: nobody is busy
//! twice, every view folds to its snapshot, what is told to be possible is accepted.

use std::time::Duration;

use dispatch_hub::{
    domain::{
        Actor, Command, Context, Query, Role, Thresholds,
        command::{BookingReschedule, JobMove, ZoneSave},
        decide::job_targets,
        entity::OpeningHours,
        ids::{AccountId, BookingId, CommandId, JobId},
        query::{SlotsNearest, TargetsOf},
    },
    execute::Outcome,
    store::load,
};
use serde_json::Value;
use sqlx::Postgres;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    company::{Company, ZONE, cleaner_actor, customer_actor, id_in, insist, request},
    concurrency::assert_sound,
    folded::{assert_views_fold, first_snapshots},
};

/// What one of many wants at once, chosen by its number.
fn wish(company: &Company, number: usize, visits: &[(usize, Value)]) -> (Actor, Command) {
    let (customer, visit) = &visits[number % visits.len()];
    let hour = 8 + i8::try_from(number * 5 % 9).expect("small");
    let minute = if number.is_multiple_of(2) { 0 } else { 30 };
    let start = company.at(hour, minute);
    let job: JobId = id_in(visit, "job");
    if number.is_multiple_of(3) {
        let reschedule = Command::RescheduleBooking(BookingReschedule {
            booking: id_in(visit, "booking"),
            start,
            expected_version: None,
        });
        return (customer_actor(company.customers[*customer].0), reschedule);
    }
    let cleaner = company.cleaners[number % company.cleaners.len()];
    let wish = JobMove {
        job,
        start: (number % 3 == 1).then_some(start),
        cleaner: (!number.is_multiple_of(7)).then_some(cleaner),
        seat: None,
        expected_version: None,
    };
    (company.dispatcher, Command::MoveJob(wish))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_fifty_moves_at_once_every_view_folds_and_nobody_is_busy_twice() {
    let company = Company::new(6, 8).await;
    let first = first_snapshots(&company).await;
    let mut visits = Vec::new();
    for customer in 0..8_usize {
        let service = if customer.is_multiple_of(3) {
            "pair"
        } else {
            "home"
        };
        let hour = 9 + i8::try_from(customer % 3 * 3).expect("small");
        visits.push((
            customer,
            company.book(customer, service, company.at(hour, 0)).await,
        ));
    }
    for (number, (_, visit)) in visits.iter().enumerate().take(3) {
        let cleaner = cleaner_actor(company.cleaners[number]);
        company.run(cleaner, Company::claim(visit)).await;
    }
    let trips: Vec<_> = (0..50)
        .map(|number| {
            let (actor, command) = wish(&company, number, &visits);
            let executor = company.executor.clone();
            tokio::spawn(async move {
                let outcome = insist(&executor, request(actor, command)).await;
                outcome.label().to_owned()
            })
        })
        .collect();
    let mut labels = Vec::new();
    for trip in trips {
        let done = tokio::time::timeout(Duration::from_mins(1), trip).await;
        labels.push(done.expect("it ends").expect("no client panics"));
    }
    let accepted = labels.iter().filter(|label| *label == "accepted").count();
    assert!(accepted >= 10, "{labels:?}");
    assert!(!labels.contains(&"internal".to_owned()), "{labels:?}");
    assert_sound(&company).await;
    assert_views_fold(&company, &first).await;
    let split = company.count(
        "select count(*) from booking join job on job.booking_id = booking.id
         where booking.starts_at <> job.starts_at or booking.local_date <> job.local_date",
    );
    assert_eq!(split.await, 0, "a visit moves as one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_to_be_possible_is_accepted() {
    let company = Company::new(3, 3).await;
    let visit = company.book(0, "home", company.at(10, 0)).await;
    company.book(1, "home", company.at(13, 0)).await;
    company.book(2, "home", company.at(16, 0)).await;
    let job: JobId = id_in(&visit, "job");
    let asked = TargetsOf { job, start: None };
    let query = Query::JobTargets(asked.clone());
    let loaded = load::for_query(&company.pools, &query, Some(company.dispatcher));
    let loaded = loaded.await.expect("a world");
    let context = Context {
        actor: company.dispatcher,
        command_id: CommandId(Uuid::now_v7()),
        now: loaded.now,
        thresholds: Thresholds::default(),
    };
    let told = job_targets(&asked, &loaded.world, &context).expect("an answer");
    assert_eq!(told.cleaners.len(), 3);
    for target in &told.cleaners {
        assert!(!target.starts.is_empty(), "{target:?}");
        let start = target.starts[target.starts.len() / 2];
        let wish = Command::MoveJob(JobMove {
            job,
            start: Some(start),
            cleaner: Some(target.cleaner),
            seat: None,
            expected_version: None,
        });
        company.accept(company.dispatcher, wish).await;
        let back = Command::RescheduleBooking(BookingReschedule {
            booking: id_in::<BookingId>(&visit, "booking"),
            start: company.at(10, 0),
            expected_version: None,
        });
        company.accept(company.dispatcher, back).await;
    }
}

/// The company's zone, opening no sooner than this minute of each day.
async fn opening_at(company: &Company, opens: u16) -> Command {
    let query = Query::NearestSlots(SlotsNearest {
        zone: ZONE.parse().expect("a slug"),
        service: "home".parse().expect("a slug"),
        start: company.at(10, 0),
        limit: None,
    });
    let loaded = load::for_query(&company.pools, &query, Some(company.dispatcher));
    let world = loaded.await.expect("a world").world;
    let zone = world.zones.values().next().expect("a zone").clone();
    Command::SaveZone(ZoneSave {
        slug: zone.slug,
        name: zone.name,
        polygon: zone.polygon,
        time_zone: zone.time_zone,
        opening_hours: zone.opening_hours.map(|hours| {
            hours.map(|hours| OpeningHours {
                opens,
                closes: hours.closes,
            })
        }),
        expected_version: Some(zone.version),
    })
}

async fn manager(company: &Company) -> Actor {
    let id = AccountId(Uuid::now_v7());
    company.add_account(id, "manager", "Mara").await;
    Actor {
        id,
        role: Role::Manager,
    }
}

/// Rows that somebody holds, so that whoever wants to change them stands still.
async fn held_back(company: &Company, rows: &'static str) -> sqlx::Transaction<'static, Postgres> {
    let mut held = company.pool.begin().await.expect("a transaction");
    let rows = sqlx::query(rows).execute(&mut *held).await;
    rows.expect("the test's SQL is right");
    held
}

/// Waits until so many stand still, or the task is done.
async fn until_waiting(company: &Company, many: i64, task: &JoinHandle<Outcome>) {
    let waiting = "select count(*) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()";
    while company.count(waiting).await < many && !task.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_buys_by_terms_that_are_being_changed() {
    let company = Company::new(2, 2).await;
    let manager = manager(&company).await;
    let change = opening_at(&company, 12 * 60).await;
    let held = held_back(&company, "select slug from zone for no key update").await;
    let changing = tokio::spawn(company.executor.execute(request(manager, change)));
    until_waiting(&company, 1, &changing).await;
    let customer = customer_actor(company.customers[0].0);
    let place = Company::place("home", company.at(10, 0));
    let placing = tokio::spawn(company.executor.execute(request(customer, place)));
    until_waiting(&company, 2, &placing).await;
    held.rollback().await.expect("a connection");
    let changed = changing.await.expect("no panic");
    assert_eq!(changed.label(), "accepted", "{changed:?}");
    let placed = placing.await.expect("no panic");
    let rejected = matches!(placed, Outcome::Rejected { .. });
    assert!(rejected, "bought by hours that were over: {placed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_buys_and_who_changes_the_terms_do_not_wait_in_a_circle() {
    let company = Company::new(2, 2).await;
    let manager = manager(&company).await;
    let change = opening_at(&company, 9 * 60).await;
    let held = held_back(&company, "select slug from service for no key update").await;
    let customer = customer_actor(company.customers[0].0);
    let place = Company::place("home", company.at(10, 0));
    let placing = tokio::spawn(company.executor.execute(request(customer, place)));
    until_waiting(&company, 1, &placing).await;
    let changing = tokio::spawn(company.executor.execute(request(manager, change)));
    until_waiting(&company, 2, &changing).await;
    held.rollback().await.expect("a connection");
    let (placed, changed) = (placing.await, changing.await);
    let (placed, changed) = (placed.expect("no panic"), changed.expect("no panic"));
    assert_eq!(placed.label(), "accepted", "{placed:?}");
    assert_eq!(changed.label(), "accepted", "{changed:?}");
}
