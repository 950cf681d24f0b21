//! `admin.zone_save` → `{zone, version}` and `admin.service_save` → `{service, version}`.
//!
//! Without `expected_version` a new row is made. What would break promises that stand is `in_use`: a
//! zone's time zone while it has shifts, live jobs or live holds ahead (their local dates are stored);
//! a service's crew, times and skills while somebody holds it (the hold's rows were made for them).
//! Jobs carry their own times, so booked work does not stand in the way. Opening hours and polygons
//! may change at any time: what is booked stays booked. A service may name new skills: that is how
//! skills come to be.

use super::{
    Decision,
    customers::check_position,
    draft::{Draft, check_version},
    text,
};
use crate::domain::{
    Event, Objection, Rejection, Role,
    calendar::time_zone,
    command::{ServiceSave, ZoneSave},
    contract::answer::{ServiceSaved, ZoneSaved},
    entity::{OpeningHours, Service, Zone},
    limits::LIMITS,
};

/// Minutes of a day by the clock on the wall.
const DAY_MINUTES: u16 = 24 * 60;

pub(super) fn save_zone(mut draft: Draft, command: &ZoneSave) -> Result<Decision, Objection> {
    draft.require_manager()?;
    let before = draft.world.zones.get(&command.slug).cloned();
    let version = next_version(
        command.expected_version,
        before.as_ref().map(|zone| zone.version),
    )?;
    let name = text::required("name", &command.name, LIMITS.name)?;
    check_ring(&command.polygon)?;
    check_week(&command.opening_hours)?;
    if time_zone(&command.time_zone).is_none() {
        return Err(Objection::invalid("time_zone", "not an IANA time zone"));
    }
    let zone = Zone {
        slug: command.slug.clone(),
        name,
        polygon: command.polygon.clone(),
        time_zone: command.time_zone.clone(),
        opening_hours: command.opening_hours,
        version,
    };
    if before.is_some_and(|before| before.time_zone != zone.time_zone) && has_dates(&draft, &zone) {
        return Err(Rejection::InUse.into());
    }
    let result = ZoneSaved {
        zone: zone.slug.clone(),
        version: zone.version,
    };
    draft.emit(Event::ZoneSaved { zone });
    Ok(draft.done(result))
}

pub(super) fn save_service(mut draft: Draft, command: &ServiceSave) -> Result<Decision, Objection> {
    draft.require_manager()?;
    let before = draft.world.services.get(&command.slug).cloned();
    let version = next_version(
        command.expected_version,
        before.as_ref().map(|service| service.version),
    )?;
    let service = Service {
        slug: command.slug.clone(),
        name: text::required("name", &command.name, LIMITS.name)?,
        duration_minutes: command.duration_minutes,
        crew_size: command.crew_size,
        skills: command.skills.clone(),
        travel_buffer_minutes: command.travel_buffer_minutes,
        lead_time_minutes: command.lead_time_minutes,
        booking_window_days: command.booking_window_days,
        slot_step_minutes: command.slot_step_minutes,
        price_minor: command.price_minor,
        currency: command.currency.clone(),
        active: command.active,
        version,
    };
    check_service(&service)?;
    if before.is_some_and(|before| shape(&before) != shape(&service)) && is_held(&draft, &service) {
        return Err(Rejection::InUse.into());
    }
    for skill in &service.skills {
        if !draft.world.skills.contains_key(skill) {
            draft.emit(Event::SkillAdded {
                skill: skill.clone(),
                name: skill.to_string(),
            });
        }
    }
    let result = ServiceSaved {
        service: service.slug.clone(),
        version: service.version,
    };
    draft.emit(Event::ServiceSaved { service });
    Ok(draft.done(result))
}

impl Draft {
    /// Managers and admins.
    pub(super) fn require_manager(&self) -> Result<(), Objection> {
        match self.actor.role {
            Role::Manager | Role::Admin => Ok(()),
            Role::Customer | Role::Cleaner | Role::Dispatcher | Role::System => {
                Err(Objection::Forbidden)
            }
        }
    }
}

