//! Every command × own, another's, over, never there × role, over HTTP and over the socket, held
//! against a table written by hand.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_hub::{
    audience::presence::{PRESENCE_FOCUS, PRESENCE_LOCK, PRESENCE_UNLOCK},
    domain::{Command, Query, contract::location::LOCATION_REPORT},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    parameters::{STALE, usual},
    table,
    town::{ELSEWHERE, Five, RETIRED, Town, Visit, never},
};
use crate::support::{
    company::{SERVICE, ZONE},
    database::TestDb,
    server::{Api, TestServer, answer, bearing},
    socket::TestSocket,
};

const TABLE: &str = include_str!("commands.txt");

/// Told by a connection of itself: over HTTP there is none.
const PRESENCE: [&str; 3] = [PRESENCE_FOCUS, PRESENCE_LOCK, PRESENCE_UNLOCK];

/// The columns of the table.
const ROLES: [&str; 5] = ["customer", "cleaner", "dispatcher", "manager", "admin"];

/// Called like commands, and without an id.
const WITHOUT_ID: [&str; 4] = [
    LOCATION_REPORT,
    PRESENCE_FOCUS,
    PRESENCE_LOCK,
    PRESENCE_UNLOCK,
];

/// Nobody stops the test for being quick.
const UNLIMITED: [(&str, &str); 17] = [
    ("limits.commands_per_minute", "1000000"),
    ("limits.commands_burst", "100000"),
    ("limits.orders_per_minute", "1000000"),
    ("limits.orders_burst", "100000"),
    ("limits.administration_per_minute", "1000000"),
    ("limits.administration_burst", "100000"),
    ("limits.queries_per_minute", "1000000"),
    ("limits.queries_burst", "100000"),
    ("limits.reports_per_minute", "1000000"),
    ("limits.reports_burst", "100000"),
    ("limits.presence_per_minute", "1000000"),
    ("limits.presence_burst", "100000"),
    ("limits.requests_per_minute", "1000000"),
    ("limits.handshakes_per_minute", "1000000"),
    ("hub.frames_per_second", "100000"),
    ("hub.frame_burst", "100000"),
    ("hub.refused_requests_per_minute", "100000"),
];

pub(super) async fn unlimited(db: &TestDb) -> TestServer {
    TestServer::with(db, &UNLIMITED).await
}

impl Town {
    /// What a line of the table speaks of: a customer's own are Clara's, a cleaner's Anna's, and staff
    /// have none.
    fn things(&self, about: (&str, &str)) -> Five {
        let never = Some(never());
        let [own, other, over, other_over] = self
            .of_customers(about.1)
            .or_else(|| self.of_cleaners(about))
            .unwrap_or_else(|| self.of_the_company(about.1));
        match about.1 {
            "nothing" => [own, None, None, None, None],
            "watched" => [
                own,
                Some(json!(ELSEWHERE)),
                None,
                None,
                Some(json!("nowhere")),
            ],
            "zone" | "service" => [own, None, over, None, Some(json!("nowhere"))],
            _ => [own, other, over, other_over, never],
        }
    }

    fn of_customers(&self, kind: &str) -> Option<[Option<Value>; 4]> {
        let (clara, dora) = (&self.cast.clara, &self.cast.dora);
        Some(match kind {
            "customer" => {
                let [own, other] = [&clara.person, &dora.person].map(|one| Some(json!(one.id)));
                [own, other, None, Some(json!(self.cast.emil.id))]
            }
            "property" => {
                let [own, other] = [clara, dora].map(|home| Some(home.property.clone()));
                [own, other, None, None]
            }
            "hold" => self.holds.clone().map(Some),
            "booking" => four(&self.visits.taken, &self.visits.cancelled, |visit| {
                &visit.booking
            }),
            _ => return None,
        })
    }

    fn of_cleaners(&self, (command, kind): (&str, &str)) -> Option<[Option<Value>; 4]> {
        let cast = &self.cast;
        let gone = Some(json!(cast.zoe.id));
        Some(match (command, kind) {
            (_, "job") => four(&self.visits.taken, &self.visits.cancelled, |visit| {
                &visit.job
            }),
            (_, "board") => four(&self.visits.open, &self.visits.withdrawn, |visit| {
                &visit.job
            }),
            ("duty.set" | "job.withdraw" | "job.assign" | "job.move", "cleaner") => [
                Some(json!(cast.anna.id)),
                Some(json!(cast.boris.id)),
                None,
                gone,
            ],
            // Carl has nothing to lose by it.
            (_, "cleaner") => [
                Some(json!(cast.carl.id)),
                Some(json!(cast.boris.id)),
                None,
                gone,
            ],
            _ => return None,
        })
    }

