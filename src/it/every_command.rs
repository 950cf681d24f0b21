//! Every command there is, once accepted at least, through the whole trip: after each stretch the
//! views that readers have folded are what fresh snapshots show. What the loader leaves out of a
//! world, or a lock leaves out of a row, shows here.

use std::collections::BTreeSet;

use dispatch_hub::{
    domain::{Actor, Command, Role, ids::AccountId},
    execute::{Outcome, Via},
};
use hub::ports::Control;
use jiff::ToSpan;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    company::{Company, cleaner_actor, customer_actor, insist, request},
    facts::assert_events_fold,
    folded::{assert_views_fold, first_snapshots},
    support::schemas::assert_is,
};

impl Company {
    async fn give(&self, actor: Actor, kind: &str, parameters: Value) -> Value {
        let command = Command::parse(kind, parameters.clone())
            .expect("a command of this name")
            .unwrap_or_else(|error| panic!("{kind} {parameters}: {error}"));
        let mut request = request(actor, command);
        if actor.role == Role::System {
            request.via = Via::Timer;
        }
        let outcome = insist(&self.executor, request).await;
        let told = serde_json::to_value(&outcome).expect("outcomes are plain data");
        assert_is(&format!("{kind}.outcome"), &told);
        assert_is(&format!("{kind}.parameters"), &parameters);
        match outcome {
            Outcome::Accepted { result, .. } => result,
            other @ (Outcome::Rejected { .. } | Outcome::Refused { .. }) => {
                panic!("{kind} {parameters}: {other:?}")
            }
        }
    }

    async fn with_role(&self, role: Role) -> Actor {
        let id = AccountId(Uuid::now_v7());
        self.add_account(id, role.as_str(), "Somebody").await;
        Actor { id, role }
    }

    async fn alert_of(&self, job: &Value) -> Uuid {
        sqlx::query_scalar(
            "select id from alert where job_id = $1::text::uuid and about = 'unassigned'",
        )
        .bind(job.as_str().expect("an id"))
        .fetch_one(&self.pool)
        .await
        .expect("an alert")
    }

    fn customer(&self, number: usize) -> Actor {
        customer_actor(self.customers[number].0)
    }
}

/// Moves all work of the company to an hour from now, where it can be set out for, and gives the
/// cleaners a shift there.
async fn bring_work_near(company: &Company) {
    company
        .sql(
            "create temporary table delta as
             select date_bin('15 minutes', now() + interval '1 hour', '2020-01-01') - min(starts_at) as by
             from job;
             update job set starts_at = starts_at + by,
                 local_date = ((starts_at + by) at time zone 'Europe/Berlin')::date from delta;
             update booking set starts_at = starts_at + by,
                 local_date = ((starts_at + by) at time zone 'Europe/Berlin')::date from delta;
             update occupancy set busy = tstzrange(lower(busy) + by, upper(busy) + by) from delta;
             insert into shift (id, cleaner_id, zone, local_date, during)
             select gen_random_uuid(), id, 'center',
                 ((now() - interval '6 hours') at time zone 'Europe/Berlin')::date,
                 tstzrange(now() - interval '6 hours', now() + interval '12 hours') from cleaner;
             drop table delta",
        )
        .await;
}

async fn customers_and_holds(company: &Company) {
    let first = first_snapshots(company).await;
    let customer = company.customer(0);
    let start = company.at(10, 0);
    company
        .give(
            customer,
            "customer.update",
            json!({"name": "Anna", "phone": "+49 30 2"}),
        )
        .await;
    let address = json!({"address": "Hof 2", "lon": 13.5, "lat": 52.4, "access_notes": "bell"});
    company.give(customer, "property.add", address).await;
    let new = json!({"name": "Bert", "phone": "+49 30 3"});
    company
        .give(company.dispatcher, "customer.create", new)
        .await;
    let wanted = json!({"zone": "center", "service": "home", "start": start});
    let placed = company.give(customer, "hold.place", wanted.clone()).await;
    let hold = json!({"hold": placed["hold"]});
    company.give(customer, "hold.extend", hold.clone()).await;
    company.give(customer, "hold.release", hold).await;
    company
        .give(company.customer(1), "hold.place", wanted)
        .await;
    assert_views_fold(company, &first).await;
    company
        .sql(
            "update hold set placed_at = placed_at - interval '9 minutes',
                 expires_at = now() - interval '1 second' where status = 'active'",
        )
        .await;
    let first = first_snapshots(company).await;
    let lapsed: Uuid = sqlx::query_scalar("select id from hold where status = 'active'")
        .fetch_one(&company.pool)
        .await
        .expect("the hold");
    company
        .give(Actor::SYSTEM, "hold.expire", json!({"hold": lapsed}))
        .await;
    assert_views_fold(company, &first).await;
}