/// The version of a row to be saved: new ones are expected at none.
pub(super) fn next_version(expected: Option<i64>, current: Option<i64>) -> Result<i64, Objection> {
    match (expected, current) {
        (None, None) => Ok(1),
        (None, Some(_)) => Err(Rejection::AlreadyExists.into()),
        (Some(_), None) => Err(Objection::NotFound),
        (Some(_), Some(current)) => {
            check_version(expected, current)?;
            Ok(current + 1)
        }
    }
}

/// What a hold's rows were made for.
fn shape(service: &Service) -> impl PartialEq + use<> {
    (
        service.duration_minutes,
        service.travel_buffer_minutes,
        service.crew_size,
        service.skills.clone(),
    )
}

fn is_held(draft: &Draft, service: &Service) -> bool {
    let mut holds = draft.world.holds.values();
    holds.any(|hold| hold.service == service.slug && hold.is_live(draft.now))
}

/// Whether something ahead was given a local date by the zone's clock.
pub(super) fn has_dates(draft: &Draft, zone: &Zone) -> bool {
    let (world, now) = (&draft.world, draft.now);
    let shifts = world.shifts.values();
    let mut ahead = shifts.filter(|shift| shift.zone == zone.slug && shift.during.end > now);
    let mut jobs = world.jobs.values().filter(|job| job.zone == zone.slug);
    let mut holds = world.holds.values().filter(|hold| hold.zone == zone.slug);
    ahead.next().is_some()
        || jobs.any(|job| job.status.is_live())
        || holds.any(|hold| hold.is_live(now))
}

/// A closed ring with an area. That it does not cross itself is not checked: the even-odd rule
/// gives such a ring a meaning too.
pub(super) fn check_ring(ring: &[[f64; 2]]) -> Result<(), Objection> {
    let invalid = |reason: &str| Err(Objection::invalid("polygon", reason));
    if ring.len() < 4 || ring.first() != ring.last() {
        return invalid("a closed ring of at least three corners");
    }
    if ring.len() > LIMITS.corners {
        return invalid("too many corners");
    }
    for [lon, lat] in ring {
        if check_position(*lon, *lat).is_err() {
            return invalid("a corner is [lon, lat]");
        }
    }
    let twice_area: f64 = ring
        .iter()
        .zip(ring.iter().skip(1))
        .map(|(from, to)| from[0] * to[1] - to[0] * from[1])
        .sum();
    if twice_area == 0.0 {
        return invalid("must enclose an area");
    }
    Ok(())
}

fn check_week(week: &[Option<OpeningHours>; 7]) -> Result<(), Objection> {
    let fits = |hours: &OpeningHours| hours.opens < hours.closes && hours.closes <= DAY_MINUTES;
    if week.iter().flatten().all(fits) {
        return Ok(());
    }
    Err(Objection::invalid(
        "opening_hours",
        "minutes since midnight, closing after opening",
    ))
}

fn check_service(service: &Service) -> Result<(), Objection> {
    let within = |field, holds: bool, reason: &str| {
        if holds {
            Ok(())
        } else {
            Err(Objection::invalid(field, reason))
        }
    };
    let Service {
        duration_minutes,
        crew_size,
        travel_buffer_minutes,
        booking_window_days,
        slot_step_minutes,
        price_minor,
        skills,
        currency,
        lead_time_minutes,
        ..
    } = service;
    within(
        "duration_minutes",
        (15..=360).contains(duration_minutes),
        "from 15 to 360",
    )?;
    within("crew_size", (1..=4).contains(crew_size), "from 1 to 4")?;
    within(
        "travel_buffer_minutes",
        *travel_buffer_minutes <= 60,
        "at most 60",
    )?;
    within(
        "lead_time_minutes",
        *lead_time_minutes <= 90 * 24 * 60,
        "at most 90 days",
    )?;
    within(
        "booking_window_days",
        (1..=90).contains(booking_window_days),
        "from 1 to 90",
    )?;
    let on_grid = (15..=240).contains(slot_step_minutes) && slot_step_minutes % 15 == 0;
    within(
        "slot_step_minutes",
        on_grid,
        "quarters of an hour, at most four hours",
    )?;
    within(
        "price_minor",
        (0..=LIMITS.price_minor).contains(price_minor),
        "not below zero, and at most a million million",
    )?;
    within("skills", skills.len() <= LIMITS.skills, "too many of them")?;
    let code = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase());
    within("currency", code, "an ISO 4217 code")
}

#[cfg(test)]
mod tests;
