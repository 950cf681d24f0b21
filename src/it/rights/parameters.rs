//! Parameters under which a command is fine, but for the thing that it is tried on. Where a version can
//! be named it is one that no row has: who may change the row gets a rejection, and nothing changes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    maker::template_of,
    town::{ELSEWHERE, Town},
};
use crate::support::company::{Company, SERVICE, ZONE};

/// The version of no row.
pub(super) const STALE: i64 = 999;

/// What a command of this name takes besides the thing that it is about.
pub(super) fn usual(town: &Town, command: &str, role: &str) -> Value {
    of_orders(town, command, role)
        .or_else(|| of_work(town, command))
        .or_else(|| of_the_company(town, command))
        .unwrap_or_else(|| json!({}))
}

fn of_orders(town: &Town, command: &str, role: &str) -> Option<Value> {
    let later = town.company.after_opening(330);
    let clara = json!(town.cast.clara.person.id);
    Some(match command {
        "customer.create" => json!({"name": "Somebody", "phone": "+49 30 5550000"}),
        "customer.update" => json!({"name": "Clara", "expected_version": STALE}),
        "property.add" => json!({"address": "Somewhere 1", "lon": 13.4, "lat": 52.5}),
        "hold.place" => {
            let mut wanted = Company::hold(later);
            if role != "customer" {
                wanted["customer"] = clara;
            }
            wanted
        }
        "booking.confirm" => {
            let hold = match role {
                "dispatcher" => &town.more_holds[0],
                "manager" => &town.more_holds[1],
                _ => &town.holds[0],
            };
            json!({"hold": hold, "property": town.cast.clara.property})
        }
        "booking.create" => json!({"customer": clara, "property": town.cast.clara.property,
                "service": SERVICE, "start": later}),
        "booking.cancel" => json!({"reason": "rain", "expected_version": STALE}),
        "booking.reschedule" => json!({"start": later, "expected_version": STALE}),
        _ => return None,
    })
}

fn of_work(town: &Town, command: &str) -> Option<Value> {
    let company = &town.company;
    let later = company.after_opening(330);
    Some(match command {
        "job.assign" => json!({"job": town.visits.taken[0].job, "cleaner": town.cast.carl.id,
                "expected_version": STALE}),
        "job.move" => {
            json!({"job": town.visits.taken[0].job, "cleaner": town.cast.carl.id, "start": later,
                "expected_version": STALE})
        }
        "job.unassign" | "job.verify" | "alert.acknowledge" | "alert.resolve" | "shift.cancel" => {
            json!({"expected_version": STALE})
        }
        "job.withdraw" => json!({"job": town.visits.taken[0].job}),
        "alert.snooze" => json!({"expected_version": STALE,
                "until": Timestamp::now() + SignedDuration::from_mins(30)}),
        "duty.set" => json!({"duty": "on"}),
        "presence.focus" | "presence.lock" | "presence.unlock" => {
            json!({"job": uuid::Uuid::now_v7()})
        }
        "location.report" => {
            json!({"fixes": [{"at": Timestamp::now(), "lon": 13.4, "lat": 52.5,
                "accuracy_m": 5.0}]})
        }
        "shift.publish" => json!({"zone": ZONE, "start": company.after_opening(60),
                "end": company.after_opening(120)}),
        "shift.change" => json!({"start": company.after_opening(24 * 60),
                "end": company.after_opening(25 * 60), "expected_version": STALE}),
        "template.save" => template_of(company, &town.cast.carl),
        "template.end" => json!({"last_date": "2020-01-01", "expected_version": STALE}),
        "template.except" => json!({"date": company.date_of(later), "hours": [],
                "expected_version": STALE}),
        "time_off.add" => json!({"start": company.after_opening(450),
                "end": company.after_opening(465)}),
        _ => return None,
    })
}

fn of_the_company(town: &Town, command: &str) -> Option<Value> {
    let company = &town.company;
    let later = company.after_opening(330);
    Some(match command {
        "admin.zone_save" => json!({"name": "Center", "time_zone": company.time_zone,
                "polygon": [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]],
                "opening_hours": vec![json!(null); 7], "expected_version": STALE}),
        "admin.service_save" => json!({"name": "Cleaning", "duration_minutes": 60,
                "crew_size": 1, "skills": ["cleaning"], "travel_buffer_minutes": 15,
                "lead_time_minutes": 0, "booking_window_days": 14, "slot_step_minutes": 15,
                "price_minor": 4900, "currency": "EUR", "active": true, "expected_version": STALE}),
        "admin.user_save" => {
            json!({"role": "dispatcher", "name": "Dana", "expected_version": STALE})
        }
        "admin.cleaner_save" => json!({"name": "Carl", "zones": [ZONE, ELSEWHERE],
                "skills": ["cleaning"], "active": true, "expected_version": STALE}),
        "admin.import" => json!({"dry_run": true,
                "cleaners": "email,name,zones,skills\nn@example.org,N,center,cleaning\n"}),
        "slots.nearest" => json!({"zone": ZONE, "service": SERVICE, "start": later}),
        "search" => json!({"text": "Clara"}),
        "shifts.list" | "time_off.list" => {
            json!({"from": company.after_opening(0), "until": later})
        }
        _ => return None,
    })
}
