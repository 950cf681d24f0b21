//! How the town comes to be: through the public commands, but for what only time brings.

use dispatch_hub::domain::Role;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::town::{Cast, ELSEWHERE, Home, RETIRED, Visit, Visits};
use crate::support::{
    company::{Company, SERVICE, ZONE},
    database::TestDb,
    people::{self, TestPerson},
    server::Api,
};

/// Makes things through the public interface.
pub(super) struct Maker<'a> {
    pub(super) db: &'a TestDb,
    pub(super) server: &'a Api,
    pub(super) company: &'a Company,
}

impl Maker<'_> {
    async fn home(&self, name: &str) -> Home {
        let (person, property) = self.company.customer(self.server, name).await;
        Home { person, property }
    }

    async fn book(&self, who: &Home, property: &Value, minutes: i64) -> Visit {
        let order = json!({
            "customer": who.person.id, "property": property, "service": SERVICE,
            "start": self.company.after_opening(minutes),
        });
        let desk = &self.company.dispatcher.token;
        let booked = self.server.accepted(desk, "booking.create", &order).await;
        Visit {
            booking: booked["booking"].clone(),
            job: booked["job"].clone(),
        }
    }

    async fn assign(&self, visit: &Visit, cleaner: &TestPerson) {
        let order = json!({"job": visit.job, "cleaner": cleaner.id});
        let desk = &self.company.dispatcher.token;
        self.server.accepted(desk, "job.assign", &order).await;
    }

    async fn cancel(&self, visit: &Visit) {
        let order = json!({"booking": visit.booking, "reason": "rain"});
        let desk = &self.company.dispatcher.token;
        self.server.accepted(desk, "booking.cancel", &order).await;
    }

    /// Two holds of a customer: one live, one released.
    pub(super) async fn holds(&self, who: &Home) -> [Value; 2] {
        let wanted = Company::hold(self.company.after_opening(330));
        let token = &who.person.token;
        let mut holds = Vec::new();
        for _ in 0..2 {
            let placed = self.server.accepted(token, "hold.place", &wanted).await;
            holds.push(placed["hold"].clone());
        }
        let over = json!({"hold": holds[1]});
        self.server.accepted(token, "hold.release", &over).await;
        [holds[0].clone(), holds[1].clone()]
    }

    /// Another zone, with somebody who works there.
    async fn elsewhere(&self) {
        let (admin, manager) = (&self.company.admin.token, &self.company.manager.token);
        let hours = json!({"opens": 0, "closes": 1440});
        let zone = json!({
            "slug": ELSEWHERE, "name": "Elsewhere", "time_zone": self.company.time_zone,
            "polygon": [[14.0, 52.0], [15.0, 52.0], [15.0, 53.0], [14.0, 53.0], [14.0, 52.0]],
            "opening_hours": vec![hours; 7],
        });
        self.server.accepted(admin, "admin.zone_save", &zone).await;
        let cleaner =
            json!({"name": "Nora", "zones": [ELSEWHERE], "skills": ["cleaning"], "active": true});
        let made = self
            .server
            .accepted(manager, "admin.cleaner_save", &cleaner)
            .await;
        let shift = json!({"cleaner": made["cleaner"], "zone": ELSEWHERE,
            "start": self.company.opens_at, "end": self.company.after_opening(8 * 60)});
        self.server.accepted(manager, "shift.publish", &shift).await;
    }

    async fn retired_service(&self) {
        let service = json!({
            "slug": RETIRED, "name": "Sold no longer", "duration_minutes": 60, "crew_size": 1,
            "skills": ["cleaning"], "travel_buffer_minutes": 15, "lead_time_minutes": 0,
            "booking_window_days": 14, "slot_step_minutes": 15, "price_minor": 4900,
            "currency": "EUR", "active": false,
        });
        let admin = &self.company.admin.token;
        self.server
            .accepted(admin, "admin.service_save", &service)
            .await;
    }

    async fn disable(&self, person: &TestPerson, role: &str, version: i64) {
        let account = json!({"account": person.id, "role": role, "name": "Gone", "disabled": true, "expected_version": version});
        let admin = &self.company.admin.token;
        self.server
            .accepted(admin, "admin.user_save", &account)
            .await;
    }

    async fn leaves(&self, cleaner: &TestPerson) {
        let order = json!({"cleaner": cleaner.id, "name": "Zoe", "zones": [ZONE],
            "skills": ["cleaning"], "active": false, "expected_version": 1});
        let manager = &self.company.manager.token;
        self.server
            .accepted(manager, "admin.cleaner_save", &order)
            .await;
    }

    /// Two evenings of a cleaner's; the second is taken back.
    pub(super) async fn shifts(&self, cleaner: &TestPerson) -> [Value; 2] {
        let manager = &self.company.manager.token;
        let mut shifts = Vec::new();
        for day in [7, 8] {
            let start = self.company.after_opening(day * 24 * 60);
            let end = self.company.after_opening(day * 24 * 60 + 120);
            let shift = json!({"cleaner": cleaner.id, "zone": ZONE, "start": start, "end": end});
            let made = self.server.accepted(manager, "shift.publish", &shift).await;
            shifts.push(made["shift"].clone());
        }
        let back = json!({"shift": shifts[1]});
        self.server.accepted(manager, "shift.cancel", &back).await;
        [shifts[0].clone(), shifts[1].clone()]
    }

    pub(super) async fn templates(&self, cleaner: &TestPerson) -> [Value; 2] {
        let manager = &self.company.manager.token;
        let mut templates = Vec::new();
        for _ in 0..2 {
            let template = template_of(self.company, cleaner);
            let made = self
                .server
                .accepted(manager, "template.save", &template)
                .await;
            templates.push(made["template"].clone());
        }
        let end = json!({"template": templates[1], "last_date": "2020-01-01"});
        self.server.accepted(manager, "template.end", &end).await;
        [templates[0].clone(), templates[1].clone()]
    }

    /// Alerts come with time; these are here at once.
    pub(super) async fn alerts(&self, jobs: &[Visit; 2]) -> [Uuid; 2] {
        let ids = [Uuid::now_v7(), Uuid::now_v7()];
        for ((id, visit), status) in ids.iter().zip(jobs).zip(["open", "resolved"]) {
            sqlx::query(
                "insert into alert (id, job_id, about, level, status, raised_at)
                 values ($1, $2::text::uuid, 'late', 'warning', $3, now())",
            )
            .bind(id)
            .bind(visit.job.as_str().expect("an id"))
            .bind(status)
            .execute(&self.db.pool)
            .await
            .expect("an alert");
        }
        ids
    }

    pub(super) async fn cast(&self) -> Cast {
        let url = &self.db.url;
        self.elsewhere().await;
        self.retired_service().await;
        let hire = async |name: &str| self.company.hire(url, self.server, name).await;
        let (anna, boris) = (hire("Anna").await, hire("Boris").await);
        let (carl, zoe) = (hire("Carl").await, hire("Zoe").await);
        self.leaves(&zoe).await;
        let (clara, dora) = (self.home("Clara").await, self.home("Dora").await);
        let emil = self.home("Emil").await.person;
        self.disable(&emil, "customer", 2).await;
        let gone_dispatcher = people::staff(url, Role::Dispatcher, "gone@example.org").await;
        self.disable(&gone_dispatcher, "dispatcher", 1).await;
        let another_admin = people::staff(url, Role::Admin, "second@example.org").await;
        Cast {
            clara,
            dora,
            emil,
            anna,
            boris,
            carl,
            zoe,
            gone_dispatcher,
            another_admin,
        }
    }

    pub(super) async fn visits(&self, cast: &Cast) -> Visits {
        let (clara, dora) = (&cast.clara, &cast.dora);
        let far = json!({"address": "Far 1", "lon": 14.4, "lat": 52.5});
        let far = self
            .server
            .accepted(&dora.person.token, "property.add", &far)
            .await["property"]
            .clone();
        let near = async |minutes: i64| {
            [
                self.book(clara, &clara.property, minutes).await,
                self.book(dora, &dora.property, minutes).await,
            ]
        };
        let (taken, cancelled) = (near(15).await, near(105).await);
        for two in [&taken, &cancelled] {
            self.assign(&two[0], &cast.anna).await;
            self.assign(&two[1], &cast.boris).await;
        }
        let open = [
            self.book(clara, &clara.property, 210).await,
            self.book(dora, &far, 210).await,
        ];
        let withdrawn = [
            self.book(clara, &clara.property, 210).await,
            self.book(dora, &far, 330).await,
        ];
        for visit in cancelled.iter().chain(&withdrawn) {
            self.cancel(visit).await;
        }
        Visits {
            taken,
            cancelled,
            open,
            withdrawn,
        }
    }

    pub(super) async fn more_holds(&self, who: &Home) -> [Value; 2] {
        let wanted = Company::hold(self.company.after_opening(405));
        let more = async || {
            let token = &who.person.token;
            let placed = self.server.accepted(token, "hold.place", &wanted).await;
            placed["hold"].clone()
        };
        [more().await, more().await]
    }
}

/// No hours on any day: it makes no shifts.
pub(super) fn template_of(company: &Company, cleaner: &TestPerson) -> Value {
    let week: Vec<Value> = vec![json!([]); 7];
    let from = company.date_of(Timestamp::now());
    json!({"cleaner": cleaner.id, "zone": ZONE, "week": week, "valid_from": from})
}
