//! What the forms do: commands, run as an rpc would run them, and then a page to look at.

use std::sync::Arc;

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use uuid::Uuid;

use super::{Chosen, booking_page, failed, form, pages, read, session::Visitor, shown};
use crate::{
    domain::rejection::Alternative,
    execute::Outcome,
    http::{Site, commands, problem::Problem},
};

/// What every form brings: whose page it was on, and when that was made.
#[derive(Deserialize)]
pub struct Sent<T> {
    token: String,
    made: Uuid,
    #[serde(flatten)]
    fields: T,
}

#[derive(Deserialize)]
pub struct Time {
    service: String,
    zone: String,
    start: String,
}

#[derive(Deserialize)]
pub struct Details {
    hold: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    notes: String,
}

#[derive(Deserialize)]
pub struct Held {
    hold: String,
}

#[derive(Deserialize)]
pub struct Cancelled {
    booking: String,
    version: String,
}

type Taken<T> = Result<Form<Sent<T>>, axum::extract::rejection::FormRejection>;

/// The form, if it is one of ours.
fn taken<T>(visitor: &Visitor, sent: Taken<T>) -> Result<Sent<T>, Problem> {
    let Form(sent) = sent.map_err(|_| Problem::invalid("form", "This is not a form of ours"))?;
    if visitor.may_send(&sent.token) {
        Ok(sent)
    } else {
        let message = "The form did not come from a page of ours";
        Err(Problem::new(StatusCode::FORBIDDEN, "strange_form", message))
    }
}

/// Runs a command for the visitor: its result, or what speaks against it.
async fn run(
    site: &Arc<Site>,
    visitor: &Visitor,
    made: Uuid,
    kind: &str,
    parameters: &Value,
) -> Result<Value, Problem> {
    let text = parameters.to_string();
    let id = form::command_id(made, kind, &text).to_string();
    let data = RawValue::from_string(text).expect("it was just written");
    let outcome = site
        .gateway
        .run(&visitor.caller(), kind, Some(&data), Some(&id))
        .await;
    match outcome.ok_or_else(Problem::not_found)? {
        Outcome::Accepted { result, .. } => Ok(result),
        objection @ (Outcome::Rejected { .. } | Outcome::Refused { .. }) => {
            Err(commands::problem(objection))
        }
    }
}

/// On to a page, with the cookies as they are to be.
fn on_to(visitor: &Visitor, path: &str) -> Response {
    let mut response = Redirect::to(&format!("{}{path}", super::ROOT)).into_response();
    visitor.keep(&mut response);
    response
}

/// Holds a time, as a guest where nobody is signed in.
pub async fn hold(
    State(site): State<Arc<Site>>,
    mut visitor: Visitor,
    sent: Taken<Time>,
) -> Response {
    let sent = match taken(&visitor, sent) {
        Ok(sent) => sent,
        Err(problem) => return failed(&visitor, &problem),
    };
    if let Err(problem) = visitor.sign_in_as_guest(&site).await {
        return failed(&visitor, &problem);
    }
    let Time {
        service,
        zone,
        start,
    } = sent.fields;
    let asked = json!({ "service": service, "zone": zone, "start": start });
    match run(&site, &visitor, sent.made, "hold.place", &asked).await {
        Ok(result) => {
            let hold = result["hold"].as_str().unwrap_or_default();
            on_to(&visitor, &format!("/holds/{hold}"))
        }
        Err(problem) => {
            let chosen = Chosen {
                service,
                zone,
                date: String::new(),
            };
            not_held(&site, &visitor, &chosen, &problem).await
        }
    }
}

/// The times again, with the reason and the nearest that are left.
async fn not_held(
    site: &Arc<Site>,
    visitor: &Visitor,
    chosen: &Chosen,
    problem: &Problem,
) -> Response {
    let nearest: Vec<Alternative> =
        serde_json::from_value(problem.details["alternatives"].clone()).unwrap_or_default();
    let objection = pages::Objection {
        text: visitor.words().objection(&problem.code),
        nearest: nearest.iter().map(|one| one.start).collect(),
    };
    let Ok(sold) = read::sold(site).await else {
        return failed(visitor, problem);
    };
    let Some((service, zone)) = sold.chosen(chosen) else {
        return failed(visitor, problem);
    };
    match read::fortnight(site, service, zone, jiff::Timestamp::now()).await {
        Ok(days) => {
            let body = pages::times(visitor, service, zone, &days, chosen, Some(&objection));
            shown(visitor, problem.status, visitor.words().title, &body)
        }
        Err(problem) => failed(visitor, &problem),
    }
}

