//! `hold.place` → `{hold, expires_at}`, `hold.extend` → `{hold, expires_at}`, `hold.release` →
//! `{hold}`, `hold.expire` → `{hold, status}`.
//!
//! A hold promises a slot for five minutes, and once for five more. It is given only where enough
//! cleaners are free as things stand: nobody is re-homed for it, so what can be held is exactly what
//! the slots channel counts. Staff hold for a customer under the same rules, lead time included.
//! Invariant 3: a hold is honoured until `expires_at` by `Context::now`, and never after.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, draft::Draft};
use crate::domain::{
    Event, Objection, Rejection, Role,
    command::{HoldExpire, HoldExtend, HoldPlace, HoldRelease},
    contract::answer::{HoldEnded, HoldStands, SlotHeld},
    entity::{Cause, Hold, HoldStatus, Service, TimeRange, Zone},
    homing::{self, Promise},
    ids::{CleanerId, CustomerId, HoldId},
    limits::LIMITS,
    rejection::Alternative,
    scope::Scope,
    slots,
};

pub(super) fn place(mut draft: Draft, command: &HoldPlace) -> Result<Decision, Objection> {
    let customer = draft.customer(command.customer)?.id;
    let zone = draft.zone(&command.zone)?;
    let service = draft.service(&command.service)?;
    let slot = Slot {
        zone,
        service,
        start: command.start,
    };
    slot.check_terms(draft.now)?;
    check_hold_limit(&draft, customer)?;
    let hold: HoldId = draft.new_id();
    let carriers = slot.carriers(&draft, Cause::Hold { hold, seat: 0 }, None)?;
    let expires_at = after(draft.now, LIMITS.hold_life);
    let placed = Hold {
        id: hold,
        customer,
        zone: slot.zone.slug.clone(),
        service: slot.service.slug.clone(),
        starts_at: slot.start,
        placed_at: draft.now,
        expires_at,
        extended: false,
        status: HoldStatus::Active,
        version: 1,
    };
    draft.emit(Event::HoldPlaced { hold: placed });
    let busy = slot.busy()?;
    for (seat, cleaner) in (0..).zip(carriers) {
        draft.take(cleaner, busy, Cause::Hold { hold, seat });
    }
    Ok(draft.done(SlotHeld { hold, expires_at }))
}

pub(super) fn extend(mut draft: Draft, command: &HoldExtend) -> Result<Decision, Objection> {
    let hold = live_hold(&draft, command.hold)?;
    if hold.extended {
        return Err(Rejection::AlreadyExtended.into());
    }
    let expires_at = after(hold.expires_at, LIMITS.hold_life)
        .min(after(hold.placed_at, LIMITS.hold_life_in_all));
    draft.emit(Event::HoldExtended {
        hold: hold.id,
        expires_at,
    });
    Ok(draft.done(SlotHeld {
        hold: hold.id,
        expires_at,
    }))
}

pub(super) fn release(mut draft: Draft, command: &HoldRelease) -> Result<Decision, Objection> {
    let hold = live_hold(&draft, command.hold)?;
    draft.emit(Event::HoldReleased { hold: hold.id });
    draft.free_all(draft.rows_of_hold(hold.id));
    draft.secure();
    Ok(draft.done(HoldEnded { hold: hold.id }))
}

/// The timer's command. A hold that ended otherwise, or lives on by an extension, stays as it is.
pub(super) fn expire(mut draft: Draft, command: &HoldExpire) -> Result<Decision, Objection> {
    if draft.actor.role != Role::System {
        return Err(Objection::Forbidden);
    }
    let hold = draft.world.holds.get(&command.hold);
    let lapsed = hold.ok_or(Objection::NotFound)?.has_lapsed(draft.now);
    if lapsed {
        draft.expire_hold(command.hold);
        draft.secure();
    }
    let (status, expires_at) = {
        let hold = &draft.world.holds[&command.hold];
        (hold.status, hold.expires_at)
    };
    Ok(draft.done(HoldStands {
        hold: command.hold,
        status,
        expires_at,
    }))
}

/// A hold that the actor may use and that is still honoured.
pub(super) fn live_hold(draft: &Draft, id: HoldId) -> Result<Hold, Objection> {
    let hold = draft.hold(id)?;
    match hold.status {
        HoldStatus::Active if hold.is_live(draft.now) => Ok(hold),
        HoldStatus::Active | HoldStatus::Expired => Err(Rejection::HoldExpired.into()),
        HoldStatus::Consumed | HoldStatus::Released => Err(Rejection::IllegalTransition {
            from: hold.status.as_str().to_owned(),
        }
        .into()),
    }
}

