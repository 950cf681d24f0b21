//! Every family of channels × own, another's, over, never there × role, over the socket and over
//! HTTP, held against a table written by hand.

use std::collections::BTreeSet;

use dispatch_hub::contracts::families::FAMILIES;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    commands::unlimited,
    table,
    town::{ELSEWHERE, Five, Town, Visit, never},
};
use crate::support::{
    company::ZONE,
    database::TestDb,
    server::{Api, TestServer},
    socket::TestSocket,
};

const TABLE: &str = include_str!("channels.txt");

/// The columns of the table.
const PEOPLE: [&str; 6] = [
    "nobody",
    "customer",
    "cleaner",
    "dispatcher",
    "manager",
    "admin",
];

/// The protocol's "permission denied".
const DENIED: u64 = 103;

/// A zone that was Anna's.
const FORMER: &str = "former";

/// Time passes: Clara's and Dora's crews are on the way, and those of two more have arrived; Anna
/// worked in another zone once.
async fn the_day_goes_on(db: &TestDb, town: &Town, server: &Api) {
    for (visits, status) in [
        (&town.visits.taken, "en_route"),
        (&town.visits.open, "arrived"),
    ] {
        for visit in visits {
            sqlx::query("update job set status = $1 where id = $2::text::uuid")
                .bind(status)
                .bind(visit.job.as_str().expect("an id"))
                .execute(&db.pool)
                .await
                .expect("a status");
        }
    }
    let hours = json!({"opens": 0, "closes": 1440});
    let zone = json!({
        "slug": FORMER, "name": "Former", "time_zone": town.company.time_zone,
        "polygon": [[15.0, 52.0], [16.0, 52.0], [16.0, 53.0], [15.0, 53.0], [15.0, 52.0]],
        "opening_hours": vec![hours; 7],
    });
    let manager = &town.company.manager.token;
    server.accepted(manager, "admin.zone_save", &zone).await;
    for (version, zones) in [(1, json!([ZONE, FORMER])), (2, json!([ZONE]))] {
        let anna = json!({"cleaner": town.cast.anna.id, "name": "Anna", "zones": zones,
            "skills": ["cleaning"], "active": true, "expected_version": version});
        server.accepted(manager, "admin.cleaner_save", &anna).await;
    }
}

/// Names of channels of one family.
fn channels(town: &Town, family: &str) -> Five {
    let date = town.company.date_of(town.company.first_start());
    let named = |rest: &str| Some(json!(format!("{family}:{rest}")));
    let of = |id: &Value| named(id.as_str().expect("an id"));
    let nothing = || of(&never());
    let person = |person: &crate::support::people::TestPerson| of(&json!(person.id));
    let bookings = |two: &[Visit; 2]| [of(&two[0].booking), of(&two[1].booking)];
    match family {
        "slots" | "control" => {
            let day = |zone: &str| named(&format!("{zone}:{date}"));
            [day(ZONE), day(ELSEWHERE), None, None, day("nowhere")]
        }
        "board" => [
            named(ZONE),
            named(ELSEWHERE),
            named(FORMER),
            None,
            named("nowhere"),
        ],
        "positions" | "presence" => [named(ZONE), named(ELSEWHERE), None, None, named("nowhere")],
        "booking" => {
            let ([own, other], [over, other_over]) = (
                bookings(&town.visits.taken),
                bookings(&town.visits.cancelled),
            );
            [own, other, over, other_over, nothing()]
        }
        "track" => {
            let ([own, other], [over, other_over]) =
                (bookings(&town.visits.taken), bookings(&town.visits.open));
            [own, other, over, other_over, nothing()]
        }
        "customer" => {
            let [own, other] = [
                person(&town.cast.clara.person),
                person(&town.cast.dora.person),
            ];
            [own, other, None, person(&town.cast.emil), nothing()]
        }
        "agenda" => [
            person(&town.cast.anna),
            person(&town.cast.boris),
            None,
            person(&town.cast.zoe),
            nothing(),
        ],
        "ops" => [Some(json!("ops")), None, None, None, None],
        "nonsense" => [None, None, None, None, nothing()],
        other => panic!("what is a channel of {other}?"),
    }
}

