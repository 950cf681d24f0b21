//! Many at once: one winner per place, no cleaner busy twice, and views that fold to what a fresh
//! snapshot shows.

use std::{collections::BTreeMap, time::Duration};

use dispatch_hub::{
    domain::{
        Actor, Command,
        command::{BookingCancel, HoldRelease, JobAssign, JobUnassign, TimeOffAdd},
        ids::{CleanerId, CustomerId, JobId},
    },
    execute::Outcome,
};
use futures_util::future::join_all;
use serde_json::Value;

use crate::{
    company::{Company, cleaner_actor, customer_actor, id_in, insist, request},
    folded::{assert_views_fold, first_snapshots},
};

/// Pairs of occupancy rows of one cleaner that overlap, by a plain self-join.
const OVERLAPS: &str = "select count(*) from occupancy a join occupancy b
    on a.cleaner_id = b.cleaner_id and a.id < b.id and a.busy && b.busy";

/// Channels whose stored offsets are not 1, 2, 3 … head.
const NOT_DENSE: &str = "select count(*) from (
    select name, head, count(channel_offset) as kept, count(distinct channel_offset) as different,
        min(channel_offset) as first, max(channel_offset) as last
    from channel left join publication on channel = name group by name, head) log
    where kept <> head or different <> head or first <> 1 or last <> head";

