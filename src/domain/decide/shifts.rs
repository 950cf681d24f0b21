//! `shift.publish` → `{shift}`, `shift.change` and `shift.cancel` → `{shift, unassigned}`.
//!
//! A shift lies in a home zone of its cleaner and belongs to the local date of its start. One that
//! is over is history and stays as it was. What is changed by hand no longer follows its template. Work that a changed or cancelled shift no longer covers
//! gives way as it does for time off; see `giving_way`.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    Decision,
    draft::{Draft, check_version},
    giving_way::Force,
    templates::leave_to_hand,
};
use crate::domain::{
    Event, Objection, Rejection,
    command::{ShiftCancel, ShiftChange, ShiftPublish},
    contract::answer::{ShiftReshaped, ShiftWritten},
    entity::{Shift, TimeRange},
    ids::{CleanerId, ShiftId},
    limits::LIMITS,
};

pub(super) fn publish(mut draft: Draft, command: &ShiftPublish) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let cleaner = draft.cleaner(command.cleaner)?;
    let zone = draft.zone(&command.zone)?;
    if !cleaner.active {
        return Err(Objection::invalid("cleaner", "no longer active"));
    }
    if !cleaner.zones.contains(&zone.slug) {
        return Err(Objection::invalid("zone", "not a home zone of the cleaner"));
    }
    let during = planned(draft.now, command.start, command.end, LIMITS.shift)?;
    check_alone(&draft, cleaner.id, None, during)?;
    let shift = Shift {
        id: draft.new_id(),
        cleaner: cleaner.id,
        local_date: zone.date_at(during.start),
        zone: zone.slug,
        during,
        template: None,
        version: 1,
    };
    let result = ShiftWritten { shift: shift.id };
    draft.emit(Event::ShiftPublished { shift });
    draft.secure();
    Ok(draft.done(result))
}

pub(super) fn change(draft: Draft, command: &ShiftChange) -> Result<Decision, Objection> {
    let shift = changeable(&draft, command.shift, command.expected_version)?;
    let during = planned(draft.now, command.start, command.end, LIMITS.shift)?;
    check_alone(&draft, shift.cleaner, Some(shift.id), during)?;
    if during == shift.during {
        return Ok(draft.done(ShiftReshaped {
            shift: shift.id,
            unassigned: BTreeSet::new(),
        }));
    }
    let local_date = draft.zone(&shift.zone)?.date_at(during.start);
    let fact = Event::ShiftChanged {
        shift: shift.id,
        local_date,
        during,
        template: None,
    };
    reshape(draft, &shift, fact, command.force.into())
}

pub(super) fn cancel(draft: Draft, command: &ShiftCancel) -> Result<Decision, Objection> {
    let shift = changeable(&draft, command.shift, command.expected_version)?;
    let fact = Event::ShiftCancelled {
        shift: shift.clone(),
    };
    reshape(draft, &shift, fact, command.force.into())
}

/// Lets the shift become what it is to be, and the work that it covered find others.
fn reshape(
    mut draft: Draft,
    shift: &Shift,
    fact: Event,
    force: Force,
) -> Result<Decision, Objection> {
    draft.expire_holds_in_the_way(shift.cleaner, shift.during.outward());
    let before = draft.world.clone();
    draft.emit(fact);
    leave_to_hand(&mut draft, shift);
    let uncovered = draft.uncovered_since(&before, shift.cleaner);
    let released = draft.release(&uncovered, force)?;
    let unassigned = draft.place_again(released, force)?;
    Ok(draft.done(ShiftReshaped {
        shift: shift.id,
        unassigned,
    }))
}

fn changeable(draft: &Draft, id: ShiftId, expected: Option<i64>) -> Result<Shift, Objection> {
    draft.require_staff()?;
    let shift = draft.world.shifts.get(&id);
    let shift = shift.cloned().ok_or(Objection::NotFound)?;
    check_version(expected, shift.version)?;
    if shift.during.end <= draft.now {
        let from = "over".to_owned();
        return Err(Rejection::IllegalTransition { from }.into());
    }
    Ok(shift)
}

/// A cleaner has one shift at a time, wherever.
fn check_alone(
    draft: &Draft,
    cleaner: CleanerId,
    but: Option<ShiftId>,
    during: TimeRange,
) -> Result<(), Objection> {
    let mut shifts = draft.world.shifts.values();
    let clashes = |shift: &Shift| {
        shift.cleaner == cleaner && Some(shift.id) != but && shift.during.overlaps(&during)
    };
    if shifts.any(clashes) {
        return Err(Rejection::AlreadyExists.into());
    }
    Ok(())
}

/// A range that people plan: not empty, not too long, not too far away.
pub(super) fn planned(
    now: Timestamp,
    start: Timestamp,
    end: Timestamp,
    longest: SignedDuration,
) -> Result<TimeRange, Objection> {
    let range = TimeRange::new(start, end)
        .ok_or_else(|| Objection::invalid("end", "must be after the start"))?;
    if start.duration_since(now).abs() > LIMITS.planning_horizon {
        return Err(Objection::invalid("start", "too far from now"));
    }
    if end.duration_since(start) > longest {
        let hours = longest.as_hours();
        return Err(Objection::invalid("end", format!("at most {hours} hours")));
    }
    Ok(range)
}

#[cfg(test)]
mod tests;
