//! `control:{zone}:{date}`: a zone's day as dispatchers steer it — the cleaners who work that day,
//! their shifts and time off, every job that starts on it, and the jobs' unresolved alerts.
//!
//! A shift belongs to each local date that it reaches into: somebody on a night shift is there to
//! be given a job at two in the morning.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::{
    Channel, Row,
    agenda::{cleaner_row, shift_row, time_off_row},
    booking::crew,
    row::{AlertRow, JobRow},
    view::Views,
};
use crate::domain::{
    World,
    alert::Alert,
    entity::{Job, Shift, TimeRange, Zone},
    timetable::ByCleaner,
};

pub(super) fn project(world: &World, views: &mut Views) {
    let around = views.only().and_then(|channel| around(channel, world));
    let mut rules = BTreeMap::new();
    for shift in world.shifts.values() {
        if around.is_some_and(|around| !around.overlaps(&shift.during)) {
            continue;
        }
        let rules = rules
            .entry(&shift.zone)
            .or_insert_with(|| world.zones.get(&shift.zone).map(Zone::rules));
        for date in dates_of(rules.as_ref(), shift, shift.during) {
            let channel = Channel::Control {
                zone: shift.zone.clone(),
                date,
            };
            if let Some(cleaner) = world.cleaners.get(&shift.cleaner) {
                let row = || Row::Cleaner(cleaner_row(cleaner));
                views.put(channel.clone(), row);
            }
            views.put(channel, || Row::Shift(shift_row(shift)));
        }
        project_time_off(world, shift, rules.as_ref(), views);
    }
    for job in world.jobs.values() {
        views.put_if_any(of_job(job), || job_row(world, job).map(Row::Job));
    }
    for alert in world.alerts.values().filter(|alert| !alert.is_resolved()) {
        if let Some(job) = world.jobs.get(&alert.job) {
            views.put(of_job(job), || Row::Alert(alert_row(alert)));
        }
    }
}

fn of_job(job: &Job) -> Channel {
    Channel::Control {
        zone: job.zone.clone(),
        date: job.local_date,
    }
}

/// The time outside of which no shift shows on the channel; `None` where there is no telling.
fn around(channel: &Channel, world: &World) -> Option<TimeRange> {
    let Channel::Control { zone, date } = channel else {
        return None;
    };
    let day = world.zones.get(zone)?.day(*date)?;
    // An hour more on either side, to be sure
    let cells = day.cells.cast_signed();
    TimeRange::new(day.instant(-4), day.instant(cells + 4))
}

fn alert_row(alert: &Alert) -> AlertRow {
    AlertRow {
        id: alert.id,
        version: alert.version,
        job: alert.job,
        about: alert.about,
        level: alert.level,
        status: alert.status,
        raised_at: alert.raised_at,
        snoozed_until: alert.snoozed_until,
        handled_by: alert.handled_by,
    }
}

fn project_time_off(world: &World, shift: &Shift, rules: Option<&TimeZone>, views: &mut Views) {
    for time_off in world.time_off.group::<ByCleaner>(shift.cleaner.0) {
        let cut = TimeRange::new(
            time_off.during.start.max(shift.during.start),
            time_off.during.end.min(shift.during.end),
        );
        for date in cut.into_iter().flat_map(|cut| dates_of(rules, shift, cut)) {
            let channel = Channel::Control {
                zone: shift.zone.clone(),
                date,
            };
            views.put(channel, || Row::TimeOff(time_off_row(time_off)));
        }
    }
}

/// The local dates that `part` of a shift reaches into.
fn dates_of(rules: Option<&TimeZone>, shift: &Shift, part: TimeRange) -> Vec<Date> {
    let Some(rules) = rules else {
        return vec![shift.local_date];
    };
    let date_at = |at| rules.to_datetime(at).date();
    let last = date_at(part.end - 1.nanosecond());
    date_at(part.start)
        .series(1.day())
        .take_while(|date| *date <= last)
        .collect()
}

fn job_row(world: &World, job: &Job) -> Option<JobRow> {
    let booking = world.bookings.get(&job.booking)?;
    let customer = world.customers.get(&booking.customer)?;
    let property = world.properties.get(&booking.property)?;
    Some(JobRow {
        id: job.id,
        version: job.version,
        number: job.number,
        status: job.status,
        at_risk: job.at_risk,
        service: job.service.clone(),
        starts_at: job.starts_at,
        duration_minutes: job.duration_minutes,
        travel_buffer_minutes: job.travel_buffer_minutes,
        seats: job
            .seats
            .iter()
            .map(|seat| seat.map(|seat| seat.cleaner))
            .collect(),
        lead: crew(job).first().copied(),
        booking: booking.id,
        booking_version: booking.version,
        booking_status: booking.status,
        customer: customer.id,
        customer_name: customer.name.clone(),
        customer_phone: customer.phone.clone(),
        address: property.address.clone(),
        district: property.district.clone(),
        access_notes: property.access_notes.clone(),
        lon: property.lon,
        lat: property.lat,
        times: job.times.clone(),
    })
}