async fn bookings_and_crews(company: &Company) -> Vec<Value> {
    let first = first_snapshots(company).await;
    let mut jobs = Vec::new();
    for number in 0..3 {
        jobs.push(company.book(number, "pair", company.at(10, 0)).await);
    }
    let (customer, property) = company.customers[3];
    let by_phone = json!({"customer": customer, "property": property, "service": "home",
        "start": company.at(15, 0)});
    let cancelled = company
        .give(company.dispatcher, "booking.create", by_phone)
        .await;
    let booking = json!({"booking": cancelled["booking"], "reason": "rain"});
    company
        .give(customer_actor(customer), "booking.cancel", booking)
        .await;
    for (number, cleaner) in company.cleaners.iter().enumerate().take(4) {
        let job = json!({"job": jobs[number / 2]["job"]});
        company
            .give(cleaner_actor(*cleaner), "job.claim", job)
            .await;
    }
    assert_views_fold(company, &first).await;
    // to the next day, where the crew works as well, and back
    let moved = json!({"job": jobs[0]["job"], "start": company.at(13, 0) + 24.hours()});
    company.give(company.dispatcher, "job.move", moved).await;
    assert_views_fold(company, &first).await;
    let back = json!({"booking": jobs[0]["booking"], "start": company.at(10, 0)});
    company
        .give(company.customer(0), "booking.reschedule", back)
        .await;
    assert_views_fold(company, &first).await;
    let renamed = json!({"name": "Carla", "phone": "+49 30 4"});
    company
        .give(company.customer(0), "customer.update", renamed)
        .await;
    let taken = json!({"job": jobs[2]["job"], "cleaner": company.cleaners[4]});
    company.give(company.dispatcher, "job.assign", taken).await;
    let given_back = json!({"job": jobs[2]["job"], "seat": 0});
    company
        .give(company.dispatcher, "job.unassign", given_back)
        .await;
    let again = json!({"job": jobs[2]["job"], "cleaner": company.cleaners[5]});
    company.give(company.dispatcher, "job.assign", again).await;
    company
        .give(
            cleaner_actor(company.cleaners[5]),
            "job.withdraw",
            json!({"job": jobs[2]["job"], "reason": "ill"}),
        )
        .await;
    assert_views_fold(company, &first).await;
    jobs
}

async fn the_work(company: &Company, jobs: &[Value]) {
    bring_work_near(company).await;
    let first = first_snapshots(company).await;
    let lead = cleaner_actor(company.cleaners[0]);
    let job = json!({"job": jobs[0]["job"]});
    for step in [
        "acknowledge",
        "depart",
        "arrive",
        "start",
        "pause",
        "resume",
        "complete",
    ] {
        company
            .give(lead, &format!("job.{step}"), job.clone())
            .await;
        assert_views_fold(company, &first).await;
    }
    company
        .give(company.dispatcher, "job.verify", job.clone())
        .await;
    assert_views_fold(company, &first).await;
    let other = json!({"job": jobs[1]["job"]});
    for step in ["depart", "arrive", "no_access"] {
        company
            .give(company.dispatcher, &format!("job.{step}"), other.clone())
            .await;
    }
    assert_views_fold(company, &first).await;
}

