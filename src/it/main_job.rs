//! The main job, end to end, from one socket to another: a customer holds a slot and books, a
//! cleaner claims the job and does it, and everybody sees each step without asking. On one
//! instance, on two with Redis between them, and on two whose Redis has died.

use serde_json::{Value, json};

use crate::support::{
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    people::TestPerson,
    redis::TestRedis,
    server::{Api, TestServer},
    socket::TestSocket,
};

/// The row of this kind that a body sets.
fn row<'a>(body: &'a Value, kind: &str) -> Option<&'a Value> {
    let rows = body["set"].as_array()?;
    rows.iter().find(|row| row["kind"] == kind)
}

fn has_status(kind: &'static str, status: &'static str) -> impl Fn(&Value) -> bool {
    move |body| row(body, kind).is_some_and(|row| row["status"] == status)
}

fn unsets(body: &Value, kind: &str, id: &Value) -> bool {
    let gone = json!({"kind": kind, "id": id});
    body["unset"]
        .as_array()
        .is_some_and(|rows| rows.contains(&gone))
}

/// Four people at their screens.
struct Scene {
    company: Company,
    property: Value,
    /// Anybody, looking at what is free.
    public: TestSocket,
    clara: TestSocket,
    anna: TestSocket,
    desk: TestSocket,
    own: String,
    board: String,
}

impl Scene {
    /// The customer and the cleaner are on the one, the public and the dispatcher on the other.
    async fn set(url: &str, one: &Api, other: &Api) -> Self {
        let company = Company::found(url, one).await;
        let cleaner = company.hire(url, one, "Anna Schmidt").await;
        let (customer, property) = company.customer(one, "Clara").await;
        let on = async |api: &Api, person: &TestPerson| {
            TestSocket::connect(api, Some(&person.token)).await
        };
        let mut scene = Self {
            property,
            public: TestSocket::connect(other, None).await,
            clara: on(one, &customer).await,
            anna: on(one, &cleaner).await,
            desk: on(other, &company.dispatcher).await,
            own: format!("customer:{}", customer.id),
            board: format!("board:{ZONE}"),
            company,
        };
        scene.clara.subscribe(&scene.own).await;
        scene.anna.subscribe(&scene.board).await;
        scene
            .anna
            .subscribe(&format!("agenda:{}", cleaner.id))
            .await;
        scene.desk.subscribe(&scene.company.control()).await;
        scene
    }

    /// Clara holds the first slot: it goes from under everybody's eyes.
    async fn hold(&mut self) -> Value {
        let (slots, start) = (self.company.slots(), self.company.first_start());
        let change = |by: i32| json!({"service": SERVICE, "start": start, "by": by});
        let snapshot = self.public.subscribe(&slots).await;
        let free = snapshot["data"]["free"].as_array().expect("a list");
        assert!(free.contains(&change(1)), "{start}: {snapshot}");
        let place = Company::hold(start);
        let hold = self.clara.accepted("hold.place", &place).await["hold"].clone();
        self.public
            .publication(&slots, |body| {
                body["free"]
                    .as_array()
                    .is_some_and(|free| free.contains(&change(-1)))
            })
            .await;
        let seen = self
            .clara
            .publication(&self.own, |body| row(body, "hold").is_some())
            .await;
        assert_eq!(row(&seen["data"], "hold").expect("a hold")["id"], hold);
        hold
    }

    /// She books: the board and the control room see it. Returns job and booking channel.
    async fn book(&mut self, hold: &Value) -> (Value, String) {
        let order = json!({"hold": hold, "property": self.property});
        let booked = self.clara.accepted("booking.confirm", &order).await;
        let job = booked["job"].clone();
        let booking = format!("booking:{}", booked["booking"].as_str().expect("an id"));
        let open = self
            .anna
            .publication(&self.board, |body| row(body, "open_job").is_some())
            .await;
        assert_eq!(row(&open["data"], "open_job").expect("a job")["id"], job);
        assert!(
            !open.to_string().contains("Sample Street"),
            "no address on the board: {open}"
        );
        let control = self.company.control();
        self.desk
            .publication(&control, has_status("job", "unassigned"))
            .await;
        let view = self.clara.subscribe(&booking).await;
        assert!(has_status("visit", "unassigned")(&view["data"]), "{view}");
        (job, booking)
    }

    /// Anna claims it: gone from the board, and seen by the others.
    async fn claim(&mut self, job: &Value, booking: &str) {
        self.anna.accepted("job.claim", &json!({"job": job})).await;
        self.anna
            .publication(&self.board, |body| unsets(body, "open_job", job))
            .await;
        let control = self.company.control();
        self.desk
            .publication(&control, has_status("job", "assigned"))
            .await;
        let visit = self
            .clara
            .publication(booking, has_status("visit", "assigned"))
            .await;
        let visit = row(&visit["data"], "visit").expect("a visit");
        assert_eq!(visit["crew"][0]["first_name"], "Anna");
        assert!(
            !visit.to_string().contains("Schmidt"),
            "first names only: {visit}"
        );
    }

    /// She goes, arrives, works, completes; each step shows on the other two screens.
    async fn work(&mut self, job: &Value, booking: &str) {
        let control = self.company.control();
        for (command, status) in [
            ("job.depart", "en_route"),
            ("job.arrive", "arrived"),
            ("job.start", "in_progress"),
            ("job.complete", "completed"),
        ] {
            self.anna.accepted(command, &json!({"job": job})).await;
            self.clara
                .publication(booking, has_status("visit", status))
                .await;
            self.desk
                .publication(&control, has_status("job", status))
                .await;
        }
    }

    async fn play(mut self) {
        let hold = self.hold().await;
        let (job, booking) = self.book(&hold).await;
        self.claim(&job, &booking).await;
        self.work(&job, &booking).await;
        for socket in [self.public, self.clara, self.anna, self.desk] {
            socket.close().await;
        }
    }
}

#[tokio::test]
async fn a_booking_is_held_confirmed_claimed_and_done_over_sockets() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    Scene::set(&db.url, &server, &server).await.play().await;
    server.stop().await;
}

#[tokio::test]
async fn the_main_job_goes_across_two_instances_with_redis_between_them() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let one = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let other = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    Scene::set(&db.url, &one, &other).await.play().await;
    tokio::join!(one.stop(), other.stop());
}

/// P1: Redis is a wire. What it does not carry is found in the log.
#[tokio::test]
async fn the_main_job_goes_across_two_instances_whose_redis_has_died() {
    let (db, mut redis) = (TestDb::new().await, TestRedis::start().await);
    let one = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let other = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let scene = Scene::set(&db.url, &one, &other).await;
    redis.kill();
    scene.play().await;
    tokio::join!(one.stop(), other.stop());
}

#[tokio::test]
async fn signing_out_on_one_instance_ends_sockets_on_the_other() {
    let (db, redis) = (TestDb::new().await, TestRedis::start().await);
    let one = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let other = TestServer::with(&db, &[("redis_url", &redis.url)]).await;
    let session = one.guest().await;
    let token = session["access_token"].as_str().expect("a token");
    let mut socket = TestSocket::connect(&other, Some(token)).await;
    let end = one
        .request(reqwest::Method::DELETE, "/api/v1/sessions")
        .bearer_auth(token);
    assert!(end.send().await.expect("an answer").status().is_success());
    assert_eq!(socket.closed().await, Some(3503));
    tokio::join!(one.stop(), other.stop());
}
