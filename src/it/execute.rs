//! The command trip: receipts, what is stored and what is not, and whom it asks.

use dispatch_hub::{
    domain::{
        Actor, Command, Role,
        command::{HoldPlace, HoldRelease, JobComplete, JobDepart},
        ids::{AccountId, CommandId, HoldId},
    },
    execute::{Outcome, Refusal},
};
use uuid::Uuid;

use crate::company::{Company, ZONE, cleaner_actor, customer_actor, id_in, request};

fn code(outcome: &Outcome) -> &str {
    outcome.label()
}

#[tokio::test]
async fn a_command_repeated_under_its_id_is_executed_once_and_answered_alike() {
    let company = Company::new(2, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let request = request(customer, Company::place("home", company.at(10, 0)));
    let first = company.executor.execute(request.clone()).await;
    let again = company.executor.execute(request).await;
    assert_eq!(code(&first), "accepted", "{first:?}");
    assert_eq!(first, again);
    assert_eq!(company.count("select count(*) from hold").await, 1);
    assert_eq!(company.count("select count(*) from audit").await, 1);
}

#[tokio::test]
async fn an_id_used_for_something_else_is_refused() {
    let company = Company::new(2, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let mut request = request(customer, Company::place("home", company.at(10, 0)));
    company.executor.execute(request.clone()).await;
    request.command = Company::place("home", company.at(12, 0));
    let other = company.executor.execute(request).await;
    assert_eq!(code(&other), "idempotency_mismatch");
    assert_eq!(company.count("select count(*) from hold").await, 1);
}

#[tokio::test]
async fn a_start_before_the_calendar_is_too_soon_like_any_other() {
    let company = Company::new(2, 1).await;
    let customer = customer_actor(company.customers[0].0);
    for start in ["-009999-01-02T02:00:00Z", "-000044-03-15T12:00:00Z"] {
        let command = Company::place("home", start.parse().expect("an instant"));
        let outcome = company.executor.execute(request(customer, command)).await;
        assert_eq!(code(&outcome), "lead_time", "{outcome:?}");
    }
}

#[tokio::test]
async fn another_actor_may_use_the_same_id() {
    let company = Company::new(2, 2).await;
    let command = Company::place("home", company.at(10, 0));
    let mut request = request(customer_actor(company.customers[0].0), command);
    company.executor.execute(request.clone()).await;
    request.actor = customer_actor(company.customers[1].0);
    let outcome = company.executor.execute(request).await;
    assert_eq!(code(&outcome), "accepted");
}

#[tokio::test]
async fn a_rejection_is_stored_so_that_a_retry_does_not_flip() {
    let company = Company::new(1, 2).await;
    let start = company.at(10, 0);
    let first = customer_actor(company.customers[0].0);
    let held = company.accept(first, Company::place("home", start)).await;
    let request = request(
        customer_actor(company.customers[1].0),
        Company::place("home", start),
    );
    let rejected = company.executor.execute(request.clone()).await;
    let Outcome::Rejected { code, details, .. } = &rejected else {
        panic!("not rejected: {rejected:?}")
    };
    assert_eq!(code, "slot_gone");
    let alternatives = details["alternatives"].as_array().map(Vec::len);
    assert_eq!(alternatives, Some(3), "{details}");
    let release = Command::ReleaseHold(HoldRelease {
        hold: id_in(&held, "hold"),
    });
    company.accept(first, release).await;
    assert_eq!(company.executor.execute(request).await, rejected);
    assert_eq!(
        company
            .count("select count(*) from audit where outcome = 'rejected'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_refusal_is_not_stored() {
    let company = Company::new(1, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let release = Command::ReleaseHold(HoldRelease {
        hold: HoldId(Uuid::now_v7()),
    });
    let outcome = company.run(customer, release).await;
    assert_eq!(code(&outcome), "not_found");
    assert_eq!(company.count("select count(*) from command").await, 0);
    assert_eq!(company.count("select count(*) from audit").await, 0);
}

#[tokio::test]
async fn ids_that_are_old_or_not_of_version_7_are_refused() {
    let company = Company::new(1, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let mut request = request(customer, Company::place("home", company.at(10, 0)));
    request.command_id = CommandId(Uuid::new_v4());
    let outcome = company.executor.execute(request.clone()).await;
    let Outcome::Refused { code, details, .. } = outcome else {
        panic!("not refused: {outcome:?}")
    };
    assert_eq!(code, Refusal::InvalidArgument);
    assert_eq!(details["field"], "command_id");
    let eight_days_ago = jiff::Timestamp::now().as_second() - 8 * 24 * 3600;
    let at = uuid::Timestamp::from_unix(
        uuid::NoContext,
        u64::try_from(eight_days_ago).expect("after 1970"),
        0,
    );
    request.command_id = CommandId(Uuid::new_v7(at));
    let outcome = company.executor.execute(request).await;
    assert_eq!(outcome.label(), "command_expired");
}

#[tokio::test]
async fn a_role_that_never_may_is_refused_and_noted() {
    let company = Company::new(1, 1).await;
    let cleaner = cleaner_actor(company.cleaners[0]);
    let outcome = company
        .run(cleaner, Company::place("home", company.at(10, 0)))
        .await;
    assert_eq!(code(&outcome), "forbidden");
    let noted = company
        .count(
            "select count(*) from security_event where code = 'forbidden' and kind = 'hold.place'",
        )
        .await;
    assert_eq!(noted, 1);
}

#[tokio::test]
async fn an_account_that_was_disabled_decides_nothing_any_more() {
    let company = Company::new(1, 1).await;
    company.sql("update account set disabled_at = now()").await;
    let customer = customer_actor(company.customers[0].0);
    let outcome = company
        .run(customer, Company::place("home", company.at(10, 0)))
        .await;
    assert_eq!(code(&outcome), "unauthenticated");
    let nobody = Actor {
        id: AccountId(Uuid::now_v7()),
        role: Role::Dispatcher,
    };
    let outcome = company
        .run(
            nobody,
            Command::PlaceHold(HoldPlace {
                customer: Some(company.customers[0].0),
                zone: ZONE.parse().expect("a slug"),
                service: "home".parse().expect("a slug"),
                start: company.at(10, 0),
            }),
        )
        .await;
    assert_eq!(code(&outcome), "unauthenticated");
}

#[tokio::test]
async fn a_visit_goes_from_hold_to_claim_and_positions_name_what_the_actor_may_read() {
    let company = Company::new(2, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let start = company.at(10, 0);
    let held = company.run(customer, Company::place("home", start)).await;
    let Outcome::Accepted { positions, .. } = &held else {
        panic!("not accepted: {held:?}")
    };
    let expected = [
        format!("customer:{}", customer.id),
        company.channel("slots").to_string(),
    ];
    assert_eq!(
        positions.keys().collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    assert!(positions.values().all(|position| position.offset == 1));
    let job = company.book(0, "home", company.at(14, 0)).await;
    let cleaner = cleaner_actor(company.cleaners[1]);
    company.accept(cleaner, Company::claim(&job)).await;
    let assigned = company
        .count("select count(*) from occupancy where cause = 'assigned'")
        .await;
    assert_eq!(assigned, 1);
    let too_early = Command::DepartForJob(JobDepart {
        job: id_in(&job, "job"),
    });
    assert_eq!(code(&company.run(cleaner, too_early).await), "too_early");
    let complete = Command::CompleteJob(JobComplete {
        job: id_in(&job, "job"),
    });
    let outcome = company.run(cleaner, complete).await;
    assert_eq!(code(&outcome), "illegal_transition");
}

#[tokio::test]
async fn what_is_committed_is_announced_with_the_offsets_of_the_log() {
    let company = Company::new(2, 1).await;
    company.book(0, "home", company.at(10, 0)).await;
    let announced: Vec<_> = company
        .live
        .publications
        .lock()
        .expect("nobody panics holding it")
        .iter()
        .map(|publication| {
            (
                publication.channel.to_string(),
                i64::try_from(publication.offset).expect("small"),
                publication.body.get().to_owned(),
            )
        })
        .collect();
    let mut stored: Vec<(String, i64, String)> =
        sqlx::query_as("select channel, channel_offset, body::text from publication")
            .fetch_all(&company.pool)
            .await
            .expect("publications");
    let mut announced = announced;
    announced.sort();
    stored.sort();
    assert!(!stored.is_empty());
    assert_eq!(announced, stored);
}
