//! Weekly templates: `template.save`, `template.end` and `template.except` → `{template, version,
//! unassigned}`; `template.plan`, the system's, → `{template, version, unassigned}` too.
//!
//! A new template's shifts are made by a timer, a week at a time, as far ahead as bookings can lie. A
//! changed one changes those shifts at once that were made from it, have not begun and that nobody
//! changed by hand; work that they no longer cover gives way as `giving_way` says. Where the cleaner
//! has another shift at that time, that one stands. A cleaner who is not active, or no longer works
//! in the zone, gets no shifts: who comes back is planned by saving the template again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};

use super::{
    Decision,
    draft::{Draft, check_version},
    giving_way::Force,
    people::version_of_known,
};
use crate::domain::{
    Event, Objection, Rejection, Role,
    command::{TemplateEnd, TemplateExcept, TemplatePlan, TemplateSave},
    contract::answer::TemplateWritten,
    entity::{Shift, TimeRange},
    ids::{JobId, TemplateId},
    limits::LIMITS,
    template::{ShiftTemplate, TemplateException, days_ahead, fault_of_day, fault_of_week},
};

pub(super) fn save(mut draft: Draft, command: &TemplateSave) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let cleaner = draft.cleaner(command.cleaner)?;
    let zone = draft.zone(&command.zone)?;
    let before = match command.template {
        None => None,
        Some(id) => Some(draft.template(id)?),
    };
    let version = version_of_known(command.expected_version, before.as_ref(), |t| t.version)?;
    check_place(&draft, command, before.as_ref())?;
    if let Some(fault) = fault_of_week(&command.week) {
        return Err(Objection::invalid("week", fault));
    }
    check_validity(zone.date_at(draft.now), command)?;
    let id = before.as_ref().map_or_else(|| draft.new_id(), |row| row.id);
    let yesterday = zone.date_at(draft.now).yesterday().unwrap_or(Date::MIN);
    let kept = before.as_ref().map(|row| row.exceptions.clone());
    let template = ShiftTemplate {
        id,
        cleaner: cleaner.id,
        zone: zone.slug,
        week: command.week.clone(),
        valid_from: command.valid_from,
        valid_until: command.valid_until,
        exceptions: kept.unwrap_or_default().split_off(&yesterday),
        planned_until: before.and_then(|row| row.planned_until),
        version,
    };
    rewrite(draft, &template, command.force.into())
}

pub(super) fn end(draft: Draft, command: &TemplateEnd) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let mut template = draft.template(command.template)?;
    check_version(command.expected_version, template.version)?;
    // Ended before it began, it has been valid on no day.
    let never = template.valid_from.yesterday().unwrap_or(Date::MIN);
    template.valid_until = Some(command.last_date.max(never));
    template.version += 1;
    rewrite(draft, &template, command.force.into())
}

pub(super) fn except(draft: Draft, command: &TemplateExcept) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let mut template = draft.template(command.template)?;
    check_version(command.expected_version, template.version)?;
    match &command.hours {
        None => {
            template.exceptions.remove(&command.date);
        }
        Some(hours) => {
            if let Some(fault) = fault_of_day(hours) {
                return Err(Objection::invalid("hours", fault));
            }
            let is_new = !template.exceptions.contains_key(&command.date);
            if is_new && template.exceptions.len() >= LIMITS.template_exceptions {
                return Err(Objection::invalid("date", "too many exceptions"));
            }
            let hours = hours.clone();
            let exception = TemplateException::Hours { hours };
            template.exceptions.insert(command.date, exception);
        }
    }
    template.version += 1;
    rewrite(draft, &template, command.force.into())
}