/// What somebody who asks for a channel is told each way.
#[derive(Debug, PartialEq)]
struct Told {
    given: bool,
    words: [Value; 3],
}

struct Reader {
    token: Option<String>,
    socket: TestSocket,
}

impl Reader {
    /// Over the socket as a subscription, as its history without one, and over HTTP.
    async fn asks(&mut self, server: &Api, channel: &str) -> Told {
        let subscribed = self
            .socket
            .ask("subscribe", json!({"channel": channel}))
            .await;
        let given = subscribed.get("error").is_none();
        if given {
            self.socket
                .ask("unsubscribe", json!({"channel": channel}))
                .await;
        }
        let history = self
            .socket
            .ask("history", json!({"channel": channel}))
            .await;
        let path = format!("/api/v1/channels/{channel}");
        let (status, body) = server.get(&path, self.token.as_deref()).await;
        if given {
            assert_eq!(status, StatusCode::OK, "{channel}: {body}");
        } else {
            assert_eq!(
                subscribed["error"]["code"], DENIED,
                "{channel}: {subscribed}"
            );
            assert_eq!(status, StatusCode::NOT_FOUND, "{channel}: {body}");
            assert!(history.get("error").is_some(), "{channel}: {history}");
        }
        let words = [subscribed["error"].clone(), history["error"].clone(), body];
        Told { given, words }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_channel_is_given_to_its_audience_and_to_nobody_else() {
    let db = TestDb::new().await;
    let server = unlimited(&db).await;
    let town = Town::found(&db, &server).await;
    the_day_goes_on(&db, &town, &server).await;
    let people = [
        None,
        Some(&town.cast.clara.person),
        Some(&town.cast.anna),
        Some(&town.company.dispatcher),
        Some(&town.company.manager),
        Some(&town.company.admin),
    ];
    let (mut faults, mut tried) = (Vec::new(), BTreeSet::new());
    for (number, person) in people.into_iter().enumerate() {
        let token = person.map(|person| person.token.clone());
        let socket = TestSocket::connect(&server, token.as_deref()).await;
        let mut reader = Reader { token, socket };
        for line in table::lines(TABLE, 1) {
            let family = line.words[0];
            tried.insert(family);
            assert_eq!(line.cells.len(), PEOPLE.len(), "{family}");
            let fault = check(&town, &server, &mut reader, family, line.cells[number]).await;
            faults.extend(
                fault
                    .into_iter()
                    .map(|fault| format!("{}: {fault}", PEOPLE[number])),
            );
        }
        reader.socket.close().await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let all = FAMILIES.iter().map(|family| family.name);
    assert_eq!(tried, all.chain(["nonsense"]).collect());
    server.stop().await;
}

async fn check(
    town: &Town,
    server: &TestServer,
    reader: &mut Reader,
    family: &str,
    expected: [char; 5],
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut absent: Option<Told> = None;
    let channels = channels(town, family);
    for relation in [4, 0, 1, 2, 3] {
        let Some(channel) = &channels[relation] else {
            assert_eq!(expected[relation], '.', "{family}");
            continue;
        };
        let channel = channel.as_str().expect("a name");
        let told = reader.asks(server, channel).await;
        let mark = if told.given { '+' } else { '0' };
        if mark != expected[relation] {
            faults.push(format!("{channel}, {relation}: {expected:?}, {told:?}"));
        }
        if !told.given {
            match &absent {
                Some(absent) if *absent != told => {
                    faults.push(format!("{channel}: {told:?} is told apart from {absent:?}"));
                }
                Some(_) => {}
                None => absent = Some(told),
            }
        }
    }
    faults
}
