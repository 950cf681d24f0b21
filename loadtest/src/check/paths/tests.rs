use serde_json::json;

use super::*;
use crate::check::testing_database::{company, run};

fn faults(thing: Thing, facts: &[(&str, Value)]) -> Vec<String> {
    let mut standing = Standing::new();
    let facts = (1..).zip(facts).map(|(number, (kind, body))| Fact {
        kind: (*kind).to_owned(),
        version: number,
        at: number,
        body: body.clone(),
    });
    facts
        .flat_map(|fact| standing.apply(thing, &fact))
        .collect()
}

fn created() -> (&'static str, Value) {
    ("job.created", json!({"job": {"status": "unassigned"}}))
}

fn assigned(seat: i64, cleaner: &str, instead_of: Option<&str>) -> (&'static str, Value) {
    let body = json!({
        "seat": seat, "cleaner": cleaner, "instead_of": instead_of, "status": "assigned",
    });
    ("job.assigned", body)
}

fn unassigned(seat: i64, cleaner: &str, status: &str) -> (&'static str, Value) {
    let body = json!({"seat": seat, "cleaner": cleaner, "status": status});
    ("job.unassigned", body)
}

fn plain(kind: &'static str) -> (&'static str, Value) {
    (kind, json!({}))
}

#[test]
fn a_day_of_work_is_in_order() {
    let day = [
        created(),
        assigned(0, "anna", None),
        assigned(0, "bea", Some("anna")),
        assigned(1, "carl", None),
        unassigned(1, "carl", "assigned"),
        plain("job.put_at_risk"),
        plain("job.acknowledged"),
        ("job.moved", json!({"status": "assigned"})),
        plain("job.departed"),
        plain("job.arrived"),
        plain("job.started"),
        plain("job.paused"),
        plain("job.resumed"),
        plain("job.completed"),
        plain("job.verified"),
    ];
    assert_eq!(faults(Thing::Job, &day), Vec::<String>::new());
}

#[test]
fn ways_that_are_not_drawn_are_found() {
    for end in [
        "job.departed",
        "job.completed",
        "job.missed",
        "job.verified",
    ] {
        assert_eq!(
            faults(Thing::Job, &[created(), plain(end)]).len(),
            1,
            "{end}"
        );
    }
    let twice = [
        created(),
        assigned(0, "a", None),
        plain("job.acknowledged"),
        plain("job.acknowledged"),
    ];
    assert_eq!(faults(Thing::Job, &twice).len(), 1);
    let booking = |kind| {
        [
            (
                "booking.confirmed",
                json!({"booking": {"status": "confirmed"}}),
            ),
            plain(kind),
        ]
    };
    assert_eq!(faults(Thing::Booking, &booking("booking.begun")).len(), 0);
    assert_eq!(faults(Thing::Booking, &booking("booking.closed")).len(), 1);
    let placed = || ("hold.placed", json!({"hold": {"status": "active"}}));
    let hold = |first, second| [placed(), plain(first), plain(second)];
    assert_eq!(
        faults(Thing::Hold, &hold("hold.extended", "hold.consumed")).len(),
        0
    );
    assert_eq!(
        faults(Thing::Hold, &hold("hold.released", "hold.consumed")).len(),
        1
    );
    assert_eq!(
        faults(Thing::Hold, &hold("hold.extended", "hold.extended")).len(),
        1
    );
}

#[test]
fn a_hold_that_is_honoured_too_late_or_ends_too_early_is_found() {
    // Facts come a microsecond after one another.
    let placed = |expires: &str| {
        let body = json!({"hold": {"status": "active", "expires_at": expires}});
        ("hold.placed", body)
    };
    let ends = |expires, end| faults(Thing::Hold, &[placed(expires), plain(end)]).len();
    let (now, later) = ("1970-01-01T00:00:00.000002Z", "1970-01-01T00:00:01Z");
    assert_eq!(ends(now, "hold.consumed"), 1);
    assert_eq!(ends(now, "hold.expired"), 0);
    assert_eq!(ends(later, "hold.consumed"), 0);
    assert_eq!(ends(later, "hold.expired"), 1);
}

#[test]
fn a_seat_that_two_win_is_found() {
    let twice = [
        created(),
        assigned(0, "anna", None),
        assigned(0, "bea", None),
    ];
    assert_eq!(faults(Thing::Job, &twice).len(), 1);
    let stranger = [
        created(),
        assigned(0, "anna", None),
        unassigned(0, "bea", "unassigned"),
    ];
    assert_eq!(faults(Thing::Job, &stranger).len(), 1);
}

#[test]
fn time_and_versions_that_go_back_are_found() {
    let mut standing = Standing::new();
    let fact = |version, at| Fact {
        kind: "job.secured".to_owned(),
        version,
        at,
        body: json!({}),
    };
    assert_eq!(standing.apply(Thing::Job, &fact(2, 20)).len(), 0);
    assert_eq!(standing.apply(Thing::Job, &fact(2, 20)).len(), 0);
    assert_eq!(standing.apply(Thing::Job, &fact(3, 19)).len(), 1);
    assert_eq!(standing.apply(Thing::Job, &fact(2, 21)).len(), 1);
}

#[tokio::test]
async fn rows_to_which_no_facts_lead_are_found() {
    const FACTS: &str = "
        insert into domain_event (at, aggregate, aggregate_id, aggregate_version, kind,
            schema_version, actor_id, command_id, body)
        values (now(), 'hold', '00000000-0000-0000-0000-0000000000d3', 1, 'hold.placed', 1,
            gen_random_uuid(), gen_random_uuid(), '{\"hold\": {\"status\": \"active\"}}')";
    let mut database = company().await;
    run(&mut database, FACTS).await;
    let finding = check(&mut database).await.expect("the checker's SQL");
    assert_eq!((finding.checked, finding.violations), (1, 0), "{finding:?}");
    run(&mut database, "update hold set status = 'released'").await;
    let finding = check(&mut database).await.expect("the checker's SQL");
    assert_eq!(finding.violations, 1);
}
