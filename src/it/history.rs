//! A job's history as dispatchers read it: every deed once, the newest first, with whoever did it and in
//! whose place; for staff only.

use reqwest::StatusCode;
use serde_json::{Value, json};

use dispatch_hub::domain::ids::AccountId;

use crate::support::{
    company::Company,
    database::TestDb,
    people::TestPerson,
    schemas::assert_is,
    server::{Api, TestServer},
};

async fn history(server: &Api, token: &str, job: &Value) -> (StatusCode, Value) {
    let job = job.as_str().expect("an id");
    let path = format!("/api/v1/queries/job.history?job={job}");
    server.get(&path, Some(token)).await
}

/// What was done and by whom, in whose place, as far as it is somebody's deed.
fn deeds(history: &Value) -> Vec<(&str, &Value, &Value)> {
    let entries = history["entries"].as_array().expect("entries").iter();
    let told = entries.map(|entry| {
        let deed = entry["what"]["kind"].as_str().expect("a deed");
        (deed, &entry["by"], &entry["on_behalf_of"])
    });
    told.filter(|(deed, _, _)| !deed.starts_with("alert"))
        .collect()
}

fn assert_named(told: &Value, expected: [(AccountId, &str); 3]) {
    let people = told["people"].as_array().expect("people").iter();
    let names: Vec<_> = people
        .map(|person| (&person["id"], &person["name"]))
        .collect();
    for (id, name) in expected {
        assert!(names.contains(&(&json!(id), &json!(name))), "{names:?}");
    }
}

/// Clara books; the dispatcher gives the job to Anna, then to Olga, who confirms it and falls ill.
async fn changing_hands(
    server: &Api,
    company: &Company,
    [anna, olga, clara]: [&TestPerson; 3],
    home: &Value,
) -> Value {
    let hold = Company::hold(company.first_start());
    let hold = server.accepted(&clara.token, "hold.place", &hold).await["hold"].clone();
    let order = json!({"hold": hold, "property": home});
    let booked = server
        .accepted(&clara.token, "booking.confirm", &order)
        .await;
    let job = &booked["job"];
    let dispatcher = &company.dispatcher;
    for cleaner in [&anna.id, &olga.id] {
        let wish = json!({"job": job, "cleaner": cleaner, "seat": 0});
        server
            .accepted(&dispatcher.token, "job.assign", &wish)
            .await;
    }
    let step = json!({"job": job});
    server.accepted(&olga.token, "job.acknowledge", &step).await;
    let withdrawn = json!({"job": job, "cleaner": olga.id, "reason": "ill"});
    server
        .accepted(&dispatcher.token, "job.withdraw", &withdrawn)
        .await;
    job.clone()
}

#[tokio::test]
async fn a_jobs_history_tells_who_did_what_and_in_whose_place() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let olga = company.hire(&db.url, &server, "Olga").await;
    let (clara, home) = company.customer(&server, "Clara").await;
    let dispatcher = &company.dispatcher;
    let job = &changing_hands(&server, &company, [&anna, &olga, &clara], &home).await;

    let (status, told) = history(&server, &dispatcher.token, job).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_is("job.history.answer", &told);
    assert_eq!(told["job"], *job);
    assert_eq!(told["complete"], true);
    let (me, none) = (json!(dispatcher.id), Value::Null);
    let (clara_id, olga_id) = (json!(clara.id), json!(olga.id));
    assert_eq!(
        deeds(&told),
        [
            ("withdrawn", &me, &olga_id),
            ("acknowledged", &olga_id, &none),
            ("assigned", &me, &none),
            ("assigned", &me, &none),
            ("booked", &clara_id, &none),
        ],
        "{told}"
    );
    let entries = told["entries"].as_array().expect("entries");
    let of = |deed: &str| entries.iter().find(|entry| entry["what"]["kind"] == deed);
    let withdrawn = of("withdrawn").expect("an entry");
    assert_eq!(withdrawn["what"]["reason"], "ill");
    let assigned = of("assigned").expect("the second");
    assert_eq!(assigned["what"]["instead_of"], json!(anna.id));
    assert_named(
        &told,
        [(anna.id, "Anna"), (olga.id, "Olga"), (clara.id, "Clara")],
    );

    for person in [&company.manager, &company.admin] {
        assert_eq!(history(&server, &person.token, job).await.1, told);
    }
    for person in [&clara.token, &anna.token] {
        let (status, _) = history(&server, person, job).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let (status, _) = history(&server, &dispatcher.token, &json!(clara.id)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.stop().await;
}
