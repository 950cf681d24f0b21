//! The part of a world that a change concerns: what has changed, what shows it, and what is shown
//! beside it. The views of the parts before and after differ as those of the worlds do, because
//! each row that may differ is in them with all that it is made of, and every other row, whole or not, is
//! the same in both. So telling of a change costs what has changed, not what was loaded.
//!
//! A projection that joins one more table needs a line here; a test holds changes of every table
//! against the views of everything.

use std::collections::BTreeSet;

use crate::domain::{
    Table, World,
    entity::Job,
    ids::{AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId, TemplateId},
    table::Changed,
    timetable::ByCleaner,
    world::{ByBooking, ByJob},
};

#[derive(Default)]
pub(super) struct Part {
    customers: BTreeSet<CustomerId>,
    properties: BTreeSet<PropertyId>,
    holds: BTreeSet<HoldId>,
    bookings: BTreeSet<BookingId>,
    jobs: BTreeSet<JobId>,
    alerts: BTreeSet<AlertId>,
    templates: BTreeSet<TemplateId>,
    cleaners: BTreeSet<CleanerId>,
    /// With all their shifts and time off: one row shows what several of them say together.
    at_work: BTreeSet<CleanerId>,
}

impl Part {
    /// `None`: everything. What shows where depends on the clocks of zones.
    pub(super) fn concerned(before: &World, after: &World) -> Option<Self> {
        if !after.zones.since(&before.zones).is_empty() {
            return None;
        }
        let mut part = Self::default();
        part.add_changed(before, after);
        for world in [before, after] {
            part.add_showing(world);
        }
        // Once more for those that only the later one leads to
        for world in [before, after, before] {
            part.add_visits(world);
        }
        for world in [before, after] {
            part.add_shown(world);
        }
        Some(part)
    }

    fn add_changed(&mut self, before: &World, after: &World) {
        self.customers = ids(&after.customers.since(&before.customers));
        self.properties = ids(&after.properties.since(&before.properties));
        self.holds = ids(&after.holds.since(&before.holds));
        self.bookings = ids(&after.bookings.since(&before.bookings));
        self.jobs = ids(&after.jobs.since(&before.jobs));
        self.alerts = ids(&after.alerts.since(&before.alerts));
        self.templates = ids(&after.templates.since(&before.templates));
        self.cleaners = ids(&after.cleaners.since(&before.cleaners));
        self.at_work.clone_from(&self.cleaners);
        let shifts = after.shifts.since(&before.shifts);
        self.at_work.extend(sides(&shifts).map(|row| row.cleaner));
        let time_off = after.time_off.since(&before.time_off);
        self.at_work.extend(sides(&time_off).map(|row| row.cleaner));
        let alerts = after.alerts.since(&before.alerts);
        self.jobs.extend(sides(&alerts).map(|row| row.job));
    }

    /// Visits that show the customer, the property or the crew.
    fn add_showing(&mut self, world: &World) {
        if !self.customers.is_empty() || !self.properties.is_empty() {
            let showing = world.bookings.values().filter(|row| {
                self.customers.contains(&row.customer) || self.properties.contains(&row.property)
            });
            self.bookings.extend(showing.map(|row| row.id));
        }
        if !self.cleaners.is_empty() {
            let showing = |job: &&Job| job.crew().any(|on| self.cleaners.contains(&on));
            let showing = world.jobs.values().filter(showing);
            self.jobs.extend(showing.map(|row| row.id));
        }
    }

    /// A booking with its jobs, a job with its booking.
    fn add_visits(&mut self, world: &World) {
        let jobs = self.jobs.iter().filter_map(|id| world.jobs.get(id));
        self.bookings.extend(jobs.map(|job| job.booking));
        for booking in &self.bookings {
            let jobs = world.jobs.group::<ByBooking>(booking.0);
            self.jobs.extend(jobs.map(|job| job.id));
        }
    }

    /// What is shown beside.
    fn add_shown(&mut self, world: &World) {
        for booking in self.bookings.iter().filter_map(|id| world.bookings.get(id)) {
            self.customers.insert(booking.customer);
            self.properties.insert(booking.property);
        }
        for job in self.jobs.iter().filter_map(|id| world.jobs.get(id)) {
            self.cleaners.extend(job.crew());
            let alerts = world.alerts.group::<ByJob>(job.id.0);
            self.alerts.extend(alerts.map(|alert| alert.id));
        }
        self.cleaners.extend(&self.at_work);
    }

    pub(super) fn of(&self, world: &World) -> World {
        let at_work = || self.at_work.iter().map(|cleaner| cleaner.0);
        let shifts = at_work().flat_map(|cleaner| world.shifts.group::<ByCleaner>(cleaner));
        let time_off = at_work().flat_map(|cleaner| world.time_off.group::<ByCleaner>(cleaner));
        World {
            zones: world.zones.clone(),
            customers: picked(&world.customers, &self.customers),
            properties: picked(&world.properties, &self.properties),
            holds: picked(&world.holds, &self.holds),
            bookings: picked(&world.bookings, &self.bookings),
            jobs: picked(&world.jobs, &self.jobs),
            alerts: picked(&world.alerts, &self.alerts),
            templates: picked(&world.templates, &self.templates),
            cleaners: picked(&world.cleaners, &self.cleaners),
            shifts: shifts.map(|row| (row.id, row.clone())).collect(),
            time_off: time_off.map(|row| (row.id, row.clone())).collect(),
            ..World::default()
        }
    }
}

fn ids<K: Ord + Clone, V>(rows: &[Changed<'_, K, V>]) -> BTreeSet<K> {
    rows.iter().map(|row| row.id.clone()).collect()
}

/// The rows as they were and as they are.
fn sides<'r, K, V>(rows: &'r [Changed<'r, K, V>]) -> impl Iterator<Item = &'r V> {
    rows.iter()
        .flat_map(|row| row.before.into_iter().chain(row.after))
}

fn picked<K: Ord + Clone, V: Clone>(rows: &Table<K, V>, ids: &BTreeSet<K>) -> Table<K, V> {
    let known = ids.iter().filter_map(|id| Some((id, rows.get(id)?)));
    known.map(|(id, row)| (id.clone(), row.clone())).collect()
}
