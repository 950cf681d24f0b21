//! `agenda:{cleaner}`: a cleaner's own working life — duty, shifts, time off, and in full those
//! jobs on which they have a seat, and no others.

use super::{
    Channel, Row,
    booking::{crew, first_name},
    row::{AgendaJobRow, CleanerRow, ShiftRow, ShiftTemplateRow, TimeOffRow},
    view::Views,
};
use crate::domain::{
    World,
    entity::{Cleaner, Job, Shift, TimeOff},
    ids::CleanerId,
    template::ShiftTemplate,
};

pub(super) fn project(world: &World, views: &mut Views) {
    for cleaner in world.cleaners.values() {
        let row = || Row::Cleaner(cleaner_row(cleaner));
        views.put(Channel::Agenda(cleaner.id), row);
    }
    for shift in world.shifts.values() {
        let row = || Row::Shift(shift_row(shift));
        views.put(Channel::Agenda(shift.cleaner), row);
    }
    for template in world.templates.values() {
        let row = || Row::ShiftTemplate(template_row(template));
        views.put(Channel::Agenda(template.cleaner), row);
    }
    for time_off in world.time_off.values() {
        let row = || Row::TimeOff(time_off_row(time_off));
        views.put(Channel::Agenda(time_off.cleaner), row);
    }
    for job in world.jobs.values() {
        for cleaner in job.crew() {
            views.put_if_any(Channel::Agenda(cleaner), || {
                agenda_job_row(world, job, cleaner).map(Row::AgendaJob)
            });
        }
    }
}

/// Also shown on `control`.
pub(super) fn cleaner_row(cleaner: &Cleaner) -> CleanerRow {
    CleanerRow {
        id: cleaner.id,
        version: cleaner.version,
        name: cleaner.name.clone(),
        phone: cleaner.phone.clone(),
        zones: cleaner.zones.clone(),
        skills: cleaner.skills.clone(),
        duty: cleaner.duty,
        active: cleaner.active,
    }
}

/// Also shown on `control`.
pub(super) fn shift_row(shift: &Shift) -> ShiftRow {
    ShiftRow {
        id: shift.id,
        version: shift.version,
        cleaner: shift.cleaner,
        zone: shift.zone.clone(),
        local_date: shift.local_date,
        starts_at: shift.during.start,
        ends_at: shift.during.end,
        template: shift.template,
    }
}

fn template_row(template: &ShiftTemplate) -> ShiftTemplateRow {
    ShiftTemplateRow {
        id: template.id,
        version: template.version,
        cleaner: template.cleaner,
        zone: template.zone.clone(),
        week: template.week.clone(),
        valid_from: template.valid_from,
        valid_until: template.valid_until,
        exceptions: template.exceptions.clone(),
        planned_until: template.planned_until,
    }
}

/// Also shown on `control`. Why they are away is nobody else's business, so no row has it.
pub(super) fn time_off_row(time_off: &TimeOff) -> TimeOffRow {
    TimeOffRow {
        id: time_off.id,
        version: time_off.version,
        cleaner: time_off.cleaner,
        starts_at: time_off.during.start,
        ends_at: time_off.during.end,
    }
}

fn agenda_job_row(world: &World, job: &Job, cleaner: CleanerId) -> Option<AgendaJobRow> {
    let booking = world.bookings.get(&job.booking)?;
    let customer = world.customers.get(&booking.customer)?;
    let property = world.properties.get(&booking.property)?;
    let crew = crew(job);
    Some(AgendaJobRow {
        id: job.id,
        version: job.version,
        number: job.number,
        status: job.status,
        zone: job.zone.clone(),
        service: job.service.clone(),
        local_date: job.local_date,
        starts_at: job.starts_at,
        duration_minutes: job.duration_minutes,
        travel_buffer_minutes: job.travel_buffer_minutes,
        customer_name: customer.name.clone(),
        customer_phone: customer.phone.clone(),
        address: property.address.clone(),
        access_notes: property.access_notes.clone(),
        lon: property.lon,
        lat: property.lat,
        lead: crew.first() == Some(&cleaner),
        with: crew
            .iter()
            .filter(|other| **other != cleaner)
            .map(|other| first_name(world, *other))
            .collect(),
        times: job.times.clone(),
    })
}
