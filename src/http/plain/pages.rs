//! The pages as HTML. Whatever people wrote is escaped by the templates.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};
use uuid::Uuid;

use super::{
    Chosen, ROOT,
    read::{Day, Found, Own, Sold, clock_of},
    session::Visitor,
    words::Words,
};
use crate::{
    audience::row::{HoldRow, VisitRow},
    domain::entity::{BookingStatus, JobStatus, Service, Zone},
};

/// What stands around every page.
pub struct Page<'a> {
    pub words: &'a Words,
    pub title: &'a str,
    pub signed_in: bool,
}

impl Page<'_> {
    pub fn around(&self, body: &Markup) -> Markup {
        let words = self.words;
        html! {
            (DOCTYPE)
            html lang=(words.tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · " (words.product) }
                    link rel="icon" href="/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href={ (ROOT) "/style.css" };
                }
                body {
                    header.bar {
                        a.brand href=(ROOT) { (words.product) }
                        nav {
                            a href=(ROOT) { (words.new_booking) }
                            @if self.signed_in {
                                a href={ (ROOT) "/bookings" } { (words.bookings) }
                            }
                        }
                    }
                    main { (body) }
                    footer { a href="/" { (words.screens) } }
                }
            }
        }
    }
}

/// What every form brings back.
fn form_start(visitor: &Visitor) -> Markup {
    html! {
        input type="hidden" name="token" value=(visitor.form_token());
        input type="hidden" name="made" value=(Uuid::now_v7());
    }
}

fn alert(text: &str) -> Markup {
    html! { p.alert role="alert" { (text) } }
}

/// A page that says one thing, and where to go on.
pub fn told(visitor: &Visitor, text: &str) -> Markup {
    let words = visitor.words();
    html! {
        h1 { (words.title) }
        (alert(text))
        p { a.button href=(ROOT) { (words.new_booking) } }
    }
}

/// Choosing the service, then the place.
pub fn catalog(visitor: &Visitor, sold: &Sold, chosen: &Chosen) -> Markup {
    let words = visitor.words();
    let service = sold.service(&chosen.service);
    html! {
        h1 { (words.title) }
        @if sold.services.is_empty() || sold.zones.is_empty() {
            p { (words.no_services) }
        } @else if let Some(service) = service {
            (done(words, words.what, &service.name, ROOT))
            h2 { (words.place) }
            ul.cards {
                @for zone in &sold.zones {
                    li { a.card href=(times_of(service, zone)) { strong { (zone.name) } } }
                }
            }
        } @else {
            h2 { (words.what) }
            ul.cards {
                @for service in &sold.services {
                    li { a.card href={ (ROOT) "?service=" (service.slug) } {
                        strong { (service.name) }
                        span { (words.duration(service.duration_minutes)) }
                        span.price { (words.money(service.price_minor, &service.currency)) }
                    } }
                }
            }
        }
    }
}

fn times_of(service: &Service, zone: &Zone) -> String {
    format!("{ROOT}?service={}&zone={}", service.slug, zone.slug)
}

/// A step that is done, and the way back to it.
fn done(words: &Words, title: &str, chosen: &str, back: &str) -> Markup {
    html! {
        p.done {
            span { (title) } strong { (chosen) }
            a href=(back) aria-label={ (words.change) ": " (title) } { (words.change) }
        }
    }
}

/// Why a time could not be held, and the nearest that are left.
pub struct Objection {
    pub text: &'static str,
    pub nearest: Vec<Timestamp>,
}

/// Choosing the time: the days with their counts, and the starts of one as the buttons of a form.
pub fn times(
    visitor: &Visitor,
    service: &Service,
    zone: &Zone,
    days: &[Day],
    chosen: &Chosen,
    objection: Option<&Objection>,
) -> Markup {
    let words = visitor.words();
    let clock = clock_of(Some(zone));
    let asked = days.iter().find(|day| day.date.to_string() == chosen.date);
    let day = asked.or_else(|| days.iter().find(|day| !day.starts.is_empty()));
    let here = times_of(service, zone);
    let back = format!("{ROOT}?service={}", service.slug);
    html! {
        h1 { (words.title) }
        (done(words, words.what, &service.name, ROOT))
        (done(words, words.place, &zone.name, &back))
        h2 { (words.when) }
        form method="post" action={ (ROOT) "/hold" } {
            (form_start(visitor))
            input type="hidden" name="service" value=(service.slug);
            input type="hidden" name="zone" value=(zone.slug);
            @if let Some(objection) = objection {
                (alert(objection.text))
                @if !objection.nearest.is_empty() {
                    p { (words.nearest) }
                    ul.times {
                        @for start in &objection.nearest {
                            @let label = words.moment(*start, &clock, Timestamp::now());
                            li { button name="start" value=(start) { strong { (label) } } }
                        }
                    }
                }
            }
            ul.days {
                @for one in days {
                    @let current = day.is_some_and(|day| day.date == one.date);
                    li { a href={ (here) "&date=" (one.date) } aria-current=[current.then_some("date")] {
                        strong { (words.day(one.date)) }
                        @if one.starts.is_empty() { span { (words.full) } }
                        @else { span.some { (words.times(one.starts.len())) } }
                    } }
                }
            }
            @if let Some(day) = day {
                h3 { (words.day(day.date)) }
                ul.times {
                    @for (start, left) in &day.starts {
                        li { button name="start" value=(start) {
                            strong { (Words::time(*start, &clock)) } span { (words.left(*left)) }
                        } }
                    }
                }
            }
            @if day.is_none_or(|day| day.starts.is_empty()) { p { (words.no_times) } }
        }
        p.note { (words.zone_time) " " (zone.name) ". " (words.cookies) }
    }
}