/// A crew that does not come, watched by the system and by staff.
async fn what_goes_wrong(company: &Company, jobs: &[Value]) {
    let first = first_snapshots(company).await;
    let job = json!({"job": jobs[2]["job"]});
    company.give(Actor::SYSTEM, "job.watch", job.clone()).await;
    assert_views_fold(company, &first).await;
    let alert = |kind: &'static str| {
        let id = company.alert_of(&jobs[2]["job"]);
        async move {
            let mut parameters = json!({"alert": id.await});
            if kind == "alert.snooze" {
                parameters["until"] =
                    json!(jiff::Timestamp::now() + jiff::SignedDuration::from_mins(30));
            }
            company.give(company.dispatcher, kind, parameters).await;
        }
    };
    for kind in ["alert.acknowledge", "alert.snooze", "alert.resolve"] {
        alert(kind).await;
        assert_views_fold(company, &first).await;
    }
    let taken = json!({"job": jobs[2]["job"], "cleaner": company.cleaners[5]});
    company.give(company.dispatcher, "job.assign", taken).await;
    assert_views_fold(company, &first).await;
    company
        .sql("update job set starts_at = starts_at - interval '4 hours' where status = 'assigned'")
        .await;
    let first = first_snapshots(company).await;
    company
        .give(company.dispatcher, "job.no_show", job.clone())
        .await;
    assert_views_fold(company, &first).await;
    company.give(Actor::SYSTEM, "job.watch", job).await;
    assert_views_fold(company, &first).await;
    let booking = "select count(*) from booking where status = 'not_served'";
    assert_eq!(company.count(booking).await, 2, "no access, and no show");
}

async fn peoples_time(company: &Company) {
    let first = first_snapshots(company).await;
    let manager = company.with_role(Role::Manager).await;
    let cleaner = company.cleaners[2];
    company
        .give(cleaner_actor(cleaner), "duty.set", json!({"duty": "break"}))
        .await;
    assert_views_fold(company, &first).await;
    let evening = json!({"cleaner": cleaner, "zone": "center", "start": company.at(18, 0),
        "end": company.at(21, 0)});
    let published = company.give(manager, "shift.publish", evening).await;
    assert_views_fold(company, &first).await;
    let longer = json!({"shift": published["shift"], "start": company.at(18, 30),
        "end": company.at(23, 0), "expected_version": 1});
    company.give(manager, "shift.change", longer).await;
    assert_views_fold(company, &first).await;
    let cancelled = json!({"shift": published["shift"], "expected_version": 2, "force": true});
    company.give(manager, "shift.cancel", cancelled).await;
    assert_views_fold(company, &first).await;
    templates(company, manager).await;
    assert_views_fold(company, &first).await;
    let away = json!({"cleaner": cleaner, "start": company.at(9, 0), "end": company.at(19, 0),
        "force": true});
    company.give(manager, "time_off.add", away).await;
    assert_views_fold(company, &first).await;
}

/// A template is saved, planned as by its timer, changed, made different on a day, and ended.
async fn templates(company: &Company, manager: Actor) {
    let week = |hours: Value| vec![hours; 7];
    let evenings = json!([{"starts": 1140, "ends": 1200}]);
    let mut save = json!({"cleaner": company.cleaners[5], "zone": "center",
        "week": week(evenings), "valid_from": company.date});
    let saved = company.give(manager, "template.save", save.clone()).await;
    let template = json!({"template": saved["template"]});
    company
        .give(Actor::SYSTEM, "template.plan", template.clone())
        .await;
    let made = company
        .count("select count(*) from shift where template_id is not null")
        .await;
    assert_eq!(made, 7);
    let shift: Uuid = sqlx::query_scalar(
        "select id from shift where template_id is not null order by local_date limit 1",
    )
    .fetch_one(&company.pool)
    .await
    .expect("the first day's");
    company
        .give(manager, "shift.cancel", json!({"shift": shift}))
        .await;
    save["template"] = saved["template"].clone();
    save["week"] = json!(week(json!([{"starts": 1140, "ends": 1230}])));
    save["expected_version"] = json!(3);
    company.give(manager, "template.save", save).await;
    let different = json!({"template": saved["template"], "date": company.date.tomorrow().expect("in range"),
        "hours": [{"starts": 1200, "ends": 1800}]});
    company.give(manager, "template.except", different).await;
    let made = company
        .count("select count(*) from shift where template_id is not null")
        .await;
    assert_eq!(made, 6, "what was cancelled by hand stays away");
    let end = json!({"template": saved["template"], "last_date": "2020-01-01", "force": true});
    company.give(manager, "template.end", end).await;
    let made = company
        .count("select count(*) from shift where template_id is not null")
        .await;
    assert_eq!(made, 0);
}

