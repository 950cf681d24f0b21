//! What queries are answered with, out of a world that was loaded for them: the same functions as
//! decisions go by, so that what is called possible is accepted as long as nothing changes.

use super::{draft::Draft, holds::Slot};
use crate::domain::{
    Context, Objection, World,
    limits::LIMITS,
    query::{Nearest, SlotsNearest},
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

#[cfg(test)]
mod tests;
