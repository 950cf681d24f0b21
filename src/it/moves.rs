//! Visits that many people move at once, and terms that are changed while they do: nobody is busy
//! twice, every view folds to its snapshot, what is told to be possible is accepted.

use std::time::Duration;

use dispatch_hub::{
    domain::{
        Actor, Command, Context, Query, Thresholds,
        command::{BookingReschedule, JobMove},
        decide::job_targets,
        ids::{BookingId, CommandId, JobId},
        query::TargetsOf,
    },
    execute::Outcome,
    store::load,
};
use serde_json::Value;

use crate::{
    company::{Company, cleaner_actor, customer_actor, id_in, insist, request},
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
        command_id: CommandId(uuid::Uuid::now_v7()),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_buys_by_terms_that_are_being_changed() {
    let company = Company::new(2, 2).await;
    let place = |customer: usize| {
        let actor = customer_actor(company.customers[customer].0);
        let command = Company::place("home", company.at(10, 0));
        company.executor.execute(request(actor, command))
    };
    let pool = &company.pool;
    let change = |statement: &'static str| async move {
        let mut change = pool.begin().await.expect("a transaction");
        sqlx::query(statement)
            .execute(&mut *change)
            .await
            .expect("the test's SQL is right");
        change
    };
    for statement in [
        "update service set price_minor = 1 where slug = 'home'",
        "update zone set time_zone = 'Europe/Rome' where slug = 'center'",
    ] {
        let changed = change(statement).await;
        let Outcome::Refused { code, .. } = place(0).await else {
            panic!("bought while {statement}");
        };
        assert_eq!(code.as_str(), "unavailable");
        changed.rollback().await.expect("a connection");
    }
    // those who only buy do not wait for one another
    let shared = change("select slug from service where slug = 'home' for share").await;
    assert_eq!(place(1).await.label(), "accepted");
    shared.rollback().await.expect("a connection");
}
