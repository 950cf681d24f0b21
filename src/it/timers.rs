//! Durable timers: a hold ends by its timer within a second, or by the command that needs its room,
//! and once only however many instances look.

use std::time::{Duration, Instant};

use dispatch_hub::{
    background,
    domain::{
        Actor, Command,
        command::{AlertSnooze, BookingCancel, HoldExtend},
    },
    execute::Executor,
    store::{
        self,
        load::{self, Numbering, Reach},
        timer::TimerKind,
    },
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::company::{Company, cleaner_actor, customer_actor, id_in};

/// Background work of as many instances, until dropped.
struct Instances(CancellationToken);

impl Instances {
    fn start(company: &Company, count: usize) -> Self {
        let shutdown = CancellationToken::new();
        let tasks = TaskTracker::new();
        for _ in 0..count {
            let executor = Executor::new(company.pools.clone(), company.live.clone());
            background::start(&company.pools, &executor, &shutdown, &tasks);
        }
        Self(shutdown)
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Lets every active hold end in so many milliseconds.
async fn let_holds_end_in(company: &Company, milliseconds: i32) {
    let statement = "with ending as (
            update hold set placed_at = placed_at - interval '10 minutes',
                expires_at = clock_timestamp() + make_interval(secs => $1 / 1000.0)
            where status = 'active' returning id, expires_at)
        update timer set due_at = ending.expires_at from ending where subject_id = ending.id";
    sqlx::query(statement)
        .bind(milliseconds)
        .execute(&company.pool)
        .await
        .expect("the test's SQL is right");
}

async fn wait_until(company: &Company, holds: &'static str) {
    let start = Instant::now();
    while company.count(holds).await == 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {holds}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_has_run_out_gives_its_room_back_within_a_second() {
    let company = Company::new(1, 1).await;
    let customer = customer_actor(company.customers[0].0);
    company
        .accept(customer, Company::place("home", company.at(10, 0)))
        .await;
    let _instances = Instances::start(&company, 1);
    let_holds_end_in(&company, 300).await;
    wait_until(
        &company,
        "select count(*) from hold where status = 'expired'",
    )
    .await;
    let late = company
        .count(
            "select (extract(epoch from min(audit.at) - min(hold.expires_at)) * 1000)::bigint
             from audit, hold where audit.kind = 'hold.expire'",
        )
        .await;
    assert!((0..1000).contains(&late), "{late} ms");
    assert_eq!(company.count("select count(*) from occupancy").await, 0);
    let slots = store::snapshot(&company.pools, &company.channel("slots"))
        .await
        .expect("a snapshot");
    assert_eq!(slots.position.offset, 2, "placed and expired are published");
    wait_until(
        &company,
        "select count(*) from timer where finished_at is not null",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_instances_expire_many_holds_once_each() {
    let company = Company::new(4, 8).await;
    for (number, (customer, _)) in company.customers.iter().enumerate() {
        let hour = 8 + i8::try_from(number / 4 * 3).expect("small");
        let command = Company::place("home", company.at(hour, 30));
        company.accept(customer_actor(*customer), command).await;
    }
    let_holds_end_in(&company, 0).await;
    let _instances = Instances::start(&company, 4);
    wait_until(
        &company,
        "select (count(*) = 8)::int::bigint from hold where status = 'expired'",
    )
    .await;
    let fired = "select count(*) from audit where kind = 'hold.expire'";
    assert_eq!(company.count(fired).await, 8);
    let facts = "select count(*) from domain_event where kind = 'hold.expired'";
    assert_eq!(company.count(facts).await, 8);
}

#[tokio::test]
async fn a_hold_that_has_run_out_yields_to_the_command_that_needs_its_room() {
    let company = Company::new(1, 2).await;
    let start = company.at(10, 0);
    let first = customer_actor(company.customers[0].0);
    let second = customer_actor(company.customers[1].0);
    company.accept(first, Company::place("home", start)).await;
    let outcome = company.run(second, Company::place("home", start)).await;
    assert_eq!(outcome.label(), "slot_gone");
    let_holds_end_in(&company, -1).await;
    company.accept(second, Company::place("home", start)).await;
    let expired = "select count(*) from hold where status = 'expired'";
    assert_eq!(company.count(expired).await, 1);
    assert_eq!(company.count("select count(*) from occupancy").await, 1);
    let told = format!("customer:{}", company.customers[0].0);
    let told = company
        .live
        .publications
        .lock()
        .expect("nobody panics holding it")
        .iter()
        .filter(|publication| *publication.channel == *told)
        .count();
    assert_eq!(told, 2, "the first customer sees the hold come and go");
}

#[tokio::test]
async fn a_hold_that_was_extended_has_its_timer_moved() {
    let company = Company::new(1, 1).await;
    let customer = customer_actor(company.customers[0].0);
    let held = company
        .accept(customer, Company::place("home", company.at(10, 0)))
        .await;
    let extend = Command::ExtendHold(HoldExtend {
        hold: id_in(&held, "hold"),
    });
    company.accept(customer, extend).await;
    let moved = "select count(*) from timer join hold on hold.id = subject_id
        where due_at = expires_at and finished_at is null
            and expires_at = placed_at + interval '10 minutes'";
    assert_eq!(company.count(moved).await, 1);
}

#[tokio::test]
async fn a_timer_of_a_newer_version_keeps_nobody_busy() {
    let company = Company::new(1, 1).await;
    sqlx::query(
        "insert into timer (id, kind, subject_id, due_at)
         values (gen_random_uuid(), 'offer.expire', gen_random_uuid(), now() - interval '1 hour')",
    )
    .execute(&company.pool)
    .await
    .expect("a newer version's timer");
    let next = store::timer::until_next(&company.pools, &TimerKind::ALL).await;
    assert_eq!(next.expect("the database answers"), None);
}

/// A job that begins in so many minutes, claimed by the first cleaner where there is a crew, with its
/// timer due.
async fn job_that_begins_in(company: &Company, minutes: i32, crew: Crew) -> Value {
    let booked = company.book(0, "home", company.at(10, 0)).await;
    if crew == Crew::Claimed {
        let cleaner = cleaner_actor(company.cleaners[0]);
        company.accept(cleaner, Company::claim(&booked)).await;
    }
    let begin = "with moved as (
            update job set starts_at = clock_timestamp() + make_interval(mins => $1) returning id)
        update timer set due_at = clock_timestamp() from moved where subject_id = moved.id";
    sqlx::query(begin)
        .bind(minutes)
        .execute(&company.pool)
        .await
        .expect("the test's SQL is right");
    booked
}

#[derive(PartialEq)]
enum Crew {
    None,
    Claimed,
}

const OPEN_ALERTS: &str = "select count(*) from alert where status = 'open'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_instances_tell_once_of_a_job_without_a_cleaner() {
    let company = Company::new(2, 1).await;
    let booked = job_that_begins_in(&company, 60, Crew::None).await;
    let instances = Instances::start(&company, 4);
    wait_until(&company, OPEN_ALERTS).await;
    let settled = "select count(*) from timer join job on job.id = subject_id
        where due_at = starts_at - interval '30 minutes' and finished_at is null";
    wait_until(&company, settled).await;
    drop(instances);
    let raised = "select count(*) from domain_event where kind = 'alert.raised'";
    assert_eq!(company.count(raised).await, 1);
    let cancel = Command::CancelBooking(BookingCancel {
        booking: id_in(&booked, "booking"),
        reason: None,
        expected_version: None,
    });
    company.accept(company.dispatcher, cancel).await;
    assert_eq!(
        company.count(OPEN_ALERTS).await,
        0,
        "it goes with its cause"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_that_comes_back_is_told_of_again_at_the_same_instant() {
    let company = Company::new(2, 1).await;
    job_that_begins_in(&company, 60, Crew::None).await;
    let _instances = Instances::start(&company, 2);
    wait_until(&company, OPEN_ALERTS).await;
    // Moved out of reach and back behind everybody's back: the timer is set to where it was.
    company
        .sql(
            "update alert set status = 'resolved';
             update timer set due_at = starts_at - interval '2 hours', finished_at = null,
                 leased_until = null, attempt = attempt + 1, setting = setting + 1
             from job where job.id = subject_id",
        )
        .await;
    wait_until(&company, OPEN_ALERTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crew_that_does_not_come_is_seen_after_a_restart_too() {
    let company = Company::new(2, 1).await;
    job_that_begins_in(&company, -40, Crew::Claimed).await;
    let missed = "select count(*) from job where status = 'cleaner_no_show'";
    let instances = Instances::start(&company, 1);
    wait_until(&company, missed).await;
    drop(instances);
    let next = "select count(*) from timer join job on job.id = subject_id
        where due_at = starts_at + make_interval(mins => duration_minutes) and finished_at is null";
    assert_eq!(
        company.count(next).await,
        1,
        "the end of its time is awaited"
    );
    company
        .sql(
            "update job set starts_at = starts_at - interval '2 hours';
             update timer set due_at = now() where finished_at is null",
        )
        .await;
    let _others = Instances::start(&company, 2);
    let given_up = "select count(*) from booking where status = 'not_served'";
    wait_until(&company, given_up).await;
    assert_eq!(company.count(missed).await, 1);
    let done = "select count(*) from timer where kind = 'job.watch' and finished_at is not null";
    wait_until(&company, done).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_was_too_early_sets_the_timer_again() {
    let company = Company::new(1, 1).await;
    company.book(0, "home", company.at(10, 0)).await;
    company
        .sql("update timer set due_at = now() where kind = 'job.watch'")
        .await;
    let _instances = Instances::start(&company, 2);
    let again = "select count(*) from timer join job on job.id = subject_id
        where due_at = starts_at - interval '2 hours' and finished_at is null and setting > 0";
    wait_until(&company, again).await;
    assert_eq!(company.count("select count(*) from alert").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snooze_ends_by_the_timer() {
    let company = Company::new(1, 1).await;
    job_that_begins_in(&company, 60, Crew::None).await;
    let _instances = Instances::start(&company, 2);
    wait_until(&company, OPEN_ALERTS).await;
    let alert: uuid::Uuid = sqlx::query_scalar("select id from alert")
        .fetch_one(&company.pool)
        .await
        .expect("an alert");
    let snooze = Command::SnoozeAlert(AlertSnooze {
        alert: alert.into(),
        until: Timestamp::now() + SignedDuration::from_millis(1500),
        expected_version: None,
    });
    company.accept(company.dispatcher, snooze).await;
    assert_eq!(company.count(OPEN_ALERTS).await, 0);
    wait_until(&company, OPEN_ALERTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_templates_shifts_are_made_by_timers_up_to_the_horizon_and_once() {
    let company = Company::new(1, 0).await;
    company.sql("delete from shift").await;
    let _instances = Instances::start(&company, 3);
    let hours = json!([{"starts": 480, "ends": 960}]);
    let save = json!({"cleaner": company.cleaners[0], "zone": "center",
        "week": vec![hours; 7], "valid_from": company.date});
    let save = Command::parse("template.save", save).expect("a command");
    company
        .accept(company.dispatcher, save.expect("well formed"))
        .await;
    // The longest booking window is 30 days; a week more, of which four days are gone by then.
    wait_until(
        &company,
        "select (count(*) = 34)::int::bigint from shift where template_id is not null",
    )
    .await;
    wait_until(
        &company,
        "select count(*) from timer where kind = 'template.plan' and due_at > now()
             and finished_at is null",
    )
    .await;
    let planned = "select count(*) from audit where kind = 'template.plan'";
    assert_eq!(company.count(planned).await, 5, "a week at a time");
    let next = "select (due_at > now() and due_at < now() + interval '1 day')::int::bigint
        from timer where kind = 'template.plan'";
    assert_eq!(company.count(next).await, 1, "the next day is due tomorrow");
}

/// It is done for everybody every night: it must cost the same however busy they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_shifts_reads_nobodys_work_until_then() {
    let company = Company::new(3, 1).await;
    let visit = company.book(0, "home", company.at(10, 0)).await;
    let busy = company.cleaners[0];
    company
        .run(cleaner_actor(busy), Company::claim(&visit))
        .await;
    let hours = json!([{"starts": 1100, "ends": 1200}]);
    let from = company.date.checked_add(10.days()).expect("in range");
    let save = json!({"cleaner": busy, "zone": "center", "week": vec![hours; 7],
        "valid_from": from});
    let save = Command::parse("template.save", save).expect("a command");
    let save = save.expect("well formed");
    let saved = company.accept(company.dispatcher, save).await;
    let plan = json!({"template": saved["template"]});
    let plan = Command::parse("template.plan", plan).expect("a command");
    let plan = plan.expect("well formed");
    let mut connection = company.pool.acquire().await.expect("a connection");
    let (reach, numbering) = (Reach::Slot, Numbering::Taken);
    let loaded = load::for_command(&mut connection, &plan, Actor::SYSTEM, reach, numbering);
    let world = loaded.await.expect("a world").world;
    assert!(world.templates.len() == 1 && world.cleaners.len() == 1);
    assert!(world.jobs.is_empty() && world.occupancy.is_empty());
    company.accept(Actor::SYSTEM, plan).await;
    let planned = "select count(*) from shift where template_id is not null";
    assert_eq!(company.count(planned).await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_ends_in_time_whatever_the_plans_of_shifts_wait_for() {
    let company = Company::new(6, 1).await;
    let hours = json!([{"starts": 1100, "ends": 1200}]);
    for cleaner in &company.cleaners[..5] {
        let save = json!({"cleaner": cleaner, "zone": "center", "week": vec![hours.clone(); 7],
            "valid_from": company.date});
        let save = Command::parse("template.save", save).expect("a command");
        company
            .accept(company.dispatcher, save.expect("well formed"))
            .await;
    }
    let mut held = company.pool.begin().await.expect("a transaction");
    sqlx::query("select id from cleaner where id = any($1) for no key update")
        .bind(
            company.cleaners[..5]
                .iter()
                .map(|id| id.0)
                .collect::<Vec<_>>(),
        )
        .execute(&mut *held)
        .await
        .expect("the rows of who is planned");
    // Of who is not planned.
    company
        .sql("delete from cleaner_zone where cleaner_id <> (select max(id::text)::uuid from cleaner)")
        .await;
    let customer = customer_actor(company.customers[0].0);
    company
        .accept(customer, Company::place("home", company.at(10, 0)))
        .await;
    let_holds_end_in(&company, 300).await;
    let _instances = Instances::start(&company, 1);
    let start = Instant::now();
    wait_until(
        &company,
        "select count(*) from hold where status = 'expired'",
    )
    .await;
    assert!(start.elapsed() < Duration::from_millis(1800), "{start:?}");
    held.rollback().await.expect("a connection");
}

/// As it looks where the database's clock went back after the timer was found due.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_whose_timer_came_too_early_ends_when_its_time_is_over() {
    let company = Company::new(1, 1).await;
    let customer = customer_actor(company.customers[0].0);
    company
        .accept(customer, Company::place("home", company.at(10, 0)))
        .await;
    let_holds_end_in(&company, 1500).await;
    company
        .sql("update timer set due_at = clock_timestamp() where kind = 'hold.expire'")
        .await;
    let _instances = Instances::start(&company, 1);
    let early = "select count(*) from audit where kind = 'hold.expire'";
    wait_until(&company, early).await;
    let active = "select count(*) from hold where status = 'active'";
    assert_eq!(company.count(active).await, 1, "it is honoured to its end");
    wait_until(
        &company,
        "select count(*) from hold where status = 'expired'",
    )
    .await;
    assert_eq!(
        company.count(early).await,
        2,
        "looked at no more than needed"
    );
}
