use std::io::Write;

use crate::{
    check::{
        reading::History,
        testing::{CHANNEL, at, closed, published, raw, subscribing, told_by},
        testing_database::{company, run},
    },
    history::{Line, Role},
};

use super::*;

/// A view with one job in this state.
fn job(status: &str) -> String {
    format!(
        r#"{{"at":"2027-03-01T12:00:00Z","set":[{{"kind":"job","id":"1","status":"{status}"}}]}}"#
    )
}

fn began(offset: u64, status: &str) -> Event {
    Event::Subscribed {
        channel: CHANNEL.to_owned(),
        position: Some(at(offset)),
        recovered: false,
        snapshot: Some(raw(&job(status))),
        publications: Vec::new(),
    }
}

fn fresh(offset: u64, status: &str) -> Event {
    Event::Fresh {
        channel: CHANNEL.to_owned(),
        role: Role::Dispatcher,
        position: at(offset),
        snapshot: raw(&job(status)),
    }
}

/// Later than that, so that who is behind has had its time.
fn later() -> Event {
    Event::Resources {
        instance: 0,
        rss_bytes: 0,
        descriptors: 0,
        tasks: 0,
    }
}

/// The log has the job assigned at 1, acknowledged at 2 and on the way at 3.
const LOG: &str = "
    insert into log_epoch (epoch, system_identifier, timeline_id) values ('first', 1, 1);
    insert into channel (name, head) values ('board:center', 3);
    insert into publication (channel, channel_offset, body)
    select 'board:center', number, json_build_object('at', '2027-03-01T12:00:00Z',
        'set', json_build_array(json_build_object('kind', 'job', 'id', '1', 'status', status)))
    from (values (1, 'assigned'), (2, 'acknowledged'), (3, 'en_route')) as came (number, status)";

async fn finding(events: Vec<(u32, Event)>) -> Finding {
    let mut database = company().await;
    run(&mut database, LOG).await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    for placed in told_by(events) {
        let line: &Line = &placed.line;
        let json = serde_json::to_string(line).expect("plain data");
        writeln!(file, "{json}").expect("a line");
    }
    let (log, _) = Log::read(&mut database, |_, _| {}).await.expect("the log");
    let (mut views, mut clients) = (Views::default(), Clients::default());
    let mut history = History::open(file.path()).expect("the history");
    while let Some(placed) = history.next_line().expect("a line") {
        views.see(&placed, &clients);
        clients.apply(&placed);
    }
    let excuses = Excuses::default();
    let finding = views.finding(file.path(), &mut database, &log, &excuses);
    finding.await.expect("the checker's SQL")
}

async fn is_in_order(events: Vec<(u32, Event)>) {
    let finding = finding(events).await;
    assert!(finding.checked > 0);
    assert_eq!(finding.first, Vec::new());
}

async fn is_found(events: Vec<(u32, Event)>, what: &str) {
    let found = finding(events).await.first;
    assert!(
        found.iter().any(|fault| fault.what.contains(what)),
        "{found:?}"
    );
}

#[tokio::test]
async fn views_that_end_as_the_fresh_snapshot_are_in_order() {
    let events = vec![
        (1, subscribing(None)),
        (1, began(1, "assigned")),
        (1, published(2)),
        (2, subscribing(None)),
        (2, began(2, "acknowledged")),
        (1, published(3)),
        (2, published(3)),
        (0, fresh(3, "en_route")),
    ];
    is_in_order(events).await;
}

#[tokio::test]
async fn a_snapshot_that_is_not_what_came_before_it_is_found() {
    let events = |status| {
        vec![
            (1, subscribing(None)),
            (1, began(1, "assigned")),
            (2, subscribing(None)),
            (2, began(2, status)),
        ]
    };
    is_in_order(events("acknowledged")).await;
    is_found(events("assigned"), "the snapshot at 2 differs").await;
    is_found(
        vec![(0, fresh(1, "assigned")), (0, fresh(3, "paused"))],
        "at 3 differs",
    )
    .await;
    is_found(vec![(0, fresh(4, "paused"))], "where nothing is").await;
}

#[tokio::test]
async fn a_live_view_that_stays_behind_is_found() {
    let run = |after: Vec<(u32, Event)>| {
        let before = [
            (1, subscribing(None)),
            (1, began(2, "acknowledged")),
            (0, fresh(3, "en_route")),
        ];
        before.into_iter().chain(after).collect()
    };
    is_found(run(vec![]), "never reached 3").await;
    is_in_order(run(vec![(1, published(3))])).await;
    is_found(
        run(vec![(0, later()), (0, later()), (1, published(3))]),
        "too late",
    )
    .await;
    is_in_order(run(vec![(1, closed(3001))])).await;
}

#[tokio::test]
async fn a_view_of_another_epoch_is_found() {
    let mut elsewhere = at(3);
    elsewhere.epoch = "other".to_owned();
    let fresh = Event::Fresh {
        channel: CHANNEL.to_owned(),
        role: Role::Dispatcher,
        position: elsewhere,
        snapshot: raw(&job("en_route")),
    };
    let events = vec![
        (1, subscribing(None)),
        (1, began(3, "en_route")),
        (0, fresh),
    ];
    is_found(events, "lives in epoch first").await;
}

#[tokio::test]
async fn a_rest_at_which_nothing_can_be_read_or_views_are_of_the_past_is_found() {
    let live = || {
        let events = vec![(1, subscribing(None)), (1, began(3, "en_route"))];
        events.into_iter()
    };
    let mute = live().chain([(0, Event::Settled)]).collect();
    is_found(mute, "nothing could be read anew").await;
    // The database gives the log a name that is not "first".
    let settled = live().chain([(0, Event::Settled), (0, fresh(3, "en_route"))]);
    is_found(settled.collect(), "1 views live in epoch first").await;
    let away = live().chain([
        (1, closed(3001)),
        (0, Event::Settled),
        (0, fresh(3, "en_route")),
    ]);
    is_in_order(away.collect()).await;
}
