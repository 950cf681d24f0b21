//! The part of the business that a command was loaded with, as rows by id.
//!
//! It is always partial, but complete for what the command can touch: the rows themselves, what
//! their views join, and the roster (cleaners, shifts, time off, occupancy) of the zones and times
//! concerned. Both `store` (to save differences) and `audience` (to publish them) compare the world
//! before a decision with the world after it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::{
    alert::{Alert, AlertKind},
    entity::{
        Account, Booking, Cleaner, Customer, Hold, Job, Occupancy, Property, Service, Shift,
        TimeOff, Zone,
    },
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, OccupancyId,
        PropertyId, ServiceSlug, ShiftId, SkillSlug, TemplateId, TimeOffId, ZoneSlug,
    },
    table::{Grouping, Table},
    template::ShiftTemplate,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    pub accounts: Table<AccountId, Account>,
    pub zones: Table<ZoneSlug, Zone>,
    pub skills: Table<SkillSlug, String>,
    pub services: Table<ServiceSlug, Service>,
    pub customers: Table<CustomerId, Customer>,
    pub properties: Table<PropertyId, Property>,
    pub cleaners: Table<CleanerId, Cleaner>,
    pub shifts: Table<ShiftId, Shift>,
    pub templates: Table<TemplateId, ShiftTemplate>,
    pub time_off: Table<TimeOffId, TimeOff>,
    pub holds: Table<HoldId, Hold>,
    pub bookings: Table<BookingId, Booking>,
    pub jobs: Table<JobId, Job>,
    /// Of the jobs that are here: all of them.
    pub alerts: Table<AlertId, Alert>,
    pub occupancy: Table<OccupancyId, Occupancy>,
    /// Dates that have free starts, where what they are counted by may change.
    pub slot_dates: BTreeSet<(ZoneSlug, Date)>,
    /// The number the next job made by this command will bear.
    pub next_job_number: Option<i64>,
}

/// The alerts of one job.
pub enum ByJob {}

impl Grouping<Alert> for ByJob {
    const INDEX: usize = 0;

    fn group(row: &Alert) -> Uuid {
        row.job.0
    }
}

/// The jobs of one booking.
pub enum ByBooking {}

impl Grouping<Job> for ByBooking {
    const INDEX: usize = 0;

    fn group(row: &Job) -> Uuid {
        row.booking.0
    }
}

impl World {
    /// The same world, as if it had just been loaded: after many changes, to be copied cheaply again.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self {
            accounts: self.accounts.settled(),
            zones: self.zones.settled(),
            skills: self.skills.settled(),
            services: self.services.settled(),
            customers: self.customers.settled(),
            properties: self.properties.settled(),
            cleaners: self.cleaners.settled(),
            shifts: self.shifts.settled(),
            templates: self.templates.settled(),
            time_off: self.time_off.settled(),
            holds: self.holds.settled(),
            bookings: self.bookings.settled(),
            jobs: self.jobs.settled(),
            alerts: self.alerts.settled(),
            occupancy: self.occupancy.settled(),
            slot_dates: self.slot_dates.clone(),
            next_job_number: self.next_job_number,
        }
    }

    /// The alert of a job about one thing; there is at most one.
    pub fn alert_of(&self, job: JobId, about: AlertKind) -> Option<&Alert> {
        let mut alerts = self.alerts.group::<ByJob>(job.0);
        alerts.find(|alert| alert.about == about)
    }
}
