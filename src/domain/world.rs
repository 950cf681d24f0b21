//! The part of the business that a command was loaded with, as rows by id.
//!
//! It is always partial, but complete for what the command can touch: the rows themselves, what
//! their views join, and the roster (cleaners, shifts, time off, occupancy) of the zones and times
//! concerned. Both `store` (to save differences) and `audience` (to publish them) compare the world
//! before a decision with the world after it.

use std::collections::BTreeSet;

use jiff::civil::Date;

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
    table::Table,
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

impl World {
    /// The alert of a job about one thing; there is at most one.
    pub fn alert_of(&self, job: JobId, about: AlertKind) -> Option<&Alert> {
        let mut alerts = self.alerts.values();
        alerts.find(|alert| alert.job == job && alert.about == about)
    }
}
