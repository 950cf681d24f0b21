//! What is written down of people: nothing. Canaries run through every command, every query and every
//! way of signing in, at the most talkative level; then the log and the metrics are searched for them.

use std::{fs::File, process::Stdio};

use dispatch_hub::{
    contracts::Contracts,
    domain::{Command, Query, Role, contract::location::LOCATION_REPORT},
};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    binary::{ServerProcess, dispatch_hub},
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    people::{self, TestPerson},
    server::{Api, answer, bearing},
    socket::TestSocket,
};

/// In every text: names, addresses, notes, reasons, passwords, what is searched for.
const TEXT: &str = "Kanarienvogel";
const PHONE: &str = "+49 30 99887766";
const MAIL: &str = "kanarienvogel@example.org";
const PASSWORD: &str = "Kanarienvogel im Kohlebergwerk";
const LON: f64 = 13.487_654_321;

/// What must be nowhere, in lower case: the above, what the test's company is made of, and every
/// token's secret part besides.
const CANARIES: [&str; 6] = [
    "kanarienvogel",
    "99887766",
    "487654",
    "sample street",
    "30 7654321",
    "30 1234567",
];

struct Watched {
    api: Api,
    company: Company,
    process: ServerProcess,
    /// Tokens that were in use.
    secrets: Vec<String>,
}

impl Watched {
    async fn start(db: &TestDb, log: File) -> Self {
        let mut command = dispatch_hub();
        command
            .env("DISPATCH_HUB_LOG__FORMAT", "json")
            .env(
                "DISPATCH_HUB_LOG__FILTER",
                "debug,dispatch_hub=trace,hub=trace",
            )
            .env("DISPATCH_HUB_LIMITS__COMMANDS_BURST", "100000")
            .env("DISPATCH_HUB_LIMITS__ADMINISTRATION_BURST", "100000")
            .env("DISPATCH_HUB_LIMITS__QUERIES_BURST", "100000")
            .args(["serve", "--database-url", &db.url])
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .stderr(Stdio::from(log));
        let process = ServerProcess::spawn(command);
        let api = Api::at(&process.url);
        let company = Company::found(&db.url, &api).await;
        Self {
            api,
            company,
            process,
            secrets: Vec::new(),
        }
    }

    fn keeps(&mut self, token: &str) {
        // The signature: header and claims are no secret without it.
        let secret = token.rsplit('.').next().expect("a part").to_lowercase();
        self.secrets.push(secret);
    }
}

/// Right, wrong, renewed, and every way in that takes a token.
async fn signing_in(watched: &mut Watched) {
    let account = json!({"role": "manager", "name": TEXT, "email": MAIL, "password": PASSWORD});
    let admin = watched.company.admin.token.clone();
    watched
        .api
        .accepted(&admin, "admin.user_save", &account)
        .await;
    let session = watched.api.sign_in(MAIL, PASSWORD).await;
    for wrong in [
        json!({"email": MAIL, "password": format!("{PASSWORD}!")}),
        json!({"email": PASSWORD, "password": MAIL}),
    ] {
        watched.api.post("/api/v1/sessions", None, &wrong).await;
    }
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let (_, renewed) = watched
        .api
        .post("/api/v1/sessions/refresh", None, &refresh)
        .await;
    for session in [&session, &renewed] {
        for token in ["access_token", "refresh_token"] {
            watched.keeps(session[token].as_str().expect("a token"));
        }
    }
    let token = renewed["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    for bad in [format!("{token}x"), format!("{PASSWORD}.b.c")] {
        watched.api.get("/api/v1/audit", Some(&bad)).await;
        let mut socket = TestSocket::open(&watched.api.url("/connection/websocket")).await;
        socket.send("connect", json!({"token": bad})).await;
        socket.closed().await;
    }
    let connect =
        json!({"id": 1, "connect": {"token": token, "name": "a\nb\u{1b}[31m", "version": TEXT}});
    let events = watched.api.request(Method::GET, "/connection/sse");
    let events = events.query(&[("cf_connect", connect.to_string())]);
    let lines = watched.api.request(Method::POST, "/connection/http_stream");
    for request in [events, lines.body(connect.to_string())] {
        let mut response = request.send().await.expect("an answer");
        assert!(response.status().is_success(), "{}", response.status());
        let first = response.chunk().await;
        assert!(
            String::from_utf8_lossy(&first.expect("bytes").expect("a reply")).contains("client")
        );
    }
    // Nobody should; some will.
    let path = format!("/connection/websocket?token={token}");
    watched.api.get(&path, None).await;
    watched
        .api
        .get(&format!("/api/v1/audit?token={token}"), None)
        .await;
    let basic = watched.api.request(Method::GET, "/api/v1/audit");
    answer(basic.basic_auth(MAIL, Some(PASSWORD))).await;
}

