//! The main job, end to end, from one socket to another: a customer holds a slot and books, a
//! cleaner claims the job and does it, and everybody sees each step without asking.

use serde_json::{Value, json};

use crate::support::{
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    server::TestServer,
    socket::TestSocket,
};

/// The row of this kind that a body sets.
fn set<'a>(body: &'a Value, kind: &str) -> Option<&'a Value> {
    let rows = body["set"].as_array()?;
    rows.iter().find(|row| row["kind"] == kind)
}

fn unsets(body: &Value, kind: &str, id: &Value) -> bool {
    let gone = json!({"kind": kind, "id": id});
    body["unset"]
        .as_array()
        .is_some_and(|rows| rows.contains(&gone))
}

#[tokio::test]
async fn a_booking_is_held_confirmed_claimed_and_done_over_sockets() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let cleaner = company.hire(&db.url, &server, "Anna Schmidt").await;
    let (customer, property) = company.customer(&server, "Clara").await;
    let (slots, board) = (company.slots(), format!("board:{ZONE}"));
    let (own, agenda) = (
        format!("customer:{}", customer.id),
        format!("agenda:{}", cleaner.id),
    );
    let control = company.control();

    let mut public = TestSocket::connect(&server, None).await;
    let mut clara = TestSocket::connect(&server, Some(&customer.token)).await;
    let mut anna = TestSocket::connect(&server, Some(&cleaner.token)).await;
    let mut desk = TestSocket::connect(&server, Some(&company.dispatcher.token)).await;
    let start = company.first_start();
    let free = public.subscribe(&slots).await;
    let starts = free["data"]["free"].as_array().expect("a list").clone();
    assert!(
        starts.contains(&json!({"service": SERVICE, "start": start, "by": 1})),
        "{start}: {free}"
    );
    clara.subscribe(&own).await;
    anna.subscribe(&board).await;
    anna.subscribe(&agenda).await;
    desk.subscribe(&control).await;

    // Clara holds the slot: it goes from under everybody's eyes.
    let hold = clara.accepted("hold.place", &Company::hold(start)).await["hold"].clone();
    let gone = public.publication(&slots, |_| true).await;
    let gone = gone["data"]["free"].as_array().expect("a list").clone();
    assert!(
        gone.contains(&json!({"service": SERVICE, "start": start, "by": -1})),
        "{gone:?}"
    );
    let held = clara
        .publication(&own, |body| set(body, "hold").is_some())
        .await;
    assert_eq!(set(&held["data"], "hold").expect("a hold")["id"], hold);

    // She books: the board and the control room see it.
    let order = json!({"hold": hold, "property": property});
    let booked = clara.accepted("booking.confirm", &order).await;
    let job = booked["job"].clone();
    let booking = format!("booking:{}", booked["booking"].as_str().expect("an id"));
    let open = anna
        .publication(&board, |body| set(body, "open_job").is_some())
        .await;
    assert_eq!(set(&open["data"], "open_job").expect("a job")["id"], job);
    assert!(
        !open.to_string().contains("Sample Street"),
        "no address on the board: {open}"
    );
    desk.publication(&control, |body| {
        set(body, "job").is_some_and(|row| row["id"] == job && row["status"] == "unassigned")
    })
    .await;
    let view = clara.subscribe(&booking).await;
    assert_eq!(
        set(&view["data"], "visit").expect("a visit")["status"],
        "unassigned"
    );

    // Anna claims it: gone from the board, on her agenda, seen by the others.
    anna.accepted("job.claim", &json!({"job": job})).await;
    anna.publication(&board, |body| unsets(body, "open_job", &job))
        .await;
    desk.publication(&control, |body| {
        set(body, "job").is_some_and(|row| row["status"] == "assigned")
    })
    .await;
    let visit = clara
        .publication(&booking, |body| set(body, "visit").is_some())
        .await;
    let visit = set(&visit["data"], "visit").expect("a visit");
    assert_eq!(visit["crew"][0]["first_name"], "Anna");
    assert!(
        !visit.to_string().contains("Schmidt"),
        "first names only: {visit}"
    );

    // She goes, arrives, works, completes; each step shows on the other two screens.
    for (command, status) in [
        ("job.depart", "en_route"),
        ("job.arrive", "arrived"),
        ("job.start", "in_progress"),
        ("job.complete", "completed"),
    ] {
        anna.accepted(command, &json!({"job": job})).await;
        let reached = |kind: &'static str| {
            move |body: &Value| set(body, kind).is_some_and(|row| row["status"] == status)
        };
        clara.publication(&booking, reached("visit")).await;
        desk.publication(&control, reached("job")).await;
    }
    let (_, fresh) = server
        .get(
            &format!("/api/v1/channels/{booking}"),
            Some(&customer.token),
        )
        .await;
    assert_eq!(
        set(&fresh["data"], "booking").expect("a booking")["status"],
        "completed"
    );
    for socket in [public, clara, anna, desk] {
        socket.close().await;
    }
    server.stop().await;
}