pub(crate) async fn assert_sound(company: &Company) {
    assert_eq!(company.count(OVERLAPS).await, 0, "somebody is busy twice");
    assert_eq!(company.count(NOT_DENSE).await, 0, "offsets are not dense");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_racing_claims_one_wins() {
    let company = Company::new(2, 1).await;
    let job = company.book(0, "home", company.at(10, 0)).await;
    let claim = |cleaner: usize| {
        let actor = cleaner_actor(company.cleaners[cleaner]);
        insist(&company.executor, request(actor, Company::claim(&job)))
    };
    let (one, other) = tokio::join!(claim(0), claim(1));
    let mut labels = [one.label(), other.label()];
    labels.sort_unstable();
    assert_eq!(labels, ["accepted", "already_taken"]);
    assert_sound(&company).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_cleaners_claim_the_two_jobs_of_one_time_whichever_they_choose() {
    for swapped in [false, true] {
        let company = Company::new(2, 3).await;
        let start = company.at(10, 0);
        let mut jobs = [
            company.book(0, "home", start).await,
            company.book(1, "home", start).await,
        ];
        if swapped {
            jobs.swap(0, 1);
        }
        for (cleaner, job) in company.cleaners.iter().zip(&jobs) {
            company
                .accept(cleaner_actor(*cleaner), Company::claim(job))
                .await;
        }
        let third = customer_actor(company.customers[2].0);
        let outcome = company.run(third, Company::place("home", start)).await;
        assert_eq!(outcome.label(), "slot_gone");
        assert_sound(&company).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_on_a_slot_of_three_give_three_holds_and_no_overlap() {
    let company = Company::new(3, 200).await;
    let start = company.at(10, 0);
    let trips: Vec<_> = company
        .customers
        .iter()
        .map(|(id, _)| {
            let request = request(customer_actor(*id), Company::place("home", start));
            let executor = company.executor.clone();
            tokio::spawn(async move { insist(&executor, request).await })
        })
        .collect();
    let mut accepted = 0;
    let mut gone = 0;
    for trip in trips {
        match trip.await.expect("no client panics") {
            Outcome::Accepted { .. } => accepted += 1,
            Outcome::Rejected { code, details, .. } => {
                assert_eq!(code, "slot_gone");
                let offered = details["alternatives"].as_array().map(Vec::len);
                assert_eq!(offered, Some(3), "there is room at other times: {details}");
                gone += 1;
            }
            refused @ Outcome::Refused { .. } => panic!("not to be tried again: {refused:?}"),
        }
    }
    assert_eq!((accepted, gone), (3, 197));
    assert_sound(&company).await;
    let receipts = company.count("select count(*) from command where outcome is not null");
    assert_eq!(receipts.await, 200);
}

/// What one of many does at once, chosen by its number.
fn something(company: &Company, number: usize, jobs: &[Value]) -> (Actor, Command) {
    let (customer, _) = company.customers[number % company.customers.len()];
    let cleaner = company.cleaners[number % company.cleaners.len()];
    let hour = 8 + i8::try_from(number % 8).expect("small");
    let job = &jobs[number % jobs.len()];
    match number % 5 {
        0 => (
            customer_actor(customer),
            Company::place("home", company.at(hour, 30)),
        ),
        1 => (cleaner_actor(cleaner), Company::claim(job)),
        2 => (company.dispatcher, assign(id_in(job, "job"), cleaner)),
        3 => (
            customer_actor(customer),
            Company::place("pair", company.at(hour, 0)),
        ),
        _ => (company.dispatcher, last_kind(company, number, job, cleaner)),
    }
}

fn assign(job: JobId, cleaner: CleanerId) -> Command {
    Command::AssignJob(JobAssign {
        job,
        cleaner,
        seat: None,
        expected_version: None,
    })
}

fn last_kind(company: &Company, number: usize, job: &Value, cleaner: CleanerId) -> Command {
    if number.is_multiple_of(2) {
        return Command::CancelBooking(BookingCancel {
            booking: id_in(job, "booking"),
            reason: None,
            expected_version: None,
        });
    }
    if number.is_multiple_of(3) {
        return Command::AddTimeOff(TimeOffAdd {
            cleaner,
            start: company.at(16, 0),
            end: company.at(18, 0),
            reason: None,
            force: Some(true),
        });
    }
    Command::UnassignJob(JobUnassign {
        job: id_in(job, "job"),
        seat: None,
        expected_version: None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_fifty_commands_at_once_every_view_folds_to_its_snapshot() {
    let company = Company::new(6, 12).await;
    let first = first_snapshots(&company).await;
    let mut jobs = Vec::new();
    for customer in 0..8 {
        let hour = 8 + i8::try_from(customer % 4 * 2).expect("small");
        jobs.push(company.book(customer, "home", company.at(hour, 30)).await);
    }
    let trips: Vec<_> = (0..50)
        .map(|number| {
            let (actor, command) = something(&company, number, &jobs);
            let executor = company.executor.clone();
            tokio::spawn(async move { insist(&executor, request(actor, command)).await })
        })
        .collect();
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for trip in trips {
        let outcome = trip.await.expect("no client panics");
        *outcomes.entry(outcome.label().to_owned()).or_default() += 1;
    }
    assert!(!outcomes.contains_key("internal"), "{outcomes:?}");
    assert!(
        outcomes.get("accepted").is_some_and(|n| *n >= 15),
        "{outcomes:?}"
    );
    assert_sound(&company).await;
    assert_views_fold(&company, &first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_assignments_claims_and_releases_in_parallel_end_without_a_deadlock() {
    let company = Company::new(5, 10).await;
    let mut jobs = Vec::new();
    for customer in 0..10 {
        let hour = 8 + i8::try_from(customer % 3 * 3).expect("small");
        let start = company.at(hour, 30);
        let (id, property) = company.customers[customer];
        let outcome = company
            .run(customer_actor(id), Company::place("home", start))
            .await;
        let Outcome::Accepted { result, .. } = outcome else {
            continue;
        };
        jobs.push(confirm(&company, id, property, &result).await);
    }
    assert!(jobs.len() >= 8, "{}", jobs.len());
    let workers: Vec<_> = (0..8_usize)
        .map(|worker| {
            let steps: Vec<_> = (0..12_usize)
                .map(|step| something(&company, worker * 13 + step * 7 + 1, &jobs))
                .collect();
            let executor = company.executor.clone();
            tokio::spawn(async move {
                let mut labels = Vec::new();
                for (actor, command) in steps {
                    let outcome = insist(&executor, request(actor, command)).await;
                    labels.push(outcome.label().to_owned());
                }
                labels
            })
        })
        .collect();
    for worker in workers {
        let done = tokio::time::timeout(Duration::from_mins(1), worker).await;
        let labels = done.expect("it ends").expect("no worker panics");
        assert!(!labels.contains(&"internal".to_owned()), "{labels:?}");
    }
    let deadlocks = company
        .count("select deadlocks from pg_stat_database where datname = current_database()")
        .await;
    assert_eq!(deadlocks, 0);
    assert_sound(&company).await;
}

async fn confirm(
    company: &Company,
    customer: CustomerId,
    property: dispatch_hub::domain::ids::PropertyId,
    held: &Value,
) -> Value {
    let confirm = Command::ConfirmBooking(dispatch_hub::domain::command::BookingConfirm {
        hold: id_in(held, "hold"),
        property,
    });
    company.accept(customer_actor(customer), confirm).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_cannot_race_past_the_limit_of_holds() {
    let company = Company::new(8, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let trips: Vec<_> = (8..16)
        .map(|hour| {
            let request = request(customer, Company::place("home", company.at(hour, 0)));
            let executor = company.executor.clone();
            tokio::spawn(async move { insist(&executor, request).await })
        })
        .collect();
    let mut accepted = Vec::new();
    for trip in trips {
        if let Outcome::Accepted { result, .. } = trip.await.expect("no client panics") {
            accepted.push(result);
        }
    }
    assert_eq!(accepted.len(), 3);
    let release = Command::ReleaseHold(HoldRelease {
        hold: id_in(&accepted[0], "hold"),
    });
    company.accept(customer, release).await;
    company
        .accept(customer, Company::place("home", company.at(15, 0)))
        .await;
}

/// If everybody who is late took a connection with them, the next would find none that is open, and
/// be late, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_are_given_up_leave_their_connections_to_the_next() {
    const CONNECTIONS: &str = "select pid from pg_stat_activity
        where datname = current_database() and application_name = 'dispatch-hub commands'";
    let company = Company::new(1, 1).await;
    let start = company.at(10, 0);
    let customer = customer_actor(company.customers[0].0);
    let place = |_| {
        company
            .executor
            .execute(request(customer, Company::place("home", start)))
    };

    let mut blocker = company.pool.begin().await.expect("a transaction");
    sqlx::query("select from customer for update")
        .execute(&mut *blocker)
        .await
        .expect("a lock");
    let late = tokio::spawn(join_all((0..6).map(place)));
    let waiting = format!("{CONNECTIONS} and wait_event_type = 'Lock'");
    let mut before = Vec::<i32>::new();
    while before.len() < 6 {
        before = sqlx::query_scalar(sqlx::AssertSqlSafe(waiting.clone()))
            .fetch_all(&company.pool)
            .await
            .expect("process ids");
    }
    for outcome in late.await.expect("no command panics") {
        assert_eq!(outcome.label(), "unavailable");
    }
    blocker.rollback().await.expect("an end");

    let outcome = insist(
        &company.executor,
        request(customer, Company::place("home", start)),
    )
    .await;
    assert_eq!(outcome.label(), "accepted");
    let after: Vec<i32> = sqlx::query_scalar(CONNECTIONS)
        .fetch_all(&company.pool)
        .await
        .expect("process ids");
    for connection in before {
        assert!(after.contains(&connection), "{connection} of {after:?}");
    }
}
