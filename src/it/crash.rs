//! A server that is killed in a stream of commands: what it acknowledged is there, once, and
//! clients go on where they were (P5, P8).

use std::{net::TcpListener, sync::Arc};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::{
    binary::ServerProcess, company::Company, database::TestDb, people::TestPerson, server::Api,
    socket::TestSocket,
};

const CLIENTS: usize = 4;
/// Commands acknowledged before the kill, over all clients.
const ACKNOWLEDGED: u32 = 60;

/// A customer who keeps adding properties.
struct Client {
    person: TestPerson,
    channel: String,
    epoch: Value,
    offset: u64,
    /// By command id: the property that was acknowledged.
    acknowledged: Vec<(Uuid, Value)>,
    /// Sent, and never answered.
    unanswered: Uuid,
}

fn property(command_id: Uuid) -> Value {
    json!({
        "command_id": command_id, "address": format!("House {command_id}"),
        "lon": 13.4, "lat": 52.5,
    })
}

/// Sends commands one after the other until the connection ends.
async fn stream_until_cut(api: &Api, person: TestPerson, done: Arc<Semaphore>) -> Client {
    let mut socket = TestSocket::connect(api, Some(&person.token)).await;
    let channel = format!("customer:{}", person.id);
    let subscribed = socket.subscribe(&channel).await;
    let mut client = Client {
        person,
        channel,
        epoch: subscribed["epoch"].clone(),
        offset: subscribed["offset"].as_u64().unwrap_or(0),
        acknowledged: Vec::new(),
        unanswered: Uuid::nil(),
    };
    loop {
        let id = Uuid::now_v7();
        let outcome = socket.try_command("property.add", &property(id)).await;
        for push in socket.waiting_pushes() {
            client.saw(&push["pub"]);
        }
        let Some(outcome) = outcome else {
            client.unanswered = id;
            return client;
        };
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        client
            .acknowledged
            .push((id, outcome["result"]["property"].clone()));
        done.add_permits(1);
    }
}

impl Client {
    fn saw(&mut self, publication: &Value) {
        let offset = publication["offset"].as_u64().expect("an offset");
        assert_eq!(offset, self.offset + 1, "no gap, no repetition");
        self.offset = offset;
    }

    /// Comes back where it was, and sends again what was not answered.
    async fn come_back(&mut self, api: &Api) {
        let mut socket = TestSocket::connect(api, Some(&self.person.token)).await;
        let position = json!({
            "channel": self.channel, "recover": true, "offset": self.offset, "epoch": self.epoch,
        });
        let reply = socket.ask("subscribe", position).await;
        let subscribed = &reply["subscribe"];
        assert_eq!(subscribed["recovered"], true, "{reply}");
        assert_eq!(subscribed["epoch"], self.epoch, "{reply}");
        for publication in subscribed["publications"].as_array().into_iter().flatten() {
            self.saw(publication);
        }
        let again = property(self.unanswered);
        let outcome = socket.try_command("property.add", &again).await;
        let outcome = outcome.expect("the connection is open");
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        let added = outcome["result"]["property"].clone();
        self.acknowledged.push((self.unanswered, added));
        let reached = outcome["positions"][&self.channel]["offset"].as_u64();
        while self.offset < reached.expect("its own channel has moved") {
            let push = socket.push().await;
            self.saw(&push["pub"]);
        }
        socket.close().await;
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_kill_is_there_once_and_clients_recover() {
    let db = TestDb::new().await;
    let address = free_address();
    let mut server = ServerProcess::start(&db, &["--listen", &address]);
    let api = Arc::new(Api::at(&server.url));
    let company = Company::found(&db.url, &api).await;
    let done = Arc::new(Semaphore::new(0));
    let mut streams = Vec::new();
    for number in 0..CLIENTS {
        let (person, _) = company.customer(&api, &format!("Customer {number}")).await;
        let (api, done) = (Arc::clone(&api), Arc::clone(&done));
        streams.push(tokio::spawn(async move {
            stream_until_cut(&api, person, done).await
        }));
    }
    let enough = done
        .acquire_many(ACKNOWLEDGED)
        .await
        .expect("it is not closed");
    server.kill();
    drop(enough);
    let mut clients = Vec::new();
    for stream in streams {
        clients.push(stream.await.expect("no client panics"));
    }

    let server = ServerProcess::start(&db, &["--listen", &address]);
    for client in &mut clients {
        client.come_back(&api).await;
        let expected: Vec<Value> = client
            .acknowledged
            .iter()
            .map(|(_, id)| id.clone())
            .collect();
        let added: Vec<Uuid> = sqlx::query_scalar(
            "select id from property where customer_id = $1 and address like 'House %' order by id",
        )
        .bind(client.person.id.0)
        .fetch_all(&db.pool)
        .await
        .expect("rows");
        let mut found: Vec<Value> = added.into_iter().map(|id| json!(id)).collect();
        let mut sorted = expected.clone();
        sorted.sort_by_key(Value::to_string);
        found.sort_by_key(Value::to_string);
        assert_eq!(
            found, sorted,
            "each acknowledged property once, and no other"
        );
    }
    server.stop();
}
