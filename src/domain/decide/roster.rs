//! When people are there: `duty.set` → `{cleaner, duty}`, `time_off.add` → `{time_off, unassigned}`.
//!
//! Off duty while en route or on site is `active_job`; a break is not. Time off takes the cleaner's
//! time from jobs and promises, which give way as `giving_way` says. Time spent on finished jobs stays
//! as it was; the time off is what is left around it.

use super::{Decision, draft::Draft, shifts::planned, text};
use crate::domain::{
    Event, Objection, Rejection,
    command::{DutySet, TimeOffAdd},
    contract::answer::{DutyStands, TimeOffAdded},
    entity::{Cause, Duty, TimeOff, TimeRange},
    ids::{CleanerId, TimeOffId},
    limits::LIMITS,
};

pub(super) fn set_duty(mut draft: Draft, command: &DutySet) -> Result<Decision, Objection> {
    let id = match (draft.actor.cleaner(), command.cleaner) {
        (Some(own), Some(named)) if own != named => return Err(Objection::NotFound),
        (Some(own), _) => own,
        (None, named) => {
            draft.require_staff()?;
            named.ok_or_else(|| Objection::invalid("cleaner", "say whose"))?
        }
    };
    let cleaner = draft.cleaner(id)?;
    if command.duty == Duty::Off {
        let mut jobs = draft.world.jobs.values();
        let active = jobs.find(|job| job.status.is_under_way() && job.crew().any(|on| on == id));
        if let Some(job) = active {
            return Err(Rejection::ActiveJob { job: job.id }.into());
        }
    }
    if cleaner.duty != command.duty {
        draft.emit(Event::DutySet {
            cleaner: id,
            duty: command.duty,
        });
    }
    Ok(draft.done(DutyStands {
        cleaner: id,
        duty: command.duty,
    }))
}

pub(super) fn add_time_off(mut draft: Draft, command: &TimeOffAdd) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let cleaner = draft.cleaner(command.cleaner)?.id;
    let during = planned(draft.now, command.start, command.end, LIMITS.time_off)?;
    let reason = text::optional("reason", command.reason.as_deref(), LIMITS.note)?;
    let mut known = draft.world.time_off.values();
    if known.any(|other| other.cleaner == cleaner && other.during.overlaps(&during)) {
        return Err(Rejection::AlreadyExists.into());
    }
    let force = command.force.into();
    draft.expire_holds_in_the_way(cleaner, during.outward());
    let in_the_way = draft.rows_in(cleaner, during.outward());
    let released = draft.release(&in_the_way, force)?;
    let time_off: TimeOffId = draft.new_id();
    draft.emit(Event::TimeOffAdded {
        time_off: TimeOff {
            id: time_off,
            cleaner,
            during,
            reason: reason.unwrap_or_default(),
            version: 1,
        },
    });
    for rest in left_of(&draft, cleaner, during.outward()) {
        draft.take(cleaner, rest, Cause::TimeOff { time_off });
    }
    let unassigned = draft.place_again(released, force)?;
    Ok(draft.done(TimeOffAdded {
        time_off,
        unassigned,
    }))
}

fn left_of(draft: &Draft, cleaner: CleanerId, range: TimeRange) -> Vec<TimeRange> {
    let mut left = vec![range];
    for row in draft.rows_in(cleaner, range) {
        left = left
            .into_iter()
            .flat_map(|piece| piece.without(row.busy))
            .collect();
    }
    left
}

#[cfg(test)]
mod tests;
