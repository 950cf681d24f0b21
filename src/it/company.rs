//! A small company to try commands on: one zone, some cleaners with shifts around one working day,
//! customers with a property each, and an executor with a recorder in the hub's place.

use std::sync::{Arc, Mutex};

use dispatch_hub::{
    audience::Channel,
    domain::{
        Actor, Command, Role,
        command::{BookingConfirm, HoldPlace, JobClaim},
        ids::{AccountId, CleanerId, CommandId, CustomerId, PropertyId},
    },
    execute::{Committed, Executor, Outcome, Request, Via},
    store::{self, PoolSizes, Pools},
};
use hub::ports::{Control, Publication};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::database::TestDb;

pub(crate) const ZONE: &str = "center";
pub(crate) const TIME_ZONE: &str = "Europe/Berlin";

/// What the live side was told, in order.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) publications: Mutex<Vec<Publication>>,
    pub(crate) controls: Mutex<Vec<Control>>,
}

impl Committed for Recorder {
    fn committed(&self, publications: Vec<Publication>) {
        let mut all = self.publications.lock().expect("nobody panics holding it");
        all.extend(publications);
    }

    fn control(&self, control: Control) {
        let mut all = self.controls.lock().expect("nobody panics holding it");
        all.push(control);
    }
}

pub(crate) struct Company {
    /// For the test's own SQL.
    pub(crate) pool: PgPool,
    /// Kept as long as it is used, where the tests' common cluster holds it.
    db: Option<TestDb>,
    pub(crate) pools: Pools,
    pub(crate) executor: Executor,
    pub(crate) live: Arc<Recorder>,
    pub(crate) cleaners: Vec<CleanerId>,
    pub(crate) customers: Vec<(CustomerId, PropertyId)>,
    pub(crate) dispatcher: Actor,
    /// The local date that the shifts are around.
    pub(crate) date: Date,
}

impl Company {
    /// Cleaners work 08:00–18:00 on five days around `date`, which is a few days ahead.
    pub(crate) async fn new(cleaners: usize, customers: usize) -> Self {
        let db = TestDb::new().await;
        let url = db.url.clone();
        Self::between(db, &url, cleaners, customers).await
    }

    /// The same in a migrated, empty database of another cluster.
    pub(crate) async fn on(url: &str, cleaners: usize, customers: usize) -> Self {
        let pool = PgPool::connect(url).await.expect("a pool");
        let mut company = Self::open(pool, url).await;
        company.seed(cleaners, customers).await;
        company
    }

    /// The same, with something between the executor and the tests' common cluster.
    pub(crate) async fn between(db: TestDb, url: &str, cleaners: usize, customers: usize) -> Self {
        let mut company = Self::open(db.pool.clone(), url).await;
        company.db = Some(db);
        company.seed(cleaners, customers).await;
        company
    }

    async fn open(pool: PgPool, url: &str) -> Self {
        let sizes = PoolSizes {
            commands: 12,
            reads: 6,
            health: 1,
        };
        let pools = Pools::open(url, sizes).expect("a URL");
        store::epoch::ensure(&pools).await.expect("an epoch");
        let live = Arc::new(Recorder::default());
        let executor = Executor::new(pools.clone(), live.clone());
        let zone = TimeZone::get(TIME_ZONE).expect("a zone");
        let today = Timestamp::now().to_zoned(zone).date();
        Self {
            pool,
            db: None,
            pools,
            executor,
            live,
            cleaners: Vec::new(),
            customers: Vec::new(),
            dispatcher: Actor {
                id: AccountId(Uuid::now_v7()),
                role: Role::Dispatcher,
            },
            date: today.checked_add(4.days()).expect("in range"),
        }
    }