/// What was filled in before; where nothing was, what the customer is known by.
#[derive(Default)]
pub struct Entered {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: String,
    pub notes: String,
}

/// With a time held: who and where exactly.
pub fn details(
    visitor: &Visitor,
    hold: &HoldRow,
    sold: &Sold,
    own: &Own,
    entered: &Entered,
    objection: Option<&str>,
) -> Markup {
    let words = visitor.words();
    let (service, zone) = (
        sold.service(hold.service.as_str()),
        sold.zone(hold.zone.as_str()),
    );
    let clock = clock_of(zone);
    let customer = own.customer.as_ref();
    let known = |field: Option<&String>| field.cloned().unwrap_or_default();
    let name = known(
        entered
            .name
            .as_ref()
            .or(customer.and_then(|own| own.name.as_ref())),
    );
    let phone = known(
        entered
            .phone
            .as_ref()
            .or(customer.and_then(|own| own.phone.as_ref())),
    );
    html! {
        h1 { (words.details) }
        p.lead {
            @if let Some(service) = service { (service.name) " · " }
            (words.moment(hold.starts_at, &clock, Timestamp::now()))
            @if let Some(zone) = zone { " · " (zone.name) }
        }
        p.held { (words.held_until) " " strong { (Words::time(hold.expires_at, &clock)) } }
        @if let Some(objection) = objection { (alert(objection)) }
        form.details method="post" action={ (ROOT) "/book" } {
            (form_start(visitor))
            input type="hidden" name="hold" value=(hold.id);
            label { (words.name) input name="name" autocomplete="name" required value=(name); }
            label { (words.phone) input name="phone" type="tel" autocomplete="tel" required value=(phone); }
            label { (words.address)
                input name="address" autocomplete="street-address" required value=(entered.address); }
            label { (words.notes)
                textarea name="notes" rows="2" maxlength="1000" { (entered.notes) } }
            @if let Some(service) = service {
                button.button {
                    (words.book) " " (words.money(service.price_minor, &service.currency))
                }
            }
        }
        form method="post" action={ (ROOT) "/release" } {
            (form_start(visitor))
            input type="hidden" name="hold" value=(hold.id);
            button.quiet { (words.release) }
        }
    }
}

/// What this visitor has booked and holds, the newest first.
pub fn bookings(visitor: &Visitor, own: &Own, sold: &Sold) -> Markup {
    let words = visitor.words();
    let now = Timestamp::now();
    html! {
        h1 { (words.bookings) }
        @for hold in &own.holds {
            p.held { a href={ (ROOT) "/holds/" (hold.id) } { (words.continue_hold) } }
        }
        @if own.bookings.is_empty() { p { (words.no_bookings) } }
        ul.cards {
            @for booking in own.bookings.iter().rev() {
                @let clock = clock_of(sold.zone(booking.zone.as_str()));
                li { a.card href={ (ROOT) "/bookings/" (booking.id) } {
                    strong { (words.moment(booking.starts_at, &clock, now)) }
                    span { (booking.address) }
                    span.price { (words.status(booking.status)) }
                } }
            }
        }
    }
}

/// One visit: how it stands, who comes, and cancelling while that is allowed.
pub fn booking(
    visitor: &Visitor,
    found: &Found,
    sold: &Sold,
    now: Timestamp,
    objection: Option<&str>,
) -> Markup {
    let words = visitor.words();
    let booking = &found.booking;
    let clock = clock_of(sold.zone(booking.zone.as_str()));
    let service = sold.service(booking.service.as_str());
    html! {
        h1 { (words.visit) }
        p.lead {
            @if let Some(service) = service { (service.name) " · " }
            (words.moment(booking.starts_at, &clock, now)) " · " (booking.address)
        }
        @if let Some(objection) = objection { (alert(objection)) }
        p.status { strong { (words.status(booking.status)) } }
        @if let Some(visit) = &found.visit {
            ol.steps {
                @for (status, at) in steps(visit) {
                    li { (words.step(status)) " " time datetime=(at) { (words.moment(at, &clock, now)) } }
                }
            }
            @if !visit.crew.is_empty() {
                p { (words.cleaner) ": "
                    strong {
                        @for (i, cleaner) in visit.crew.iter().enumerate() {
                            @if i > 0 { ", " } (cleaner.first_name)
                        }
                    }
                }
            }
        }
        p { (words.price) ": " strong { (words.money(booking.price_minor, &booking.currency)) } }
        p.note { (words.reload) }
        @if booking.status == BookingStatus::Confirmed {
            @let until = booking.starts_at
                - SignedDuration::from_hours(booking.cancel_until_hours.into());
            @let until_text = words.moment(until, &clock, now);
            @if now <= until {
                form method="post" action={ (ROOT) "/cancel" } {
                    (form_start(visitor))
                    input type="hidden" name="booking" value=(booking.id);
                    input type="hidden" name="version" value=(booking.version);
                    p { (words.cancel_free(&until_text)) }
                    button.danger { (words.cancel) }
                }
            } @else {
                p { (words.cancel_late(&until_text)) }
            }
        }
    }
}

/// The steps reached, in the order of their times.
fn steps(visit: &VisitRow) -> Vec<(JobStatus, Timestamp)> {
    let mut steps: Vec<_> = visit
        .times
        .iter()
        .map(|(status, at)| (*status, *at))
        .collect();
    steps.sort_by_key(|(status, at)| (*at, *status));
    steps
}
