//! The facts that commands have left, folded: they must give the rows there are.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use dispatch_hub::{
    domain::{Event, World, entity::Cause},
    store::{
        Pools,
        events::{self, EventCursor, StoredEvent},
    },
};
use sqlx::{PgPool, Row};

/// All facts, applied to nothing, give the rows that commands have made.
pub(crate) async fn assert_events_fold(pools: &Pools, pool: &PgPool) {
    let mut world = World::default();
    for event in all_events(pools, pool).await {
        let event: Event = serde_json::from_str(event.body.get()).expect("a fact");
        world.apply(&event);
    }
    assert_eq!(stored_versions(pool).await, versions(&world));
    assert_eq!(stored_occupancy(pool).await, occupancy(&world));
}

/// All events, once nothing in this cluster holds the horizon back below them.
///
/// A reader gets them in the order of transactions, in which those of one aggregate may stand the
/// wrong way round: who began first may have waited for a lock. Ids are given under the locks.
async fn all_events(pools: &Pools, pool: &PgPool) -> Vec<StoredEvent> {
    let stored: i64 = sqlx::query_scalar("select count(*) from domain_event")
        .fetch_one(pool)
        .await
        .expect("a count");
    let start = Instant::now();
    let (mut told, mut cursor) = (Vec::new(), EventCursor::default());
    while told.len() < usize::try_from(stored).expect("few") {
        let read = events::read_after(pools, cursor, 1000).await;
        told.extend(read.expect("the events"));
        cursor = told.last().map_or(cursor, StoredEvent::cursor);
        let patience = start.elapsed() < Duration::from_secs(10);
        assert!(patience, "the horizon moves");
    }
    told.sort_by_key(|event| event.cursor().id);
    told
}

/// Table and id of each row, with what tells one version from another.
type Versions = BTreeMap<(String, String), (i64, String)>;

fn versions(world: &World) -> Versions {
    let holds = world.holds.values().map(|row| {
        let key = ("hold".to_owned(), row.id.to_string());
        (key, (row.version, row.status.as_str().to_owned()))
    });
    let bookings = world.bookings.values().map(|row| {
        let key = ("booking".to_owned(), row.id.to_string());
        (key, (row.version, spelled(&row.status)))
    });
    let jobs = world.jobs.values().map(|row| {
        let crew = row
            .seats
            .iter()
            .flatten()
            .map(|seat| seat.cleaner.to_string());
        let crew = crew.collect::<Vec<_>>().join(",");
        let key = ("job".to_owned(), row.id.to_string());
        (
            key,
            (row.version, format!("{} {crew}", spelled(&row.status))),
        )
    });
    let alerts = world.alerts.values().map(|row| {
        let key = (
            "alert".to_owned(),
            format!("{} {}", row.job, spelled(&row.about)),
        );
        let by = row.handled_by.map(|by| by.to_string()).unwrap_or_default();
        let state = format!("{} {} {by}", spelled(&row.status), spelled(&row.level));
        (key, (row.version, state))
    });
    holds.chain(bookings).chain(jobs).chain(alerts).collect()
}

fn spelled(status: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(status).expect("plain data");
    value.as_str().expect("a word").to_owned()
}

async fn stored_versions(pool: &PgPool) -> Versions {
    let rows = sqlx::query(
        "select 'hold' as kind, id::text as id, version, status as state from hold
         union all select 'booking', id::text, version, status from booking
         union all select 'job', id::text, version, status || ' ' || coalesce((
             select string_agg(cleaner_id::text, ',' order by seat) from job_seat
             where job_id = job.id and cleaner_id is not null), '') from job
         union all select 'alert', job_id || ' ' || about, version,
             status || ' ' || level || ' ' || coalesce(handled_by::text, '') from alert",
    )
    .fetch_all(pool)
    .await
    .expect("the rows");
    rows.iter()
        .map(|row| {
            let key = (row.get("kind"), row.get("id"));
            (key, (row.get("version"), row.get("state")))
        })
        .collect()
}

fn occupancy(world: &World) -> Vec<(String, String, String)> {
    let mut rows: Vec<_> = world
        .occupancy
        .values()
        .map(|row| {
            let cause = match row.cause {
                Cause::Hold { .. } => "hold",
                Cause::Reserved { .. } => "reserved",
                Cause::Assigned { .. } => "assigned",
                Cause::TimeOff { .. } => "time_off",
            };
            let id = (row.id.to_string(), row.cleaner.to_string());
            (id.0, id.1, cause.to_owned())
        })
        .collect();
    rows.sort();
    rows
}

async fn stored_occupancy(pool: &PgPool) -> Vec<(String, String, String)> {
    let mut rows: Vec<(String, String, String)> =
        sqlx::query_as("select id::text, cleaner_id::text, cause from occupancy")
            .fetch_all(pool)
            .await
            .expect("the rows");
    rows.sort();
    rows
}
