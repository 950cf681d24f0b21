//! A commit whose answer is lost on the way: a proxy between us and Postgres swallows it, or the
//! commit itself. The receipt tells which, and the client gets one outcome for one effect (P5).

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use dispatch_hub::{
    domain::{Actor, Command, Role, ids::CommandId},
    execute::{Outcome, Request},
};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};
use uuid::Uuid;

use crate::{
    company::{Company, customer_actor, insist, request},
    support::database::TestDb,
};

/// What the proxy does, once, with the message that appends and commits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Passes it on and cuts the connection instead of passing on the answer.
    SwallowAnswer,
    /// Cuts the connection instead of passing it on.
    SwallowCommit,
    /// Passes it on, and from then on nothing at all until it is healed.
    GoAway,
}

struct Proxy {
    armed: Arc<AtomicBool>,
    away: Arc<AtomicBool>,
    folder: tempfile::TempDir,
}

impl Proxy {
    fn start(server: PathBuf, fault: Fault) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let armed = Arc::new(AtomicBool::new(false));
        let away = Arc::new(AtomicBool::new(false));
        let wire = Wire {
            fault,
            armed: armed.clone(),
            away: away.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = UnixStream::connect(&server).await.expect("the server");
                tokio::spawn(relay(client, upstream, wire.clone()));
            }
        });
        Self {
            armed,
            away,
            folder,
        }
    }

    fn url(&self, database: &str, user: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres:///{database}?host={folder}&user={user}")
    }
}

#[derive(Clone)]
struct Wire {
    fault: Fault,
    armed: Arc<AtomicBool>,
    away: Arc<AtomicBool>,
}

async fn relay(client: UnixStream, server: UnixStream, wire: Wire) {
    let Wire { fault, armed, away } = wire;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        tokio::io::copy(&mut from_server, &mut to_client).await.ok();
        from_server
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        let message = &buffer[..read];
        if away.load(Ordering::SeqCst) {
            return;
        }
        let commits = message.windows(6).any(|word| word == b"commit");
        if commits && armed.swap(false, Ordering::SeqCst) {
            answers.abort();
            away.store(fault == Fault::GoAway, Ordering::SeqCst);
            if fault != Fault::SwallowCommit {
                to_server.write_all(message).await.ok();
                // The server's side stays open until it has answered to nobody.
                let _ = from_client.read(&mut buffer).await;
            }
            return;
        }
        if to_server.write_all(message).await.is_err() {
            return;
        }
    }
}

async fn company(fault: Fault) -> (Company, Proxy) {
    let db = TestDb::new().await;
    let options: PgConnectOptions = db.url.parse().expect("a URL");
    let socket = options.get_socket().expect("a unix socket").clone();
    let proxy = Proxy::start(socket_file(&socket, options.get_port()), fault);
    let database = options.get_database().expect("a database").to_owned();
    let url = proxy.url(&database, options.get_username());
    (Company::between(db, &url, 2, 1).await, proxy)
}

fn socket_file(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

async fn place_once_with(fault: Fault) {
    let (company, proxy) = company(fault).await;
    let customer = customer_actor(company.customers[0].0);
    let request = request(customer, Company::place("home", company.at(10, 0)));
    proxy.armed.store(true, Ordering::SeqCst);
    let outcome = company.executor.execute(request.clone()).await;
    assert!(!proxy.armed.load(Ordering::SeqCst), "the fault was met");
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(company.executor.execute(request).await, outcome);
    assert_eq!(company.count("select count(*) from hold").await, 1);
    let published = "select count(*) from publication where channel like 'slots:%'";
    assert_eq!(company.count(published).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_found_by_its_receipt() {
    place_once_with(Fault::SwallowAnswer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_such_a_commit_took_ends_all_the_same() {
    let (company, proxy) = company(Fault::SwallowAnswer).await;
    let promoted = "update account set role = 'manager' where id = $1";
    sqlx::query(promoted)
        .bind(company.dispatcher.id.0)
        .execute(&company.pool)
        .await
        .expect("promoted");
    let manager = Actor {
        role: Role::Manager,
        ..company.dispatcher
    };
    let disabled = serde_json::json!({"account": company.customers[0].0, "role": "customer",
        "name": "Emil", "disabled": true, "expected_version": 1});
    let command = Command::parse("admin.user_save", disabled);
    let command = command.expect("a command").expect("its parameters");
    proxy.armed.store(true, Ordering::SeqCst);
    let outcome = company.executor.execute(request(manager, command)).await;
    assert!(!proxy.armed.load(Ordering::SeqCst), "the fault was met");
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(company.live.controls.lock().expect("whole").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_made_by_the_next_attempt() {
    place_once_with(Fault::SwallowCommit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_unknown_fate_is_not_said_to_be_undecided() {
    let (company, proxy) = company(Fault::GoAway).await;
    let customer = customer_actor(company.customers[0].0);
    let request = request(customer, Company::place("home", company.at(10, 0)));
    proxy.armed.store(true, Ordering::SeqCst);
    let outcome = company.executor.execute(request.clone()).await;
    let Outcome::Refused { code, details, .. } = outcome else {
        panic!("nobody could know that it was {outcome:?}");
    };
    assert_eq!(code.as_str(), "unavailable");
    assert_eq!(details["in_doubt"], true, "{details}");
    let undecided = company.executor.execute(fresh(&request)).await;
    let Outcome::Refused { details, .. } = undecided else {
        panic!("the database is away");
    };
    assert_eq!(details.get("in_doubt"), None, "nothing was committed");
    proxy.away.store(false, Ordering::SeqCst);
    let outcome = insist(&company.executor, request).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(company.count("select count(*) from hold").await, 1);
}

/// The same under another id.
fn fresh(request: &Request) -> Request {
    Request {
        command_id: CommandId(Uuid::now_v7()),
        ..request.clone()
    }
}
