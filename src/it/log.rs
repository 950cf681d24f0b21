//! The log of channels and that of events, as their readers see them, also while others commit
//! late; and the name of the log.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use dispatch_hub::{
    domain::{Command, command::BookingCancel},
    store::{
        PostgresLog,
        events::{self, EventCursor, EventFilter},
        upkeep,
    },
};
use hub::{
    contract::log::{self as contract, Appending},
    ports::ChannelLog,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use crate::{
    company::{Company, cleaner_actor, customer_actor, id_in},
    facts::assert_events_fold,
};

async fn append(connection: &mut PgConnection, channel: &str, offset: i64) {
    sqlx::query(
        "with head as (insert into channel (name, head) values ($1, $2)
             on conflict on constraint channel_pk do update set head = excluded.head)
         insert into publication (channel, channel_offset, body) values ($1, $2, '{}')",
    )
    .bind(channel)
    .bind(offset)
    .execute(connection)
    .await
    .expect("a publication");
}

async fn tell(connection: &mut PgConnection, kind: &str) {
    sqlx::query(
        "insert into domain_event (at, aggregate, aggregate_id, aggregate_version, kind,
             schema_version, actor_id, command_id, body)
         values (now(), 'x', 'x', 1, $1, 1, gen_random_uuid(), gen_random_uuid(), '{}')",
    )
    .bind(kind)
    .execute(connection)
    .await
    .expect("an event");
}

#[tokio::test]
async fn a_look_at_recent_heads_misses_nothing_that_commits_late() {
    let company = Company::new(0, 0).await;
    let log = PostgresLog::new(company.pools.clone());
    let (none, cursor) = log.recent_heads(None).await.expect("a look");
    assert!(none.is_empty());
    let mut late = company.pool.begin().await.expect("a transaction");
    append(&mut late, "late", 1).await;
    let mut early = company.pool.begin().await.expect("a transaction");
    append(&mut early, "early", 1).await;
    early.commit().await.expect("committed");
    let (heads, cursor) = log.recent_heads(Some(cursor)).await.expect("a look");
    let names: Vec<_> = heads.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["early"]);
    late.commit().await.expect("committed");
    let (heads, cursor) = log.recent_heads(Some(cursor)).await.expect("a look");
    assert!(
        heads
            .iter()
            .any(|(name, at)| **name == *"late" && at.offset == 1)
    );
    // Transactions of other tests in this cluster may hold the horizon back for a moment.
    let (start, mut cursor) = (Instant::now(), cursor);
    loop {
        let (heads, next) = log.recent_heads(Some(cursor)).await.expect("a look");
        if heads.is_empty() {
            return;
        }
        let waited = start.elapsed();
        assert!(
            waited < Duration::from_secs(10),
            "what is old is not seen for ever"
        );
        cursor = next;
    }
}

/// Appends as a command does, for the contract.
struct Writer(Company);

#[async_trait]
impl Appending for Writer {
    async fn append(&self, channels: &[&str], json: &str) {
        sqlx::query(
            "with moved as (
                 insert into channel (name, head) select name, 1 from unnest($1) name order by name
                 on conflict on constraint channel_pk do update set head = channel.head + 1
                 returning name, head)
             insert into publication (channel, channel_offset, body)
             select name, head, $2::json from moved",
        )
        .bind(channels)
        .bind(json)
        .execute(&self.0.pool)
        .await
        .expect("publications");
    }

    async fn trim(&self, channel: &str, upto: u64) {
        let deleted = "delete from publication where channel = $1 and channel_offset <= $2";
        sqlx::query(deleted)
            .bind(channel)
            .bind(i64::try_from(upto).expect("small"))
            .execute(&self.0.pool)
            .await
            .expect("a trim");
    }
}

macro_rules! contract {
    ($($promise:ident,)*) => {
        $(#[tokio::test]
        async fn $promise() {
            let writer = Writer(Company::new(0, 0).await);
            let log = PostgresLog::new(writer.0.pools.clone());
            contract::$promise(&log, &writer).await;
        })*
    };
}

contract! {
    reads_are_contiguous_and_know_the_head,
    what_is_trimmed_is_missing_at_the_front,
    a_look_sees_what_was_written_since_the_last,
    the_log_is_renamed_once_however_many_ask,
}

