//! What queries are answered with, out of a world that was loaded for them: the same functions as
//! decisions go by, so that what is called possible is accepted as long as nothing changes.

use jiff::Timestamp;

use super::{draft::Draft, holds::Slot, moves};
use crate::domain::{
    Context, Objection, World,
    entity::{Job, Zone},
    limits::LIMITS,
    query::{Nearest, SlotsNearest, Target, Targets, TargetsOf},
};

/// `slots.nearest`: what `hold.place` would accept.
pub fn nearest_slots(
    asked: &SlotsNearest,
    world: &World,
    context: &Context,
) -> Result<Nearest, Objection> {
    let draft = Draft::new(world, context);
    let limit = asked.limit.map_or(LIMITS.alternatives, usize::from);
    if limit == 0 || limit > LIMITS.nearest {
        let reason = format!("between 1 and {}", LIMITS.nearest);
        return Err(Objection::invalid("limit", reason));
    }
    let slot = Slot {
        zone: draft.zone(&asked.zone)?,
        service: draft.service(&asked.service)?,
        start: asked.start,
    };
    if !slot.service.active {
        return Err(Objection::NotFound);
    }
    let mut slots = slot.nearest(&draft);
    slots.truncate(limit);
    Ok(Nearest { slots })
}

/// `job.targets`: what `job.move` would accept.
pub fn job_targets(
    asked: &TargetsOf,
    world: &World,
    context: &Context,
) -> Result<Targets, Objection> {
    let draft = Draft::new(world, context);
    draft.require_staff()?;
    let job = draft.job(asked.job)?;
    let starts = match asked.start {
        Some(start) => vec![start],
        None => starts_of(&draft.zone(&job.zone)?, &job),
    };
    let asked_about = asked.start.unwrap_or(job.starts_at);
    let mut without = draft.clone();
    without.free_all(draft.rows_of_job(job.id));
    let others = without.timetable();
    let mut cleaners = Vec::new();
    for cleaner in draft.world.cleaners.values() {
        if !cleaner.active || !cleaner.zones.contains(&job.zone) {
            continue;
        }
        let against = match moves::try_move(&draft, &job, asked_about, cleaner) {
            Ok(()) => None,
            Err(Objection::Rejected(rejection)) => Some(rejection),
            Err(refused) => return Err(refused),
        };
        let legal = |start: &Timestamp| moves::would_move(&draft, &others, &job, *start, cleaner);
        cleaners.push(Target {
            cleaner: cleaner.id,
            starts: starts.iter().copied().filter(legal).collect(),
            against,
        });
    }
    Ok(Targets {
        job: job.id,
        version: job.version,
        cleaners,
    })
}

/// Every quarter of an hour of the job's date.
fn starts_of(zone: &Zone, job: &Job) -> Vec<Timestamp> {
    let Some(day) = zone.day(job.local_date) else {
        return Vec::new();
    };
    let cells = 0..day.cells;
    cells.map(|cell| day.instant(cell.cast_signed())).collect()
}

#[cfg(test)]
mod tests;