/// The next week's shifts, as far as they are within the horizon.
pub(super) fn plan(mut draft: Draft, command: &TemplatePlan) -> Result<Decision, Objection> {
    if draft.actor.role != Role::System {
        return Err(Objection::Forbidden);
    }
    let template = draft.template(command.template)?;
    let today = draft.zone(&template.zone)?.date_at(draft.now);
    let horizon = days_ahead(&draft.world);
    let seen = today.checked_add(horizon.days()).unwrap_or(Date::MAX);
    let Some(next) = template.next_date() else {
        return Ok(answer(draft, template.id, BTreeSet::new()));
    };
    let first = next.max(today);
    let week = first.checked_add(6.days()).unwrap_or(Date::MAX);
    let last = template.valid_until.map_or(week, |until| until.min(week));
    let until = last.min(seen);
    if first <= until {
        remake(&mut draft, &template, first, until, Force::Ask)?;
    }
    // Stated also where there was nothing to do, for the timer to be set to the next day.
    let until = until.max(template.planned_until.unwrap_or(Date::MIN));
    draft.emit(Event::TemplatePlanned {
        template: template.id,
        until: until.max(next.yesterday().unwrap_or(Date::MIN)),
    });
    Ok(answer(draft, template.id, BTreeSet::new()))
}

impl Draft {
    fn template(&self, id: TemplateId) -> Result<ShiftTemplate, Objection> {
        let template = self.world.templates.get(&id);
        template.cloned().ok_or(Objection::NotFound)
    }
}

/// Saves the template as it is to be, and changes what was made from it.
fn rewrite(
    mut draft: Draft,
    template: &ShiftTemplate,
    force: Force,
) -> Result<Decision, Objection> {
    draft.emit(Event::TemplateSaved {
        template: template.clone(),
    });
    let mut unassigned = BTreeSet::new();
    let today = draft.zone(&template.zone)?.date_at(draft.now);
    if let Some(last) = template.planned_until.filter(|last| today <= *last) {
        unassigned = remake(&mut draft, template, today, last, force)?;
    }
    Ok(answer(draft, template.id, unassigned))
}

fn answer(draft: Draft, template: TemplateId, unassigned: BTreeSet<JobId>) -> Decision {
    let version = draft
        .world
        .templates
        .get(&template)
        .map_or(0, |t| t.version);
    draft.done(TemplateWritten {
        template,
        version,
        unassigned,
    })
}

fn check_place(
    draft: &Draft,
    command: &TemplateSave,
    before: Option<&ShiftTemplate>,
) -> Result<(), Objection> {
    let cleaner = draft.cleaner(command.cleaner)?;
    if before.is_some_and(|row| row.cleaner != command.cleaner) {
        return Err(Objection::invalid("cleaner", "another's template"));
    }
    if before.is_some_and(|row| row.zone != command.zone) {
        return Err(Objection::invalid("zone", "a template stays in its zone"));
    }
    if !cleaner.active {
        return Err(Objection::invalid("cleaner", "no longer active"));
    }
    if !cleaner.zones.contains(&command.zone) {
        return Err(Objection::invalid("zone", "not a home zone of the cleaner"));
    }
    let theirs = draft.world.templates.values();
    let theirs = theirs.filter(|row| row.cleaner == cleaner.id && row.next_date().is_some());
    if before.is_none() && theirs.count() >= LIMITS.templates_per_cleaner {
        return Err(Objection::invalid("cleaner", "too many templates"));
    }
    Ok(())
}

fn check_validity(today: Date, command: &TemplateSave) -> Result<(), Objection> {
    let days = LIMITS.planning_horizon.as_hours() / 24;
    let farthest = today.checked_add(days.days()).unwrap_or(Date::MAX);
    let earliest = today.checked_sub(days.days()).unwrap_or(Date::MIN);
    if !(earliest..=farthest).contains(&command.valid_from) {
        return Err(Objection::invalid("valid_from", "too far from now"));
    }
    if command
        .valid_until
        .is_some_and(|last| last < command.valid_from)
    {
        return Err(Objection::invalid("valid_until", "before the first day"));
    }
    Ok(())
}

/// What is to become of a template's shifts.
#[derive(Default)]
struct Remaking {
    cancelled: Vec<Shift>,
    changed: Vec<(Shift, Date, TimeRange)>,
    published: Vec<(Date, TimeRange)>,
}