#[tokio::test]
async fn a_reader_of_events_sees_each_once_although_some_commit_late() {
    let company = Company::new(0, 0).await;
    let mut readers = [Reader::default(), Reader::default()];
    let mut open = Vec::new();
    for number in 0..12 {
        let mut transaction = company.pool.begin().await.expect("a transaction");
        tell(&mut transaction, &format!("n{number}")).await;
        open.push(transaction);
        // Every third keeps two others waiting before the first of them commits.
        if open.len() == 3 {
            open.pop()
                .expect("three")
                .commit()
                .await
                .expect("committed");
            look(&company, &mut readers).await;
            open.remove(0).commit().await.expect("committed");
            look(&company, &mut readers).await;
        }
    }
    for transaction in open {
        transaction.commit().await.expect("committed");
    }
    // Transactions of other tests in this cluster may hold the horizon back for a moment.
    let start = Instant::now();
    let all_seen = |readers: &[Reader; 2]| readers.iter().all(|reader| reader.seen.len() >= 12);
    while !all_seen(&readers) && start.elapsed() < Duration::from_secs(10) {
        look(&company, &mut readers).await;
    }
    let mut expected: Vec<_> = (0..12).map(|number| format!("n{number}")).collect();
    expected.sort();
    for mut reader in readers {
        reader.seen.sort();
        assert_eq!(reader.seen, expected);
    }
}

#[derive(Default)]
struct Reader {
    cursor: EventCursor,
    seen: Vec<String>,
}

async fn look(company: &Company, [all, filtered]: &mut [Reader; 2]) {
    follow(company, &mut all.cursor, &mut all.seen).await;
    follow_filtered(company, &mut filtered.cursor, &mut filtered.seen).await;
}

/// A reader that wants one kind of row only and goes on from where it is told to.
async fn follow_filtered(company: &Company, cursor: &mut EventCursor, seen: &mut Vec<String>) {
    let filter = EventFilter {
        aggregate: Some("x".to_owned()),
        ..EventFilter::default()
    };
    loop {
        let read = events::read(&company.pools, *cursor, &filter, 2).await;
        let read = read.expect("a read");
        *cursor = read.next;
        seen.extend(read.events.into_iter().map(|event| event.kind));
        if read.at_end {
            return;
        }
    }
}

async fn follow(company: &Company, cursor: &mut EventCursor, seen: &mut Vec<String>) {
    loop {
        let read = events::read_after(&company.pools, *cursor, 2).await;
        let read = read.expect("a read");
        let Some(last) = read.last() else { return };
        *cursor = last.cursor();
        seen.extend(read.iter().map(|event| event.kind.clone()));
    }
}

#[tokio::test]
async fn the_events_folded_give_the_rows() {
    let company = Company::new(3, 3).await;
    let mut jobs = Vec::new();
    for customer in 0..3 {
        jobs.push(company.book(customer, "home", company.at(10, 0)).await);
    }
    for (cleaner, job) in company.cleaners.iter().rev().zip(&jobs) {
        company
            .accept(cleaner_actor(*cleaner), Company::claim(job))
            .await;
    }
    let cancel = Command::CancelBooking(BookingCancel {
        booking: id_in(&jobs[0], "booking"),
        reason: Some("rain".to_owned()),
        expected_version: None,
    });
    company.accept(company.dispatcher, cancel).await;
    let customer = customer_actor(company.customers[1].0);
    company
        .accept(customer, Company::place("home", company.at(14, 0)))
        .await;
    assert_events_fold(&company.pools, &company.pool).await;
}

#[tokio::test]
async fn the_log_has_a_partition_for_each_day_and_forgets_what_is_old() {
    let company = Company::new(0, 0).await;
    let now = Timestamp::now();
    let days_ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    for days in [4, 0] {
        let prepared = upkeep::prepare_partitions(&company.pools, days_ago(days)).await;
        prepared.expect("partitions");
    }
    let partitions = "select count(*) from pg_inherits where inhparent = 'publication'::regclass";
    assert_eq!(
        company.count(partitions).await,
        9,
        "eight days and the default"
    );
    company
        .sql(
            "insert into publication (channel, channel_offset, published_at, body)
             select 'x', 10 - days, now() - make_interval(days => days), '{}'
             from generate_series(0, 9) days;
             insert into command (actor_id, command_id, kind, body_hash, received_at)
             values (gen_random_uuid(), gen_random_uuid(), 'x', '', now() - interval '31 days'),
                 (gen_random_uuid(), gen_random_uuid(), 'x', '', now() - interval '29 days')",
        )
        .await;
    let in_default = "select count(*) from publication_default";
    assert_eq!(company.count(in_default).await, 5);
    let trimmed = upkeep::trim(&company.pools, now).await;
    let trimmed = trimmed.expect("trimmed").expect("alone");
    assert_eq!(
        (trimmed.partitions, trimmed.publications, trimmed.receipts),
        (2, 5, 1)
    );
    let kept = "select count(*) from publication where published_at > now() - interval '48 hours'";
    assert_eq!(company.count(kept).await, 2);
    assert_eq!(company.count("select count(*) from publication").await, 3);
}