/// A day on which everybody has something to say.
async fn a_day(watched: &Watched, db: &TestDb) -> TestPerson {
    let (api, company) = (&watched.api, &watched.company);
    let anna = company.hire(&db.url, api, TEXT).await;
    let (clara, _) = company.customer(api, TEXT).await;
    let desk = &company.dispatcher.token;
    let (mine, theirs) = (&clara.token, &anna.token);
    let details = json!({"name": TEXT, "phone": PHONE, "email": MAIL});
    api.accepted(mine, "customer.update", &details).await;
    let home =
        json!({"address": TEXT, "district": TEXT, "access_notes": TEXT, "lon": LON, "lat": 52.5});
    let property = api.accepted(mine, "property.add", &home).await["property"].clone();
    let mut jobs = Vec::new();
    for minutes in [15, 120] {
        let order = json!({"customer": clara.id, "property": property, "service": SERVICE,
            "start": company.after_opening(minutes)});
        let booked = api.accepted(desk, "booking.create", &order).await;
        api.accepted(theirs, "job.claim", &json!({"job": booked["job"]}))
            .await;
        jobs.push(booked);
    }
    let left = json!({"job": jobs[1]["job"], "reason": TEXT});
    api.accepted(theirs, "job.withdraw", &left).await;
    let cancelled = json!({"booking": jobs[1]["booking"], "reason": TEXT});
    api.accepted(desk, "booking.cancel", &cancelled).await;
    let job = json!({"job": jobs[0]["job"]});
    api.accepted(theirs, "job.depart", &job).await;
    let fixes =
        json!({"fixes": [{"at": Timestamp::now(), "lon": LON, "lat": 52.5, "accuracy_m": 5.0}]});
    let path = format!("/api/v1/commands/{LOCATION_REPORT}");
    let (status, _) = api.post(&path, Some(theirs), &fixes).await;
    assert!(status.is_success());
    api.accepted(theirs, "job.arrive", &job).await;
    let nobody = json!({"job": jobs[0]["job"], "note": TEXT});
    api.accepted(theirs, "job.no_access", &nobody).await;
    let away = json!({"cleaner": anna.id, "start": company.after_opening(300),
        "end": company.after_opening(315), "reason": TEXT});
    api.accepted(desk, "time_off.add", &away).await;
    let file = format!("email,name,zones,skills\n{MAIL},{TEXT},{ZONE},\n{TEXT},{TEXT},{TEXT},\n");
    let import = json!({"cleaners": file, "zones": TEXT, "shifts": PASSWORD});
    api.command(&company.admin.token, "admin.import", &import)
        .await;
    clara
}