/// Says who and where, and books.
pub async fn book(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    sent: Taken<Details>,
) -> Response {
    let sent = match taken(&visitor, sent) {
        Ok(sent) => sent,
        Err(problem) => return failed(&visitor, &problem),
    };
    match order(&site, &visitor, sent.made, &sent.fields).await {
        Ok(booking) => on_to(&visitor, &format!("/bookings/{booking}")),
        Err(problem) => not_booked(&site, &visitor, sent.fields, &problem).await,
    }
}

async fn order(
    site: &Arc<Site>,
    visitor: &Visitor,
    made: Uuid,
    details: &Details,
) -> Result<String, Problem> {
    let own = read::own(site, visitor).await?;
    let gone = || Problem::new(StatusCode::CONFLICT, "hold_expired", "The hold is over");
    let hold = own.hold(&details.hold).ok_or_else(gone)?;
    let sold = read::sold(site).await?;
    let zone = sold.zone(hold.zone.as_str()).ok_or_else(gone)?;
    if details.address.trim().is_empty() {
        return Err(Problem::invalid("address", "missing"));
    }
    let who = json!({ "name": details.name.trim(), "phone": details.phone.trim() });
    run(site, visitor, made, "customer.update", &who).await?;
    let [lon, lat] = read::point_in(zone);
    let place = json!({
        "address": details.address.trim(), "access_notes": details.notes.trim(), "lon": lon, "lat": lat,
    });
    let added = run(site, visitor, made, "property.add", &place).await?;
    let asked = json!({ "hold": details.hold, "property": added["property"] });
    let booked = run(site, visitor, made, "booking.confirm", &asked).await?;
    Ok(booked["booking"].as_str().unwrap_or_default().to_owned())
}

/// The form again, as it was filled in, with what is wrong with it.
async fn not_booked(
    site: &Arc<Site>,
    visitor: &Visitor,
    details: Details,
    problem: &Problem,
) -> Response {
    let (own, sold) = (read::own(site, visitor).await, read::sold(site).await);
    let (Ok(own), Ok(sold)) = (own, sold) else {
        return failed(visitor, problem);
    };
    let Some(hold) = own.hold(&details.hold) else {
        return failed(visitor, problem);
    };
    let field = problem.details["field"].as_str().unwrap_or_default();
    let text = visitor.words().fault(&problem.code, field);
    let entered = pages::Entered {
        name: Some(details.name),
        phone: Some(details.phone),
        address: details.address,
        notes: details.notes,
    };
    let body = pages::details(visitor, hold, &sold, &own, &entered, Some(text));
    shown(visitor, problem.status, visitor.words().details, &body)
}

/// Gives a held time back.
pub async fn release(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    sent: Taken<Held>,
) -> Response {
    let sent = match taken(&visitor, sent) {
        Ok(sent) => sent,
        Err(problem) => return failed(&visitor, &problem),
    };
    let asked = json!({ "hold": sent.fields.hold });
    match run(&site, &visitor, sent.made, "hold.release", &asked).await {
        Ok(_) => on_to(&visitor, ""),
        Err(problem) => failed(&visitor, &problem),
    }
}

/// Cancels a visit while its policy allows that.
pub async fn cancel(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    sent: Taken<Cancelled>,
) -> Response {
    let sent = match taken(&visitor, sent) {
        Ok(sent) => sent,
        Err(problem) => return failed(&visitor, &problem),
    };
    let Cancelled { booking, version } = sent.fields;
    // What is no number is no version of anything.
    let version: i64 = version.parse().unwrap_or_default();
    let asked = json!({ "booking": booking, "expected_version": version });
    match run(&site, &visitor, sent.made, "booking.cancel", &asked).await {
        Ok(_) => on_to(&visitor, &format!("/bookings/{booking}")),
        Err(problem) => {
            let text = visitor.words().objection(&problem.code);
            booking_page(&site, &visitor, &booking, problem.status, Some(text)).await
        }
    }
}
