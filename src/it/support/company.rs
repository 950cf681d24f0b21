//! A small company made through the public commands, open at whatever hour the test runs.

use dispatch_hub::domain::Role;
use jiff::{SignedDuration, Timestamp, Unit, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    people::{self, TestPerson},
    server::Api,
};

pub(crate) const ZONE: &str = "center";
pub(crate) const SERVICE: &str = "standard";

/// One zone, one service of an hour for one cleaner, and the people who run it.
pub(crate) struct Company {
    pub(crate) admin: TestPerson,
    pub(crate) manager: TestPerson,
    pub(crate) dispatcher: TestPerson,
    /// When shifts begin: a full quarter of an hour, not far ahead.
    pub(crate) opens_at: Timestamp,
    pub(crate) time_zone: String,
}

impl Company {
    pub(crate) async fn found(url: &str, server: &Api) -> Self {
        let now = Timestamp::now();
        let company = Self {
            admin: people::staff(url, Role::Admin, "admin@example.org").await,
            manager: people::staff(url, Role::Manager, "manager@example.org").await,
            dispatcher: people::staff(url, Role::Dispatcher, "dispatcher@example.org").await,
            opens_at: next_quarter(now),
            time_zone: morning_zone(now),
        };
        let hours = json!({"opens": 0, "closes": 1440});
        let zone = json!({
            "slug": ZONE, "name": "Center", "time_zone": company.time_zone,
            "polygon": [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]],
            "opening_hours": vec![hours; 7],
        });
        server
            .accepted(&company.admin.token, "admin.zone_save", &zone)
            .await;
        let service = json!({
            "slug": SERVICE, "name": "Standard cleaning", "duration_minutes": 60, "crew_size": 1,
            "skills": ["cleaning"], "travel_buffer_minutes": 15, "lead_time_minutes": 0,
            "booking_window_days": 14, "slot_step_minutes": 15, "price_minor": 4900,
            "currency": "EUR", "active": true,
        });
        server
            .accepted(&company.admin.token, "admin.service_save", &service)
            .await;
        company
    }

    /// A cleaner with a shift of eight hours from the opening on.
    pub(crate) async fn hire(&self, url: &str, server: &Api, name: &str) -> TestPerson {
        let cleaner = json!({
            "name": name, "phone": "+49 30 1234567", "zones": [ZONE], "skills": ["cleaning"],
            "active": true,
        });
        let result = server
            .accepted(&self.manager.token, "admin.cleaner_save", &cleaner)
            .await;
        let id = result["cleaner"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a UUID");
        let end = self.after_opening(8 * 60);
        let shift = json!({"cleaner": id, "zone": ZONE, "start": self.opens_at, "end": end});
        server
            .accepted(&self.manager.token, "shift.publish", &shift)
            .await;
        TestPerson {
            id,
            token: people::token(url, id).await,
        }
    }

    /// A guest who has said who they are and where they live; with the property's id.
    pub(crate) async fn customer(&self, server: &Api, name: &str) -> (TestPerson, Value) {
        let session = server.guest().await;
        let token = session["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let details = json!({"name": name, "phone": "+49 30 7654321"});
        server.accepted(&token, "customer.update", &details).await;
        let home = json!({"address": "Sample Street 1, Berlin", "lon": 13.4, "lat": 52.5});
        let property = server.accepted(&token, "property.add", &home).await["property"].clone();
        let id = session["user"]["id"].as_str().expect("an id");
        let id = id.parse().expect("a UUID");
        (TestPerson { id, token }, property)
    }

    pub(crate) fn after_opening(&self, minutes: i64) -> Timestamp {
        self.opens_at + SignedDuration::from_mins(minutes)
    }

    /// The first start whose travel lies within the shifts.
    pub(crate) fn first_start(&self) -> Timestamp {
        self.after_opening(15)
    }

    pub(crate) fn date_of(&self, start: Timestamp) -> String {
        let zone = TimeZone::get(&self.time_zone).expect("a zone of the database");
        start.to_zoned(zone).date().to_string()
    }

    pub(crate) fn slots(&self) -> String {
        format!("slots:{ZONE}:{}", self.date_of(self.first_start()))
    }

    pub(crate) fn control(&self) -> String {
        format!("control:{ZONE}:{}", self.date_of(self.first_start()))
    }

    pub(crate) fn hold(start: Timestamp) -> Value {
        json!({"zone": ZONE, "service": SERVICE, "start": start})
    }
}

fn next_quarter(now: Timestamp) -> Timestamp {
    let quarter = jiff::TimestampRound::new()
        .smallest(Unit::Minute)
        .increment(15)
        .mode(jiff::RoundMode::Ceil);
    now.round(quarter).expect("15 divides an hour")
}

/// A time zone in which it is morning now, so that a shift from now on stays within a day.
fn morning_zone(now: Timestamp) -> String {
    let hour = now.to_zoned(TimeZone::UTC).hour();
    let ahead = 9 - hour;
    // Names of these zones have the sign of the west.
    if ahead >= -12 {
        format!("Etc/GMT{:+}", -ahead)
    } else {
        format!("Etc/GMT{:+}", -(ahead + 24))
    }
}