/// Twice: the second time nothing is published.
async fn imports(company: &Company, admin: Actor) {
    let shifts = format!(
        "email,zone,date,starts,ends\nnina@example.org,center,{},10:00,18:00\n",
        company.date
    );
    let files = json!({"cleaners": "email,name,zones,skills\nnina@example.org,Nina,center,windows\n",
        "shifts": shifts});
    let done = company.give(admin, "admin.import", files.clone()).await;
    assert_eq!(
        done["shifts"],
        json!({"new": 1, "changed": 0, "unchanged": 0})
    );
    let published = "select count(*) from publication";
    let before = company.count(published).await;
    let done = company.give(admin, "admin.import", files).await;
    assert_eq!(
        done["cleaners"],
        json!({"new": 0, "changed": 0, "unchanged": 1})
    );
    assert_eq!(company.count(published).await, before);
}

async fn administration(company: &Company) {
    let first = first_snapshots(company).await;
    let admin = company.with_role(Role::Admin).await;
    let hours = json!({"opens": 540, "closes": 1080});
    let zone = json!({"slug": "center", "name": "Centre", "time_zone": "Europe/Berlin",
        "polygon": [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]],
        "opening_hours": [hours, hours, hours, hours, hours, hours, hours], "expected_version": 1});
    company.give(admin, "admin.zone_save", zone).await;
    assert_views_fold(company, &first).await;
    let service = json!({"slug": "home", "name": "Home", "duration_minutes": 180, "crew_size": 1,
        "skills": [], "travel_buffer_minutes": 15, "lead_time_minutes": 60,
        "booking_window_days": 30, "slot_step_minutes": 60, "price_minor": 9900,
        "currency": "EUR", "active": true, "expected_version": 1});
    company.give(admin, "admin.service_save", service).await;
    assert_views_fold(company, &first).await;
    let cleaner = json!({"cleaner": company.cleaners[3], "name": "Dina Smith", "phone": "+49 30 5",
        "zones": ["center"], "skills": ["windows"], "active": true, "expected_version": 1});
    company.give(admin, "admin.cleaner_save", cleaner).await;
    assert_views_fold(company, &first).await;
    imports(company, admin).await;
    assert_views_fold(company, &first).await;
    let user = json!({"account": company.customers[1].0, "role": "customer", "name": "Emil",
        "email": "emil@example.com", "expected_version": 1});
    company.give(admin, "admin.user_save", user).await;
    let away = json!({"account": company.cleaners[4], "role": "cleaner", "name": "Fritz",
        "disabled": true, "expected_version": 1});
    company.give(admin, "admin.user_save", away).await;
    assert_views_fold(company, &first).await;
    let controls = company.live.controls.lock().expect("whole");
    let ended = controls
        .iter()
        .filter(|one| matches!(one, Control::Disconnect { .. }));
    assert_eq!(ended.count(), 1, "the disabled account's connections end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_command_the_views_fold_to_fresh_snapshots() {
    let company = Company::new(6, 4).await;
    customers_and_holds(&company).await;
    let jobs = bookings_and_crews(&company).await;
    the_work(&company, &jobs).await;
    what_goes_wrong(&company, &jobs).await;
    peoples_time(&company).await;
    administration(&company).await;
    assert_events_fold(&company.pools, &company.pool).await;
    let accepted: Vec<String> =
        sqlx::query_scalar("select distinct kind from audit where outcome = 'accepted'")
            .fetch_all(&company.pool)
            .await
            .expect("the audit trail");
    let accepted: BTreeSet<&str> = accepted.iter().map(String::as_str).collect();
    let all: BTreeSet<&str> = Command::KINDS.iter().copied().collect();
    assert_eq!(accepted, all);
}