    fn of_the_company(&self, kind: &str) -> [Option<Value>; 4] {
        let one = |own: Value, over: Option<Value>| [Some(own), None, over, None];
        match kind {
            "nothing" => one(Value::Null, None),
            "zone" | "watched" => one(json!(ZONE), None),
            "service" => one(json!(SERVICE), Some(json!(RETIRED))),
            "shift" => one(self.shift.clone(), Some(self.cancelled_shift.clone())),
            "template" => one(self.template.clone(), Some(self.ended_template.clone())),
            "alert" => one(json!(self.alerts[0]), Some(json!(self.alerts[1]))),
            "account" => {
                let people = [&self.company.dispatcher, &self.cast.another_admin];
                let [own, other] = people.map(|person| Some(json!(person.id)));
                [own, other, Some(json!(self.cast.gone_dispatcher.id)), None]
            }
            kind => panic!("what is a {kind}?"),
        }
    }

    /// Parameters under which the command is fine for whom the thing is.
    fn parameters(&self, (command, kind): (&str, &str), role: &str, thing: &Value) -> Value {
        let mut given = usual(self, command, role);
        let key = match (command, kind) {
            (_, "nothing") => return given,
            (_, "board") => "job",
            (_, "watched") => "zone",
            ("admin.zone_save" | "admin.service_save", _) => "slug",
            (_, kind) => kind,
        };
        given[key] = thing.clone();
        if (command, kind) == ("booking.confirm", "hold") && role != "customer" {
            let of_dora = self.holds[1] == *thing || self.holds[3] == *thing;
            let home = if of_dora {
                &self.cast.dora
            } else {
                &self.cast.clara
            };
            given["property"] = home.property.clone();
        }
        if matches!((command, kind), ("job.move" | "job.assign", "cleaner")) {
            // The version would be looked at first. Anna comes already, Boris is busy then.
            given = json!({"job": self.visits.taken[0].job, "cleaner": thing});
        }
        if kind == "template" && command == "template.save" {
            given["expected_version"] = json!(STALE);
        }
        given
    }
}

/// Two visits, and two that are over.
fn four(now: &[Visit; 2], over: &[Visit; 2], id: impl Fn(&Visit) -> &Value) -> [Option<Value>; 4] {
    [&now[0], &now[1], &over[0], &over[1]].map(|visit| Some(id(visit).clone()))
}

/// What somebody was told, and the mark that it stands for.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    mark: char,
    words: Value,
}

fn mark_of(code: Option<&str>) -> char {
    match code {
        None => '+',
        Some("not_found") => '0',
        Some("forbidden") => 'x',
        Some("unauthenticated") => '?',
        Some("invalid_argument") => 'i',
        Some(other) => panic!("{other} is nothing about a right"),
    }
}

async fn over_http(server: &Api, token: Option<&str>, name: &str, id: Uuid, given: &Value) -> Told {
    let request = if Query::KINDS.contains(&name) {
        let request = server.request(Method::GET, &format!("/api/v1/queries/{name}"));
        request.query(given)
    } else {
        let path = format!("/api/v1/commands/{name}");
        let request = server.request(Method::POST, &path).json(given);
        if WITHOUT_ID.contains(&name) {
            request
        } else {
            request.header("idempotency-key", id.to_string())
        }
    };
    let (status, words) = answer(bearing(request, token)).await;
    let mark = match status {
        // By the rules.
        StatusCode::OK | StatusCode::CONFLICT => '+',
        _ => mark_of(words["code"].as_str()),
    };
    Told { mark, words }
}

async fn over_socket(socket: &mut TestSocket, name: &str, id: Uuid, given: &Value) -> Told {
    let mut data = given.clone();
    if Command::KINDS.contains(&name) {
        data["command_id"] = json!(id);
    }
    let reply = socket
        .ask("rpc", json!({"method": name, "data": data}))
        .await;
    let words = reply["rpc"]["data"].clone();
    assert!(words.is_object(), "{name}: {reply}");
    let refused = words["outcome"] == "refused";
    let mark = mark_of(words["code"].as_str().filter(|_| refused));
    Told { mark, words }
}

/// A person with both ways in.
struct Client {
    token: Option<String>,
    socket: TestSocket,
}

