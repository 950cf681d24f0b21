//! The way out: the event log and the audit trail over HTTP. Who may read them, that a reader in
//! pages sees every fact once, and that decisions are found by who, what and when.

use std::collections::BTreeSet;

use dispatch_hub::store;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    company::Company,
    database::TestDb,
    people,
    server::{Api, TestServer},
};

const PATHS: [&str; 2] = ["/api/v1/events", "/api/v1/audit"];

async fn ok(api: &Api, token: &str, path: &str) -> Value {
    let (status, body) = api.get(path, Some(token)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

fn list<'a>(page: &'a Value, name: &str) -> &'a [Value] {
    page[name].as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Pages from `after` on, until there is nothing more: the facts, and where the reader stands. What
/// other tests of the cluster have running may hold the end back for a moment.
async fn follow(
    api: &Api,
    token: &str,
    filter: &str,
    after: Option<String>,
    least: usize,
) -> (Vec<Value>, String) {
    let (mut seen, mut after) = (Vec::new(), after);
    let start = std::time::Instant::now();
    loop {
        let place = after
            .map(|after| format!("&after={after}"))
            .unwrap_or_default();
        let page = ok(
            api,
            token,
            &format!("/api/v1/events?limit=3{filter}{place}"),
        )
        .await;
        seen.extend(list(&page, "events").iter().cloned());
        let next = text(&page["next"]);
        if page["at_end"] == json!(true) && seen.len() >= least {
            return (seen, next);
        }
        assert!(start.elapsed().as_secs() < 10, "{} of {least}", seen.len());
        after = Some(next);
    }
}

fn kinds(facts: &[Value]) -> Vec<String> {
    facts.iter().map(|fact| text(&fact["kind"])).collect()
}

#[tokio::test]
async fn records_are_for_managers_and_admins_who_still_are() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let (clara, _) = company.customer(&server, "Clara").await;
    for path in PATHS {
        let (status, _) = server.get(path, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        for (person, expected) in [
            (&clara, StatusCode::FORBIDDEN),
            (&anna, StatusCode::FORBIDDEN),
            (&company.dispatcher, StatusCode::FORBIDDEN),
            (&company.manager, StatusCode::OK),
            (&company.admin, StatusCode::OK),
        ] {
            let (status, body) = server.get(path, Some(&person.token)).await;
            assert_eq!(status, expected, "{path}: {body}");
        }
    }
    let denied: i64 = loop {
        let count = "select count(*) from security_event where kind in ('events', 'audit')";
        let count = sqlx::query_scalar(count).fetch_one(&db.pool).await;
        let count = count.expect("the log");
        if count == 6 {
            break count;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(denied, 6);
    let disabled = json!({
        "account": company.manager.id, "role": "manager", "name": "Max", "disabled": true,
        "expected_version": 1,
    });
    server
        .accepted(&company.admin.token, "admin.user_save", &disabled)
        .await;
    for path in PATHS {
        let (status, _) = server.get(path, Some(&company.manager.token)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_reader_in_pages_sees_every_fact_once_and_goes_on_from_where_it_stood() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let token = company.manager.token.as_str();
    let stored: Vec<String> = sqlx::query_scalar("select kind from domain_event order by xact, id")
        .fetch_all(&db.pool)
        .await
        .expect("the facts");
    let (facts, after) = follow(&server, token, "", None, stored.len()).await;
    assert_eq!(kinds(&facts), stored);
    let (clara, _) = company.customer(&server, "Clara").await;
    let (more, _) = follow(&server, token, "", Some(after), 1).await;
    assert!(
        more.iter().all(|fact| fact["actor"] == json!(clara.id)),
        "{more:?}"
    );
    let fact = more.first().expect("a fact");
    assert_eq!(fact["kind"], fact["body"]["kind"]);
    let again = follow(&server, token, "", Some(text(&fact["cursor"])), 0).await;
    assert_eq!(again.0, more[1..]);
    let (zones, _) = follow(&server, token, "&kind=zone.saved", None, 1).await;
    assert_eq!(kinds(&zones), ["zone.saved"]);
    let own = format!("&aggregate=customer:{}", clara.id);
    let (own, _) = follow(&server, token, &own, None, 1).await;
    assert!(
        own.iter()
            .all(|fact| fact["aggregate_id"] == json!(clara.id))
    );
    let (shifts, _) = follow(&server, token, "&aggregate=shift", None, 1).await;
    assert_eq!(kinds(&shifts), ["shift.published"]);
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_from_before_a_restore_is_told_so() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let token = company.admin.token.as_str();
    let (_, after) = follow(&server, token, "", None, 1).await;
    let pools = people::pools(&db.url);
    store::epoch::renew(&pools, None).await.expect("renewed");
    let (status, problem) = server
        .get(&format!("/api/v1/events?after={after}"), Some(token))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["code"], "epoch_changed");
    server.stop().await;
}

#[tokio::test]
async fn faulty_questions_are_told_by_field() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let token = Some(company.admin.token.as_str());
    for (question, field) in [
        ("events?after=x", "after"),
        ("events?after=e.1", "after"),
        ("events?limit=0", "limit"),
        ("events?limit=1001", "limit"),
        ("events?kind=job.juggled", "kind"),
        ("events?colour=red", "colour"),
        ("events?kind=", "kind"),
        ("audit?before=1", "before"),
        ("audit?before=9223372036854775807.1", "before"),
        ("audit?actor=me", "actor"),
        ("audit?kind=job.juggle", "kind"),
        ("audit?outcome=refused", "outcome"),
        ("audit?aggregate=job", "aggregate"),
        ("audit?from=noon", "from"),
        ("audit?limit=5&limit=6", "limit"),
    ] {
        let (status, problem) = server.get(&format!("/api/v1/{question}"), token).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{question}: {problem}");
        assert_eq!(problem["details"]["field"], field, "{question}");
    }
    server.stop().await;
}

async fn found(api: &Api, token: &str, question: &str) -> Vec<Value> {
    let page = ok(api, token, &format!("/api/v1/audit?{question}")).await;
    list(&page, "entries").to_vec()
}

#[tokio::test]
async fn decisions_are_found_by_who_what_and_when() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let (clara, home) = company.customer(&server, "Clara").await;
    let start = company.first_start();
    let held = server
        .accepted(&clara.token, "hold.place", &Company::hold(start))
        .await;
    let order = json!({"hold": held["hold"], "property": home});
    let booked = server
        .accepted(&clara.token, "booking.confirm", &order)
        .await;
    let job = json!({"job": booked["job"]});
    let (status, _) = server
        .command(&company.dispatcher.token, "job.unassign", &job)
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "there is nobody to unassign");
    let token = company.manager.token.as_str();

    let about = format!("aggregate=job:{}", text(&booked["job"]));
    let entries = found(&server, token, &about).await;
    assert_eq!(kinds(&entries), ["job.unassign", "booking.confirm"]);
    let rejection = &entries[0];
    assert_eq!(rejection["outcome"], "rejected");
    assert_eq!(rejection["code"], "illegal_transition");
    assert_eq!(rejection["actor"], json!(company.dispatcher.id));
    assert_eq!(rejection["actor_name"], "dispatcher@example.org");
    assert_eq!(rejection["via"], "http");
    assert_eq!(rejection["parameters"]["job"], job["job"]);

    let own = format!("actor={}", clara.id);
    let own = found(&server, token, &own).await;
    assert!(own.iter().all(|entry| entry["actor"] == json!(clara.id)));
    let expected = [
        "booking.confirm",
        "hold.place",
        "property.add",
        "customer.update",
    ];
    assert_eq!(kinds(&own), expected);
    assert_eq!(
        kinds(&found(&server, token, "outcome=rejected").await),
        ["job.unassign"]
    );
    assert_eq!(
        kinds(&found(&server, token, "kind=hold.place").await),
        ["hold.place"]
    );
    let other = format!("{about}&actor={}", clara.id);
    assert_eq!(
        kinds(&found(&server, token, &other).await),
        ["booking.confirm"]
    );

    let confirmed = text(&entries[1]["at"]);
    let before = format!("until={confirmed}");
    let before = found(&server, token, &before).await;
    assert_eq!(before[0]["kind"], "hold.place", "exclusive");
    let after = found(&server, token, &format!("from={confirmed}")).await;
    assert_eq!(kinds(&after), ["job.unassign", "booking.confirm"]);
    server.stop().await;
}

#[tokio::test]
async fn the_trail_is_read_in_pages_without_gap_or_repetition() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    company.customer(&server, "Clara").await;
    let token = company.admin.token.as_str();
    let whole = found(&server, token, "limit=1000").await;
    assert!(whole.len() > 4, "{whole:?}");
    let times: Vec<String> = whole.iter().map(|entry| text(&entry["at"])).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
    let (mut seen, mut place) = (Vec::new(), String::new());
    loop {
        let page = ok(&server, token, &format!("/api/v1/audit?limit=2{place}")).await;
        seen.extend(list(&page, "entries").iter().cloned());
        match page["next"].as_str() {
            Some(next) => place = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, whole);
    let ids: BTreeSet<String> = seen
        .iter()
        .map(|entry| text(&entry["command_id"]))
        .collect();
    assert_eq!(ids.len(), seen.len());
    server.stop().await;
}