    async fn seed(&mut self, cleaners: usize, customers: usize) {
        self.sql(
            r#"insert into zone (slug, name, polygon, time_zone, opening_hours) values
               ('center', 'Center', '[[13.0,52.0],[14.0,52.0],[14.0,53.0],[13.0,53.0],[13.0,52.0]]',
                'Europe/Berlin', jsonb_build_array(
                    '{"opens":480,"closes":1200}'::jsonb, '{"opens":480,"closes":1200}'::jsonb,
                    '{"opens":480,"closes":1200}'::jsonb, '{"opens":480,"closes":1200}'::jsonb,
                    '{"opens":480,"closes":1200}'::jsonb, '{"opens":480,"closes":1200}'::jsonb,
                    '{"opens":480,"closes":1200}'::jsonb))"#,
        )
        .await;
        self.sql("insert into skill (slug, name) values ('windows', 'Windows')")
            .await;
        self.sql(
            "insert into service (slug, name, duration_minutes, crew_size, travel_buffer_minutes,
                 lead_time_minutes, booking_window_days, slot_step_minutes, price_minor, currency)
             values ('home', 'Home', 120, 1, 30, 60, 30, 30, 8900, 'EUR'),
                 ('pair', 'Two together', 90, 2, 15, 60, 30, 30, 15900, 'EUR'),
                 ('glass', 'Windows', 60, 1, 15, 60, 30, 30, 5900, 'EUR')",
        )
        .await;
        self.sql("insert into service_skill values ('glass', 'windows')")
            .await;
        self.add_account(self.dispatcher.id, "dispatcher", "Dora")
            .await;
        for number in 0..cleaners {
            self.add_cleaner(&format!("Cleaner {number}")).await;
        }
        for number in 0..customers {
            self.add_customer(&format!("Customer {number}")).await;
        }
    }

    /// Runs SQL that a test wrote itself.
    pub(crate) async fn sql(&self, text: &'static str) {
        sqlx::raw_sql(text)
            .execute(&self.pool)
            .await
            .expect("the test's SQL is right");
    }

    /// One number out of SQL that a test wrote itself.
    pub(crate) async fn count(&self, text: &'static str) -> i64 {
        sqlx::query_scalar(text)
            .fetch_one(&self.pool)
            .await
            .expect("the test's SQL is right")
    }

    pub(crate) async fn add_account(&self, id: AccountId, role: &str, name: &str) {
        sqlx::query("insert into account (id, role, name) values ($1, $2, $3)")
            .bind(id.0)
            .bind(role)
            .bind(name)
            .execute(&self.pool)
            .await
            .expect("a new account");
    }

    pub(crate) async fn add_cleaner(&mut self, name: &str) -> CleanerId {
        let id = Uuid::now_v7();
        self.add_account(AccountId(id), "cleaner", name).await;
        sqlx::query(
            "with cleaner as (insert into cleaner (id, name, duty) values ($1, $2, 'on'))
             insert into cleaner_zone (cleaner_id, zone) values ($1, 'center')",
        )
        .bind(id)
        .bind(name)
        .execute(&self.pool)
        .await
        .expect("a new cleaner");
        for day in -2..=2 {
            let date = self.date.checked_add(day.days()).expect("in range");
            sqlx::query(
                "insert into shift (id, cleaner_id, zone, local_date, during)
                 values ($1, $2, 'center', $3::text::date, tstzrange(
                     $4::text::timestamptz, $5::text::timestamptz))",
            )
            .bind(Uuid::now_v7())
            .bind(id)
            .bind(date.to_string())
            .bind(local(date, 8, 0).to_string())
            .bind(local(date, 18, 0).to_string())
            .execute(&self.pool)
            .await
            .expect("a new shift");
        }
        self.cleaners.push(CleanerId(id));
        CleanerId(id)
    }

    pub(crate) async fn add_customer(&mut self, name: &str) -> CustomerId {
        let (id, property) = (Uuid::now_v7(), Uuid::now_v7());
        self.add_account(AccountId(id), "customer", name).await;
        sqlx::query(
            "with customer as (insert into customer (id, name, phone) values ($1, $3, '+49 30 1'))
             insert into property (id, customer_id, zone, address, district, lon, lat)
             values ($2, $1, 'center', 'Lindenweg 1', 'Mitte', 13.4, 52.5)",
        )
        .bind(id)
        .bind(property)
        .bind(name)
        .execute(&self.pool)
        .await
        .expect("a new customer");
        self.customers.push((CustomerId(id), PropertyId(property)));
        CustomerId(id)
    }

    /// A start on the company's date.
    pub(crate) fn at(&self, hour: i8, minute: i8) -> Timestamp {
        local(self.date, hour, minute)
    }

    pub(crate) fn channel(&self, family: &str) -> Channel {
        format!("{family}:{ZONE}:{}", self.date)
            .parse()
            .expect("a channel")
    }

    pub(crate) fn place(service: &str, start: Timestamp) -> Command {
        Command::PlaceHold(HoldPlace {
            customer: None,
            zone: ZONE.parse().expect("a slug"),
            service: service.parse().expect("a slug"),
            start,
        })
    }

    /// Runs a command once under a new id.
    pub(crate) async fn run(&self, actor: Actor, command: Command) -> Outcome {
        self.executor.execute(request(actor, command)).await
    }

    /// Runs a command that must be accepted, and gives its result. What is refused is tried again
    /// under the same id.
    pub(crate) async fn accept(&self, actor: Actor, command: Command) -> Value {
        let outcome = insist(&self.executor, request(actor, command.clone())).await;
        match outcome {
            Outcome::Accepted { result, .. } => result,
            other @ (Outcome::Rejected { .. } | Outcome::Refused { .. }) => {
                panic!("{command:?} was not accepted: {other:?}")
            }
        }
    }

    /// Holds and books a visit; gives the job's id.
    pub(crate) async fn book(&self, customer: usize, service: &str, start: Timestamp) -> Value {
        let (id, property) = self.customers[customer];
        let held = self
            .accept(customer_actor(id), Self::place(service, start))
            .await;
        let confirm = Command::ConfirmBooking(BookingConfirm {
            hold: id_in(&held, "hold"),
            property,
        });
        self.accept(customer_actor(id), confirm).await
    }

    pub(crate) fn claim(job: &Value) -> Command {
        Command::ClaimJob(JobClaim {
            job: id_in(job, "job"),
        })
    }
}

