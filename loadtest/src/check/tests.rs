//! A whole run, small and made by hand: a folder and a database.

use std::io::Write;

use uuid::Uuid;

use crate::history::{Event, Role};

use super::*;
use testing::{CHANNEL, at, connected, person, published, raw, subscribing, told};
use testing_database::{company_and_url, run};

const LOG: &str = "
    insert into log_epoch (epoch, system_identifier, timeline_id) values ('first', 1, 1);
    insert into channel (name, head) values ('board:center', 2);
    insert into publication (channel, channel_offset, body)
    values ('board:center', 1, '1'), ('board:center', 2, '2')";

fn history() -> Vec<Event> {
    vec![
        person(Uuid::from_u128(1), Role::Dispatcher),
        connected(),
        subscribing(None),
        Event::Subscribed {
            channel: CHANNEL.to_owned(),
            position: Some(at(1)),
            recovered: false,
            snapshot: Some(raw(r#"{"at":"2027-03-01T12:00:00Z","set":[]}"#)),
            publications: Vec::new(),
        },
        published(2),
    ]
}

async fn report(history: Vec<Event>, without: &[&str]) -> Report {
    let (mut database, database_url) = company_and_url().await;
    run(&mut database, LOG).await;
    let folder = tempfile::tempdir().expect("a folder");
    let told_of = Run {
        seed: 7,
        started_at: 0,
        database_url,
        instances: Vec::new(),
        canaries: Vec::new(),
    };
    let json = serde_json::to_vec(&told_of).expect("plain data");
    fs::write(folder.path().join("run.json"), json).expect("a file");
    let mut file = fs::File::create(folder.path().join("history.jsonl")).expect("a file");
    for placed in told(history) {
        let line = serde_json::to_string(&placed.line).expect("plain data");
        writeln!(file, "{line}").expect("a line");
    }
    // Whoever wrote this was ended half-way.
    write!(file, r#"{{"at":9,"cli"#).expect("half a line");
    let without: Vec<String> = without.iter().map(ToString::to_string).collect();
    check(folder.path(), &without).await.expect("a report")
}

fn verdicts(report: &Report) -> Vec<(&'static str, u64)> {
    let broken = report.broken();
    broken.map(|it| (it.promise, it.violations)).collect()
}

#[tokio::test]
async fn a_run_in_which_all_is_well_is_kept_where_it_has_something_of_everything() {
    let unseen = [
        "acknowledged",
        "one effect",
        "documented",
        "in calm",
        "in a circle",
        "presence",
        "return to where",
        "legal way",
        "who stops",
    ];
    let report = report(history(), &unseen).await;
    assert_eq!(verdicts(&report), [], "{report}");
    assert!(report.is_kept(), "{report}");
    assert_eq!((report.seed, report.lines), (7, 5));
}

#[tokio::test]
async fn a_run_that_has_nothing_of_a_promise_is_not_kept() {
    let report = report(history(), &[]).await;
    assert_eq!(verdicts(&report), []);
    assert!(!report.is_kept());
    assert!(report.to_string().contains("UNSEEN"));
}

#[tokio::test]
async fn what_is_wrong_is_told_once_where_it_belongs() {
    let mut twice = history();
    twice.push(published(2));
    let report = report(twice, &[]).await;
    let order = "every publication once, in order, from a snapshot on";
    assert_eq!(verdicts(&report), [(order, 1)]);
}