/// Makes the shifts of these dates what the template says, as far as they have not begun.
fn remake(
    draft: &mut Draft,
    template: &ShiftTemplate,
    first: Date,
    last: Date,
    force: Force,
) -> Result<BTreeSet<JobId>, Objection> {
    let Remaking {
        cancelled,
        changed,
        published,
    } = remaking(draft, template, first, last)?;
    for shift in cancelled
        .iter()
        .chain(changed.iter().map(|(shift, ..)| shift))
    {
        draft.expire_holds_in_the_way(shift.cleaner, shift.during.outward());
    }
    let before = draft.world.clone();
    for shift in cancelled {
        draft.emit(Event::ShiftCancelled { shift });
    }
    for (shift, local_date, during) in changed {
        draft.emit(Event::ShiftChanged {
            shift: shift.id,
            local_date,
            during,
            template: Some(template.id),
        });
    }
    for (local_date, during) in published {
        let shift = Shift {
            id: draft.new_id(),
            cleaner: template.cleaner,
            zone: template.zone.clone(),
            local_date,
            during,
            template: Some(template.id),
            version: 1,
        };
        draft.emit(Event::ShiftPublished { shift });
    }
    let uncovered = draft.uncovered_since(&before, template.cleaner);
    let released = draft.release(&uncovered, force)?;
    draft.place_again(released, force)
}

fn remaking(
    draft: &Draft,
    template: &ShiftTemplate,
    first: Date,
    last: Date,
) -> Result<Remaking, Objection> {
    let zone = draft.zone(&template.zone)?;
    let cleaner = draft.cleaner(template.cleaner)?;
    let works = cleaner.active && cleaner.zones.contains(&zone.slug);
    let (mut made, mut others): (BTreeMap<Date, Vec<Shift>>, Vec<TimeRange>) = Default::default();
    for shift in draft
        .world
        .shifts
        .values()
        .filter(|s| s.cleaner == cleaner.id)
    {
        let ours = shift.template == Some(template.id)
            && shift.during.start > draft.now
            && (first..=last).contains(&shift.local_date);
        if ours {
            made.entry(shift.local_date)
                .or_default()
                .push(shift.clone());
        } else {
            others.push(shift.during);
        }
    }
    let mut remaking = Remaking::default();
    for date in first.series(1.day()).take_while(|date| *date <= last) {
        let mut made = made.remove(&date).unwrap_or_default();
        made.sort_by_key(|shift| shift.during);
        let Some(wanted) = template.shifts_on(&zone, date) else {
            continue;
        };
        let mut wanted: Vec<TimeRange> = wanted
            .into_iter()
            .filter(|range| works && range.start > draft.now)
            .filter(|range| !others.iter().any(|other| other.overlaps(range)))
            .collect();
        // A night shift meets the next day's hours where clocks change: what is taken stands.
        others.extend(wanted.iter().copied());
        made.retain(
            |shift| match wanted.iter().position(|range| *range == shift.during) {
                Some(same) => {
                    wanted.remove(same);
                    false
                }
                None => true,
            },
        );
        let both = made.len().min(wanted.len());
        let spare = made.split_off(both);
        let new = wanted.split_off(both);
        let changed = made.into_iter().zip(wanted);
        remaking
            .changed
            .extend(changed.map(|(shift, range)| (shift, date, range)));
        remaking.cancelled.extend(spare);
        remaking
            .published
            .extend(new.into_iter().map(|range| (date, range)));
    }
    Ok(remaking)
}

/// A shift made from a template that somebody changes by hand is the template's no more.
pub(super) fn leave_to_hand(draft: &mut Draft, shift: &Shift) {
    let Some(template) = shift.template else {
        return;
    };
    if draft.world.templates.contains_key(&template) {
        draft.emit(Event::TemplateLeftToHand {
            template,
            date: shift.local_date,
        });
    }
}

/// Whether a rejection is needed where a cleaner leaves a zone.
pub(super) fn check_none_elsewhere(
    draft: &Draft,
    cleaner: &crate::domain::entity::Cleaner,
) -> Result<(), Objection> {
    let theirs = draft.world.templates.values();
    let mut theirs = theirs.filter(|row| row.cleaner == cleaner.id && row.next_date().is_some());
    if theirs.any(|row| !cleaner.zones.contains(&row.zone)) {
        return Err(Rejection::InUse.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