/// An id out of a command's result: either the id itself or the row with it.
pub(crate) fn id_in<T: std::str::FromStr>(result: &Value, field: &str) -> T {
    let value = &result[field];
    let text = value.as_str().or_else(|| value["id"].as_str());
    text.and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{field} is no id in {result}"))
}

pub(crate) fn local(date: Date, hour: i8, minute: i8) -> Timestamp {
    let zone = TimeZone::get(TIME_ZONE).expect("a zone");
    date.at(hour, minute, 0, 0)
        .to_zoned(zone)
        .expect("in range")
        .timestamp()
}

pub(crate) fn customer_actor(id: CustomerId) -> Actor {
    Actor {
        id: AccountId(id.0),
        role: Role::Customer,
    }
}

pub(crate) fn cleaner_actor(id: CleanerId) -> Actor {
    Actor {
        id: AccountId(id.0),
        role: Role::Cleaner,
    }
}

pub(crate) fn request(actor: Actor, command: Command) -> Request {
    Request {
        actor,
        via: Via::Socket,
        command_id: CommandId(Uuid::now_v7()),
        command,
        trace_id: String::from("test"),
    }
}

/// Tries again under the same id, as clients do, as long as the answer is to try again.
pub(crate) async fn insist(executor: &Executor, request: Request) -> Outcome {
    loop {
        let outcome = executor.execute(request.clone()).await;
        let Outcome::Refused { details, .. } = &outcome else {
            return outcome;
        };
        let Some(pause) = details["retry_after_ms"].as_u64() else {
            return outcome;
        };
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
    }
}
