//! How facts change rows: [`World::apply`] and nothing else. It decides nothing and never fails; a
//! fact about a row that was not loaded changes nothing.

use jiff::Timestamp;

use super::{
    Event, World,
    alert::{Alert, AlertStatus},
    entity::{Booking, BookingStatus, Hold, HoldStatus, Job, JobStatus, Seat},
    ids::{AccountId, AlertId, BookingId, CleanerId, HoldId, JobId, TemplateId},
    template::{ShiftTemplate, TemplateException},
};

impl World {
    /// Evolves the rows by one fact.
    #[expect(clippy::too_many_lines, reason = "one short arm per fact")]
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::AccountSaved { account } => {
                self.accounts.insert(account.id, account.clone());
            }
            Event::CustomerCreated { customer } => {
                self.customers.insert(customer.id, customer.clone());
            }
            Event::CustomerUpdated {
                customer,
                name,
                phone,
                email,
            } => {
                if let Some(row) = self.customers.get_mut(customer) {
                    row.name.clone_from(name);
                    row.phone.clone_from(phone);
                    row.email.clone_from(email);
                    row.version += 1;
                }
            }
            Event::PropertyAdded { property } => {
                self.properties.insert(property.id, property.clone());
            }
            Event::HoldPlaced { hold } => {
                self.holds.insert(hold.id, hold.clone());
            }
            Event::HoldExtended { hold, expires_at } => self.change_hold(*hold, |row| {
                row.expires_at = *expires_at;
                row.extended = true;
            }),
            Event::HoldConsumed { hold, .. } => self.end_hold(*hold, HoldStatus::Consumed),
            Event::HoldReleased { hold } => self.end_hold(*hold, HoldStatus::Released),
            Event::HoldExpired { hold } => self.end_hold(*hold, HoldStatus::Expired),
            Event::BookingConfirmed { booking } => {
                self.bookings.insert(booking.id, booking.clone());
            }
            Event::BookingCancelled { booking, .. } => {
                self.move_booking(*booking, BookingStatus::Cancelled);
            }
            Event::BookingRescheduled {
                booking,
                starts_at,
                local_date,
                ..
            } => self.change_booking(*booking, |row| {
                row.starts_at = *starts_at;
                row.local_date = *local_date;
            }),
            Event::BookingBegun { booking, .. } => {
                self.move_booking(*booking, BookingStatus::InService);
            }
            Event::BookingCompleted { booking, .. } => {
                self.move_booking(*booking, BookingStatus::Completed);
            }
            Event::BookingClosed { booking, .. } => {
                self.move_booking(*booking, BookingStatus::Closed);
            }
            Event::BookingNotServed { booking, .. } => {
                self.move_booking(*booking, BookingStatus::NotServed);
            }
            Event::JobCreated { job } => {
                self.jobs.insert(job.id, job.clone());
            }
            Event::JobAssigned {
                job,
                seat,
                cleaner,
                status,
                at,
                ..
            } => self.seat_job(*job, *seat, Some(*cleaner), *status, *at),
            Event::JobUnassigned {
                job,
                seat,
                status,
                at,
                ..
            }
            | Event::JobWithdrawn {
                job,
                seat,
                status,
                at,
                ..
            } => self.seat_job(*job, *seat, None, *status, *at),
            Event::JobMoved {
                job,
                starts_at,
                local_date,
                status,
                at,
            } => self.change_job(*job, |row| {
                row.starts_at = *starts_at;
                row.local_date = *local_date;
                if row.status != *status {
                    enter(row, *status, *at);
                }
            }),
            Event::JobAcknowledged { job, at } => self.move_job(*job, JobStatus::Acknowledged, *at),
            Event::JobDeparted { job, at } => self.move_job(*job, JobStatus::EnRoute, *at),
            Event::JobArrived { job, at } => self.move_job(*job, JobStatus::Arrived, *at),
            Event::JobStarted { job, at } | Event::JobResumed { job, at } => {
                self.move_job(*job, JobStatus::InProgress, *at);
            }
            Event::JobPaused { job, at } => self.move_job(*job, JobStatus::Paused, *at),
            Event::JobCompleted { job, at } => self.move_job(*job, JobStatus::Completed, *at),
            Event::JobVerified { job, at } => self.move_job(*job, JobStatus::Verified, *at),
            Event::JobNotAccessed { job, at, .. } => self.move_job(*job, JobStatus::NoAccess, *at),
            Event::JobCancelled { job, at } => self.move_job(*job, JobStatus::Cancelled, *at),
            Event::JobMissed { job, at } => self.move_job(*job, JobStatus::CleanerNoShow, *at),
            Event::JobPutAtRisk { job } => self.change_job(*job, |row| row.at_risk = true),
            Event::JobSecured { job } => self.change_job(*job, |row| row.at_risk = false),
            Event::AlertRaised { alert } => {
                self.alerts.insert(alert.id, alert.clone());
            }
            Event::AlertAcknowledged { alert, by, .. } => {
                self.handle_alert(*alert, AlertStatus::Acknowledged, Some(*by));
            }
            Event::AlertSnoozed {
                alert, until, by, ..
            } => {
                self.handle_alert(*alert, AlertStatus::Snoozed, Some(*by));
                self.change_alert(*alert, |row| row.snoozed_until = Some(*until));
            }
            Event::AlertResolved { alert, by, .. } => {
                self.handle_alert(*alert, AlertStatus::Resolved, *by);
            }
            Event::CleanerSaved { cleaner } => {
                self.cleaners.insert(cleaner.id, cleaner.clone());
            }
            Event::DutySet { cleaner, duty } => {
                if let Some(row) = self.cleaners.get_mut(cleaner) {
                    row.duty = *duty;
                    row.version += 1;
                }
            }
            Event::ShiftPublished { shift } => {
                self.shifts.insert(shift.id, shift.clone());
            }
            Event::ShiftChanged {
                shift,
                local_date,
                during,
                template,
            } => {
                if let Some(row) = self.shifts.get_mut(shift) {
                    row.local_date = *local_date;
                    row.during = *during;
                    row.template = *template;
                    row.version += 1;
                }
            }
            Event::ShiftCancelled { shift } => {
                self.shifts.remove(&shift.id);
            }
            Event::TemplateSaved { template } => {
                self.templates.insert(template.id, template.clone());
            }
            Event::TemplatePlanned { template, until } => {
                self.change_template(*template, |row| row.planned_until = Some(*until));
            }
            Event::TemplateLeftToHand { template, date } => {
                self.change_template(*template, |row| {
                    row.exceptions.insert(*date, TemplateException::ByHand);
                });
            }
            Event::TimeOffAdded { time_off } => {
                self.time_off.insert(time_off.id, time_off.clone());
            }
            Event::OccupancyTaken { occupancy } => {
                self.occupancy.insert(occupancy.id, *occupancy);
            }
            Event::OccupancyFreed { occupancy } => {
                self.occupancy.remove(&occupancy.id);
            }
            Event::ZoneSaved { zone } => {
                self.zones.insert(zone.slug.clone(), zone.clone());
            }
            Event::ServiceSaved { service } => {
                self.services.insert(service.slug.clone(), service.clone());
            }
            Event::SkillAdded { skill, name } => {
                self.skills.insert(skill.clone(), name.clone());
            }
        }
    }

    fn change_hold(&mut self, hold: HoldId, change: impl FnOnce(&mut Hold)) {
        if let Some(row) = self.holds.get_mut(&hold) {
            change(row);
            row.version += 1;
        }
    }

    fn change_template(&mut self, template: TemplateId, change: impl FnOnce(&mut ShiftTemplate)) {
        if let Some(row) = self.templates.get_mut(&template) {
            change(row);
            row.version += 1;
        }
    }

    fn end_hold(&mut self, hold: HoldId, status: HoldStatus) {
        self.change_hold(hold, |row| row.status = status);
    }

    fn change_booking(&mut self, booking: BookingId, change: impl FnOnce(&mut Booking)) {
        if let Some(row) = self.bookings.get_mut(&booking) {
            change(row);
            row.version += 1;
        }
    }

    fn move_booking(&mut self, booking: BookingId, status: BookingStatus) {
        self.change_booking(booking, |row| row.status = status);
    }

    fn change_job(&mut self, job: JobId, change: impl FnOnce(&mut Job)) {
        if let Some(row) = self.jobs.get_mut(&job) {
            change(row);
            row.version += 1;
        }
    }

    fn change_alert(&mut self, alert: AlertId, change: impl FnOnce(&mut Alert)) {
        if let Some(row) = self.alerts.get_mut(&alert) {
            change(row);
        }
    }

    fn handle_alert(&mut self, alert: AlertId, status: AlertStatus, by: Option<AccountId>) {
        self.change_alert(alert, |row| {
            row.status = status;
            row.snoozed_until = None;
            row.handled_by = by;
            row.version += 1;
        });
    }

    fn move_job(&mut self, job: JobId, status: JobStatus, at: Timestamp) {
        self.change_job(job, |row| enter(row, status, at));
    }

    fn seat_job(
        &mut self,
        job: JobId,
        seat: u8,
        cleaner: Option<CleanerId>,
        status: JobStatus,
        at: Timestamp,
    ) {
        self.change_job(job, |row| {
            if let Some(place) = row.seats.get_mut(usize::from(seat)) {
                *place = cleaner.map(|cleaner| Seat {
                    cleaner,
                    filled_at: at,
                });
            }
            if row.status != status {
                enter(row, status, at);
            }
        });
    }
}

fn enter(job: &mut Job, status: JobStatus, at: Timestamp) {
    job.status = status;
    job.times.insert(status, at);
    if !status.is_live() {
        job.at_risk = false;
    }
}
