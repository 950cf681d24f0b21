//! Everybody comes back within a second: the database is asked little, whatever their number is, no
//! password is hashed, and nobody misses anything.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{
    binary::{ServerProcess, dispatch_hub},
    company::Company,
    database::TestDb,
    relay::Relay,
    server::Api,
    socket::TestSocket,
};

const PEOPLE: u32 = 50;
const SOCKETS_EACH: u32 = 20;
/// A fifth of what is asked: each socket comes by a sign-in and has two channels with two questions
/// each. How few they are follows from how fast the machine is.
const STATEMENTS: u64 = 1_000;
const FROM_LOG: &str = "hub_recoveries_total{source=\"log\"}";
const PATIENCE: Duration = Duration::from_secs(30);

struct Client {
    token: String,
    channels: [String; 2],
    positions: Vec<(u64, Value)>,
    socket: Option<TestSocket>,
}

fn position(result: &Value) -> (u64, Value) {
    (
        result["offset"].as_u64().unwrap_or(0),
        result["epoch"].clone(),
    )
}

impl Client {
    async fn arrive(mut self, api: Arc<Api>) -> Self {
        let mut socket = TestSocket::connect(&api, Some(&self.token)).await;
        for channel in &self.channels {
            self.positions
                .push(position(&socket.subscribe(channel).await));
        }
        self.socket = Some(socket);
        self
    }

    /// As the SDKs do: again after a while, where it is said that it can be tried again.
    async fn come_back(mut self, api: Arc<Api>) -> (Self, u32) {
        let begun = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(begun.elapsed() < PATIENCE, "not back after {tries} tries");
            if let Some(socket) = self.recover(&api).await {
                self.socket = Some(socket);
                return (self, tries);
            }
            sleep(Duration::from_millis(rand::random_range(200..600))).await;
        }
    }

    async fn recover(&mut self, api: &Api) -> Option<TestSocket> {
        let mut socket = TestSocket::try_connect(api, &self.token).await?;
        for (channel, (offset, epoch)) in self.channels.iter().zip(&self.positions) {
            let request = json!({
                "channel": channel, "recover": true, "offset": offset, "epoch": epoch,
            });
            let reply = socket.try_ask("subscribe", request).await?;
            if reply["error"]["temporary"] == true {
                return None;
            }
            let result = &reply["subscribe"];
            assert_eq!(result["recovered"], true, "{channel}: {reply}");
            let missed = result["publications"].as_array().map_or(0, Vec::len);
            assert!(missed > 0, "{channel}: {reply}");
        }
        Some(socket)
    }
}

fn server(relay: &Relay) -> ServerProcess {
    let mut command = dispatch_hub();
    command.args(["serve", "--database-url", &relay.url]);
    command.args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
    for (name, value) in [
        ("LIMITS__HANDSHAKES_PER_MINUTE", "1000000"),
        ("LIMITS__SIGN_INS_PER_MINUTE", "1000000"),
        ("LIMITS__REQUESTS_PER_MINUTE", "1000000"),
        // Whoever needed a password hashed would be turned away.
        ("SIGN_IN__HASHING", "1"),
        ("SIGN_IN__HASHING_QUEUE", "1"),
    ] {
        command.env(format!("DISPATCH_HUB_{name}"), value);
    }
    ServerProcess::spawn(command)
}

async fn measure(server: &ServerProcess, name: &str) -> f64 {
    let answer = reqwest::get(format!("{}/metrics", server.ops_url)).await;
    let text = answer.expect("an answer").text().await.expect("text");
    let values = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.split(' ').next_back());
    values
        .map(|value| value.parse::<f64>().expect("a number"))
        .sum()
}

/// All at once; how long until the server has noticed.
async fn drop_all(clients: &mut [Client], server: &ServerProcess) -> Duration {
    for client in clients {
        client.socket = None;
    }
    let dropped = Instant::now();
    while measure(server, "hub_connections ").await > 0.0 {
        assert!(dropped.elapsed() < PATIENCE, "connections stay");
        sleep(Duration::from_millis(50)).await;
    }
    dropped.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sockets_come_back_at_once_and_ask_the_database_little() {
    let db = TestDb::new().await;
    let relay = Relay::start(&db);
    let server = server(&relay);
    let api = Arc::new(Api::at(&server.url));
    let company = Company::found(&db.url, &api).await;
    company.hire(&db.url, &api, "Anna").await;
    let mut people = Vec::new();
    let mut clients = Vec::new();
    for number in 0..PEOPLE {
        let (person, _) = company.customer(&api, &format!("Customer {number}")).await;
        let arriving = (0..SOCKETS_EACH).map(|_| {
            let client = Client {
                token: person.token.clone(),
                channels: [format!("customer:{}", person.id), company.slots()],
                positions: Vec::new(),
                socket: None,
            };
            client.arrive(Arc::clone(&api))
        });
        clients.extend(join_all(arriving).await);
        people.push(person);
    }
    let gone = drop_all(&mut clients, &server).await;
    for (number, person) in people.iter().enumerate() {
        let named = json!({"name": format!("Somebody {number}"), "phone": "+49 30 1234567"});
        api.accepted(&person.token, "customer.update", &named).await;
    }
    let hold = Company::hold(company.first_start());
    api.accepted(&people[0].token, "hold.place", &hold).await;

    let before = (relay.statements(), measure(&server, FROM_LOG).await);
    let begun = Instant::now();
    let coming = clients
        .into_iter()
        .map(|client| tokio::spawn(client.come_back(Arc::clone(&api))));
    let back: Vec<_> = join_all(coming).await;
    let back = back.into_iter().map(|one| one.expect("nobody panics"));
    let (_back, tries): (Vec<_>, Vec<_>) = back.unzip();
    let (taken, tries) = (begun.elapsed(), tries.iter().sum::<u32>());
    let asked = relay.statements() - before.0;
    let log = measure(&server, FROM_LOG).await - before.1;
    println!("gone in {gone:?}, back in {taken:?}: {tries} tries, {asked} statements, {log} reads");
    assert!(asked <= STATEMENTS, "{asked} statements");
    // One per channel at most: the others find it in memory.
    assert!(
        log <= f64::from(PEOPLE + 1),
        "{log} recoveries from the log"
    );
    let sockets = PEOPLE * SOCKETS_EACH;
    assert!(
        tries <= sockets + sockets / 10,
        "turned away: {tries} tries"
    );
    server.stop();
}
