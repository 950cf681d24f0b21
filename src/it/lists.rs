//! The lists that the administration looks through: page by page, filtered, and without what is not
//! for everybody who may read them. And what a sign-in page is told before anybody is signed in.

use dispatch_hub::domain::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    people,
    schemas::assert_is,
    server::{Api, TestServer},
};

async fn list(server: &Api, token: &str, kind: &str, fields: &str) -> Value {
    let path = format!("/api/v1/queries/{kind}?{fields}");
    let (status, body) = server.get(&path, Some(token)).await;
    assert_eq!(status, StatusCode::OK, "{path} {body}");
    assert_is(&format!("{kind}.answer"), &body);
    body
}

fn names(rows: &Value) -> Vec<&str> {
    let rows = rows.as_array().expect("a list").iter();
    rows.map(|row| row["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn people_are_listed_by_name_page_by_page_and_by_what_they_are() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    for name in ["boris", "Anna", "Carl"] {
        company.hire(&db.url, &server, name).await;
    }
    let token = &company.manager.token;
    let first = list(&server, token, "cleaners.list", "limit=2").await;
    assert_eq!(names(&first["cleaners"]), ["Anna", "boris"]);
    let after = first["next"].as_str().expect("another page");
    let rest = format!("limit=2&after={after}");
    let second = list(&server, token, "cleaners.list", &rest).await;
    assert_eq!(names(&second["cleaners"]), ["Carl"]);
    assert_eq!(second["next"], Value::Null);
    for (fields, found) in [
        ("text=ORI", vec!["boris"]),
        ("zone=center&skill=cleaning", vec!["Anna", "boris", "Carl"]),
        ("zone=elsewhere", vec![]),
        ("active=false", vec![]),
    ] {
        let body = list(&server, token, "cleaners.list", fields).await;
        assert_eq!(names(&body["cleaners"]), found, "{fields}");
    }
    let staff = list(&server, token, "users.list", "roles=admin,manager").await;
    let rows = staff["users"].as_array().expect("a list").iter();
    let emails: Vec<_> = rows.map(|user| &user["email"]).collect();
    assert_eq!(emails.len(), 2, "{staff}");
    assert!(emails.contains(&&json!("manager@example.org")));
    let found = list(&server, token, "users.list", "text=dispatcher@").await;
    assert_eq!(found["users"][0]["role"], "dispatcher", "{found}");
    let own = format!("account={}", company.manager.id);
    let alone = list(&server, token, "users.list", &own).await;
    assert_eq!(names(&alone["users"]).len(), 1, "{alone}");
    let disabled = list(&server, token, "users.list", "disabled=true").await;
    assert_eq!(disabled["users"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn shifts_templates_and_time_off_are_listed_with_their_cleaner() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let (token, start) = (&company.admin.token, company.opens_at);
    let (from, until) = (start, company.after_opening(600));
    let away = json!({"cleaner": anna.id, "start": company.after_opening(240),
        "end": company.after_opening(300), "reason": "dentist"});
    server.accepted(token, "time_off.add", &away).await;
    let mut week = vec![json!([]); 7];
    week[0] = json!([{"starts": 480, "ends": 960}]);
    let today = company.date_of(start);
    let template = json!({"cleaner": anna.id, "zone": ZONE, "week": week, "valid_from": today});
    let made = server.accepted(token, "template.save", &template).await;
    let except = json!({"template": made["template"], "date": today, "hours": []});
    server.accepted(token, "template.except", &except).await;

    let range = format!("zone={ZONE}&from={from}&until={until}");
    let shifts = list(&server, token, "shifts.list", &range).await;
    let first = &shifts["shifts"][0];
    assert_eq!(first["cleaner_name"], "Anna", "{shifts}");
    assert_eq!(first["starts_at"], json!(start), "{shifts}");
    let since = format!("since={today}");
    let templates = list(&server, token, "templates.list", &since).await;
    let shown = &templates["templates"][0];
    assert_eq!(shown["week"][0], week[0], "{templates}");
    assert_eq!(shown["exceptions"][&today]["kind"], "hours", "{templates}");
    let off = list(&server, token, "time_off.list", &range).await;
    assert_eq!(off["time_off"][0]["reason"], "dentist", "{off}");
    let told = list(&server, &company.dispatcher.token, "time_off.list", &range).await;
    assert_eq!(told["time_off"][0]["reason"], Value::Null, "{told}");
    assert_eq!(told["time_off"][0]["cleaner_name"], "Anna", "{told}");

    let endless = format!("/api/v1/queries/shifts.list?from={from}&until=2099-01-01T00:00:00Z");
    let (status, body) = server.get(&endless, Some(token)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(body["details"]["field"], "until", "{body}");
    server.stop().await;
}

#[tokio::test]
async fn the_catalogue_holds_what_is_not_on_sale_too() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let token = &company.admin.token;
    let catalogue = list(&server, token, "catalogue.read", "").await;
    assert_eq!(catalogue["skills"], json!(["cleaning"]));
    let mut service = catalogue["services"][0].clone();
    service["expected_version"] = service["version"].take();
    service.as_object_mut().expect("a row").remove("version");
    service["active"] = json!(false);
    server.accepted(token, "admin.service_save", &service).await;
    let (_, on_sale) = server.get("/api/v1/services", None).await;
    assert_eq!(on_sale, json!([]));
    let catalogue = list(&server, token, "catalogue.read", "").await;
    assert_eq!(catalogue["services"][0]["slug"], SERVICE);
    assert_eq!(catalogue["zones"][0]["slug"], ZONE);
    server.stop().await;
}

#[tokio::test]
async fn a_sign_in_page_hears_whether_there_is_an_admin_and_of_no_accounts_but_the_demos() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let (_, empty) = server.get("/api/v1/installation", None).await;
    assert_eq!(empty, json!({"has_admin": false, "demo": null}));
    people::staff(&db.url, Role::Admin, "admin@example.org").await;
    let (_, founded) = server.get("/api/v1/installation", None).await;
    assert_eq!(founded, json!({"has_admin": true, "demo": null}));
    server.stop().await;
}