impl Client {
    async fn of(server: &Api, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            socket: TestSocket::connect(server, token).await,
        }
    }

    /// Tries it both ways under one id, so that the second is a repetition: both are told the same.
    async fn tries(&mut self, server: &Api, name: &str, given: &Value) -> [Told; 2] {
        let id = Uuid::now_v7();
        if PRESENCE.contains(&name) {
            let socket = over_socket(&mut self.socket, name, id, given).await;
            return [socket.clone(), socket];
        }
        let http = over_http(server, self.token.as_deref(), name, id, given).await;
        let socket = over_socket(&mut self.socket, name, id, given).await;
        assert_eq!(
            http.mark, socket.mark,
            "{name} {given}: {http:?} {socket:?}"
        );
        [http, socket]
    }
}

/// Faults of one line for one role.
async fn check(
    town: &Town,
    server: &Api,
    client: &mut Client,
    (name, kind): (&str, &str),
    (role, expected): (&str, [char; 5]),
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut absent: BTreeMap<char, [Told; 2]> = BTreeMap::new();
    let things = town.things((name, kind));
    // What never was comes first: it says how absence is told. One's own comes last: it may change.
    for relation in [4, 1, 3, 2, 0] {
        let Some(thing) = &things[relation] else {
            if expected[relation] != '.' {
                faults.push(format!(
                    "{name} of {kind} for {role}: there is no {relation}"
                ));
            }
            continue;
        };
        let given = town.parameters((name, kind), role, thing);
        let told = client.tries(server, name, &given).await;
        let over = relation == 2 || relation == 3;
        // Of what is over a rule may say so as a fault of the argument.
        let mark = if over && told[0].mark == 'i' {
            '+'
        } else {
            told[0].mark
        };
        if mark != expected[relation] {
            let fault = format!("{name} of {kind} for {role}, {relation}: {expected:?}, {told:?}");
            faults.push(fault);
        }
        if matches!(mark, '0' | 'x') {
            let first = absent.entry(mark).or_insert_with(|| told.clone());
            if *first != told {
                faults.push(format!(
                    "{name} of {kind} for {role}: {told:?} is told apart from {first:?}"
                ));
            }
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_for_its_roles_and_about_what_is_theirs() {
    let db = TestDb::new().await;
    let server = unlimited(&db).await;
    let town = Town::found(&db, &server).await;
    let people = [
        &town.cast.clara.person,
        &town.cast.anna,
        &town.company.dispatcher,
        &town.company.manager,
        &town.company.admin,
    ];
    let mut clients = Vec::new();
    for person in people {
        clients.push(Client::of(&server, Some(&person.token)).await);
    }
    for client in &mut clients[2..] {
        client.socket.subscribe(&town.company.control()).await;
    }
    let mut faults = Vec::new();
    let mut tried = BTreeSet::new();
    for line in table::lines(TABLE, 2) {
        let about = (line.words[0], line.words[1]);
        assert_eq!(line.cells.len(), ROLES.len(), "{about:?}");
        tried.insert(about.0);
        for (number, cell) in line.cells.iter().enumerate() {
            let role = (ROLES[number], *cell);
            faults.extend(check(&town, &server, &mut clients[number], about, role).await);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let all = Command::KINDS.iter().chain(Query::KINDS).copied();
    assert_eq!(tried, all.chain(WITHOUT_ID).collect());
    for client in clients {
        client.socket.close().await;
    }
    server.stop().await;
}

/// Asked by anybody, signed in or not.
const FOR_ANYBODY: [&str; 2] = ["clock.now", "slots.nearest"];

#[tokio::test]
async fn who_is_not_signed_in_commands_nothing() {
    let db = TestDb::new().await;
    let server = unlimited(&db).await;
    let town = Town::found(&db, &server).await;
    let mut nobody = Client::of(&server, None).await;
    for line in table::lines(TABLE, 2) {
        let (name, kind) = (line.words[0], line.words[1]);
        let expected = if FOR_ANYBODY.contains(&name) {
            '+'
        } else {
            '?'
        };
        let things = town.things((name, kind));
        let own = things[0].clone().expect("there is one's own of everything");
        let given = town.parameters((name, kind), "customer", &own);
        let told = nobody.tries(&server, name, &given).await;
        assert_eq!(told[0].mark, expected, "{name}: {told:?}");
    }
    nobody.socket.close().await;
    server.stop().await;
}