/// A person's words wherever there is a text: the ids, names and instants with it, or the rest alone.
fn filled(example: &Value, everywhere: bool) -> Value {
    match example {
        Value::String(text) => {
            let form = text.parse::<Uuid>().is_ok()
                || text.parse::<Timestamp>().is_ok()
                || text
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '-');
            if form && !everywhere {
                example.clone()
            } else {
                json!(TEXT)
            }
        }
        Value::Array(items) => items.iter().map(|item| filled(item, everywhere)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| (key.clone(), filled(field, everywhere)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => example.clone(),
    }
}

/// Every command and every query, by everybody, with words where they belong and where they do not.
async fn everything(watched: &Watched, clara: &TestPerson) {
    let contracts = Contracts::collect();
    let company = &watched.company;
    let mut tried = 0;
    for person in [clara, &company.dispatcher, &company.manager, &company.admin] {
        let mut socket = TestSocket::connect(&watched.api, Some(&person.token)).await;
        for rpc in &contracts.rpcs {
            for everywhere in [true, false] {
                let mut given = filled(&rpc.example, everywhere);
                watched.api.command(&person.token, rpc.name, &given).await;
                given["command_id"] = json!(Uuid::now_v7());
                socket
                    .try_command(rpc.name, &given)
                    .await
                    .expect("an outcome");
                given[TEXT] = json!(PASSWORD);
                socket
                    .try_command(rpc.name, &given)
                    .await
                    .expect("an outcome");
                tried += 1;
            }
        }
        for name in Query::KINDS {
            let given = json!({"text": PHONE, "zone": TEXT, "service": TEXT, "job": TEXT});
            socket.try_command(name, &given).await.expect("an answer");
            let request = watched
                .api
                .request(Method::GET, &format!("/api/v1/queries/{name}"));
            let request: RequestBuilder = bearing(request.query(&given), Some(&person.token));
            answer(request).await;
        }
        let sought = json!({"text": format!("{TEXT}\u{0}")});
        socket
            .try_command("search", &sought)
            .await
            .expect("an answer");
        for channel in ["x\ny\u{1b}[2J", TEXT, &format!("customer:{PHONE}")] {
            socket.ask("subscribe", json!({"channel": channel})).await;
        }
        socket.close().await;
    }
    assert!(tried >= 4 * 2 * Command::KINDS.len(), "{tried}");
}

fn assert_silent(what: &str, text: &str, secrets: &[String]) {
    for line in text.lines() {
        let lower = line.to_lowercase();
        let secrets = secrets.iter().map(String::as_str);
        if let Some(canary) = CANARIES
            .into_iter()
            .chain(secrets)
            .find(|one| lower.contains(one))
        {
            panic!("{canary} is in the {what}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_log_nor_metrics_hold_a_word_of_anybodys() {
    let db = TestDb::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let mut watched = Watched::start(&db, File::create(&path).expect("a file")).await;
    for role in [Role::Dispatcher, Role::Manager] {
        let person = people::staff(&db.url, role, &format!("{}@example.net", role.as_str())).await;
        watched.keeps(&person.token);
    }
    for token in [
        &watched.company.admin,
        &watched.company.manager,
        &watched.company.dispatcher,
    ]
    .map(|person| person.token.clone())
    {
        watched.keeps(&token);
    }
    signing_in(&mut watched).await;
    let clara = a_day(&watched, &db).await;
    watched.keeps(&clara.token);
    everything(&watched, &clara).await;
    let metrics = reqwest::get(format!("{}/metrics", watched.process.ops_url)).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    assert!(metrics.contains("commands_total"), "{metrics}");
    let Watched {
        process, secrets, ..
    } = watched;
    process.stop();
    let log = std::fs::read_to_string(&path).expect("a log");
    assert_silent("log", &log, &secrets);
    assert_silent("metrics", &metrics, &secrets);
    let mut told = 0;
    // What the command line tells people comes before and after; the log itself is JSON, a line each.
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let entry: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            entry["timestamp"].is_string() && entry["level"].is_string(),
            "{line}"
        );
        assert!(
            !line.contains(|letter: char| letter.is_control()),
            "{line:?}"
        );
        told += usize::from(entry["fields"]["message"] == "command answered");
    }
    let words = log.lines().filter(|line| !line.starts_with('{')).count();
    assert!(words < 10, "{words} lines are no JSON");
    assert!(
        told > 4 * Command::KINDS.len(),
        "{told} commands are in the log"
    );
}