fn check_hold_limit(draft: &Draft, customer: CustomerId) -> Result<(), Objection> {
    let live = draft
        .world
        .holds
        .values()
        .filter(|hold| hold.customer == customer && hold.is_live(draft.now))
        .count();
    let limit = LIMITS.holds_per_customer;
    if live >= limit as usize {
        return Err(Rejection::HoldLimit { limit }.into());
    }
    Ok(())
}

fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// What somebody would like to have.
pub(super) struct Slot {
    pub(super) zone: Zone,
    pub(super) service: Service,
    pub(super) start: Timestamp,
}

impl Slot {
    /// Whether the service is sold at this start, at this notice. A service that is not on sale is
    /// as absent as one that does not exist.
    pub(super) fn check_terms(&self, now: Timestamp) -> Result<(), Objection> {
        if !self.service.active {
            return Err(Objection::NotFound);
        }
        self.check_start(now)
    }

    /// Whether the start is one of the service's, at this notice.
    pub(super) fn check_start(&self, now: Timestamp) -> Result<(), Objection> {
        let (earliest, latest) = self.notice(now);
        if self.start < earliest {
            return Err(Rejection::LeadTime { earliest }.into());
        }
        if self.start > latest {
            return Err(Rejection::OutsideBookingWindow { latest }.into());
        }
        if !slots::is_sold_at(&self.zone, &self.service, self.start) {
            return Err(Rejection::NotASlot.into());
        }
        Ok(())
    }

    fn notice(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let lead = SignedDuration::from_mins(i64::from(self.service.lead_time_minutes));
        let window = SignedDuration::from_hours(24 * i64::from(self.service.booking_window_days));
        (after(now, lead), after(now, window))
    }

    pub(super) fn busy(&self) -> Result<TimeRange, Objection> {
        let service = &self.service;
        TimeRange::of_work(
            self.start,
            service.travel_buffer_minutes,
            service.duration_minutes,
        )
        .ok_or_else(|| Objection::invalid("start", "outside the calendar"))
    }

    /// Who would carry the promise, one per seat. Without so many the slot is gone; others are told
    /// of, but not the start that the visit has now.
    pub(super) fn carriers(
        &self,
        draft: &Draft,
        cause: Cause,
        instead_of: Option<Timestamp>,
    ) -> Result<Vec<CleanerId>, Objection> {
        let promise = Promise {
            cause,
            zone: self.zone.slug.clone(),
            skills: self.service.skills.clone(),
            busy: self.busy()?,
        };
        let crew = usize::from(self.service.crew_size);
        homing::choose(&draft.timetable(), &promise, crew)
            .ok_or_else(|| self.gone(draft, instead_of))
    }

    /// That it is gone, with the nearest slots that could be had instead.
    pub(super) fn gone(&self, draft: &Draft, instead_of: Option<Timestamp>) -> Objection {
        let mut alternatives = self.nearest(draft);
        alternatives.retain(|slot| slot.start != self.start && Some(slot.start) != instead_of);
        alternatives.truncate(LIMITS.alternatives);
        Rejection::SlotGone { alternatives }.into()
    }

    /// The slots around that can be held, the nearer and then the earlier first.
    pub(super) fn nearest(&self, draft: &Draft) -> Vec<Alternative> {
        let (earliest, latest) = self.notice(draft.now);
        let around = Scope::slots_around(self.start);
        let timetable = draft.timetable();
        let mut starts: Vec<Timestamp> = self
            .zone
            .date_at(around.start)
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date <= self.zone.date_at(around.end))
            .filter_map(|date| self.zone.day(date))
            .flat_map(|day| slots::counts_of_service(&timetable, &self.zone, &self.service, &day))
            .filter(|(_, free)| *free >= u32::from(self.service.crew_size))
            .map(|(start, _)| start)
            .filter(|start| earliest <= *start && *start <= latest)
            .collect();
        starts.sort_by_key(|start| (start.duration_since(self.start).abs(), *start));
        starts
            .into_iter()
            .map(|start| Alternative {
                zone: self.zone.slug.clone(),
                service: self.service.slug.clone(),
                start,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
