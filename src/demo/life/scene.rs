//! What a simulated person does next, from what the control room shows. Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Player, Sold, Troupe, rides};
use crate::{
    audience::{
        FreeChange, Row, SlotsBody,
        row::{CleanerRow, JobRow, ShiftRow},
    },
    demo::{dice::Dice, progress::Times},
    domain::{
        entity::{Duty, JobStatus, TimeRange},
        ids::{AccountId, CleanerId},
    },
};

/// So many open jobs of the day stay on the board for visitors.
const OPEN_JOBS_LEFT: usize = 3;
/// Open jobs that begin sooner are claimed in any case.
const URGENT: SignedDuration = SignedDuration::from_mins(50);
/// Nobody looks for a slot in the last minutes of its lead time.
const HESITATION: SignedDuration = SignedDuration::from_mins(10);

/// A command, and who gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Act {
    pub(super) by: AccountId,
    pub(super) kind: &'static str,
    pub(super) parameters: Value,
}

/// A zone's day in the control room.
pub(super) struct Scene {
    jobs: Vec<JobRow>,
    cleaners: Vec<CleanerRow>,
    shifts: Vec<ShiftRow>,
    /// The simulated ones.
    players: Arc<BTreeMap<AccountId, Player>>,
    services: Arc<Vec<Sold>>,
    now: Timestamp,
}

impl Scene {
    pub(super) fn new(
        rows: Vec<Row>,
        players: Arc<BTreeMap<AccountId, Player>>,
        services: Arc<Vec<Sold>>,
        now: Timestamp,
    ) -> Self {
        let mut scene = Self {
            jobs: Vec::new(),
            cleaners: Vec::new(),
            shifts: Vec::new(),
            players,
            services,
            now,
        };
        for row in rows {
            match row {
                Row::Job(row) if scene.players.contains_key(&AccountId(row.customer.0)) => {
                    scene.jobs.push(row);
                }
                Row::Cleaner(row) => scene.cleaners.push(row),
                Row::Shift(row) => scene.shifts.push(row),
                Row::Job(_)
                | Row::ShiftTemplate(_)
                | Row::TimeOff(_)
                | Row::Customer(_)
                | Row::Property(_)
                | Row::Hold(_)
                | Row::Booking(_)
                | Row::Visit(_)
                | Row::AgendaJob(_)
                | Row::OpenJob(_)
                | Row::Alert(_) => {}
            }
        }
        scene
    }

    fn is_simulated(&self, cleaner: CleanerId) -> bool {
        self.players.contains_key(&AccountId(cleaner.0))
    }

    /// The lead, where the whole crew is simulated.
    fn lead(&self, job: &JobRow) -> Option<CleanerId> {
        let everybody = job.seats.iter().flatten();
        job.lead
            .filter(|_| everybody.copied().all(|cleaner| self.is_simulated(cleaner)))
    }

    /// What is most overdue: the next step of a job, or somebody for one that begins soon.
    pub(super) fn due(&self) -> Option<Act> {
        let steps = self.jobs.iter().filter_map(|job| self.next_step(job));
        let urgent = self
            .open_jobs()
            .filter(|job| job.starts_at - URGENT < self.now)
            .filter_map(|job| Some((job.starts_at - URGENT, self.claim_of(job)?)));
        let due = steps.chain(urgent).filter(|(at, _)| *at <= self.now);
        due.min_by_key(|(at, _)| *at).map(|(_, act)| act)
    }

    /// What the phones of those report who are on their way, a few of them.
    pub(super) fn rides(&self, most: usize) -> Vec<Act> {
        let on_the_way = self
            .jobs
            .iter()
            .filter(|job| job.status == JobStatus::EnRoute);
        let led = on_the_way.filter(|job| self.lead(job).is_some());
        let rides = led.filter_map(|job| {
            let times = Times::of_visit(job.id, job.starts_at, busy(job)?);
            rides::ride(job, times.arrived, self.now)
        });
        rides.take(most).collect()
    }

    fn next_step(&self, job: &JobRow) -> Option<(Timestamp, Act)> {
        let by = AccountId(self.lead(job)?.0);
        let times = Times::of_visit(job.id, job.starts_at, busy(job)?);
        let (at, kind) = match job.status {
            JobStatus::Assigned if self.now < times.departed => {
                (times.acknowledged, "job.acknowledge")
            }
            JobStatus::Assigned | JobStatus::Acknowledged => (times.departed, "job.depart"),
            JobStatus::EnRoute => (times.arrived, "job.arrive"),
            JobStatus::Arrived if times.nobody_opens => (times.given_up, "job.no_access"),
            JobStatus::Arrived => (times.started, "job.start"),
            JobStatus::InProgress => (times.completed, "job.complete"),
            JobStatus::Paused => (times.completed, "job.resume"),
            JobStatus::Unassigned
            | JobStatus::Completed
            | JobStatus::Verified
            | JobStatus::Cancelled
            | JobStatus::NoAccess
            | JobStatus::CleanerNoShow => return None,
        };
        // Somebody still at work elsewhere sets out when that is done.
        if kind == "job.depart" && job.seats.iter().flatten().any(|on| self.is_at_work(*on)) {
            return None;
        }
        let parameters = json!({ "job": job.id });
        Some((
            at,
            Act {
                by,
                kind,
                parameters,
            },
        ))
    }

    fn is_at_work(&self, cleaner: CleanerId) -> bool {
        let mut under_way = self.jobs.iter().filter(|job| job.status.is_under_way());
        under_way.any(|job| job.seats.contains(&Some(cleaner)))
    }

    /// Jobs of today that somebody may still claim, the soonest first.
    fn open_jobs(&self) -> impl Iterator<Item = &JobRow> {
        let mut open: Vec<_> = self
            .jobs
            .iter()
            .filter(|job| job.seats.contains(&None) && job.starts_at > self.now)
            .filter(|job| {
                let joinable = [
                    JobStatus::Unassigned,
                    JobStatus::Assigned,
                    JobStatus::Acknowledged,
                ];
                joinable.contains(&job.status)
            })
            .collect();
        open.sort_by_key(|job| job.starts_at);
        open.into_iter()
    }

    /// Somebody takes an open job.
    pub(super) fn claim(&self, dice: &mut Dice) -> Option<Act> {
        let open: Vec<_> = self.open_jobs().collect();
        if open.len() <= OPEN_JOBS_LEFT {
            return None;
        }
        self.claim_of(dice.pick(&open)?)
    }

    fn claim_of(&self, job: &JobRow) -> Option<Act> {
        let busy = busy(job)?;
        let mut sold = self.services.iter();
        let service = sold.find(|service| service.slug == job.service)?;
        let on_shift = |cleaner: CleanerId| {
            let mut shifts = self.shifts.iter().filter(|shift| shift.cleaner == cleaner);
            shifts.any(|shift| shift.starts_at <= busy.start && busy.end <= shift.ends_at)
        };
        let is_free = |cleaner: CleanerId| {
            let mut theirs = self
                .jobs
                .iter()
                .filter(|job| job.seats.contains(&Some(cleaner)));
            !theirs.any(|other| self::busy(other).is_some_and(|taken| taken.overlaps(&busy)))
        };
        let fit = self.cleaners.iter().find(|cleaner| {
            self.is_simulated(cleaner.id)
                && cleaner.active
                && service.skills.is_subset(&cleaner.skills)
                && on_shift(cleaner.id)
                && is_free(cleaner.id)
        })?;
        Some(Act {
            by: AccountId(fit.id.0),
            kind: "job.claim",
            parameters: json!({ "job": job.id }),
        })
    }

    /// A short rest in the middle of the work, and its end.
    pub(super) fn pause_or_resume(&self, dice: &mut Dice) -> Option<Act> {
        let paused = self
            .jobs
            .iter()
            .filter(|job| job.status == JobStatus::Paused);
        let working = self
            .jobs
            .iter()
            .filter(|job| job.status == JobStatus::InProgress);
        let paused: Vec<_> = paused.filter(|job| self.lead(job).is_some()).collect();
        let working: Vec<_> = working.filter(|job| self.lead(job).is_some()).collect();
        let resume = !paused.is_empty() && (paused.len() > 1 || dice.percent(50));
        let (from, kind) = if resume {
            (paused, "job.resume")
        } else {
            (working, "job.pause")
        };
        let job = dice.pick(&from)?;
        Some(Act {
            by: AccountId(self.lead(job)?.0),
            kind,
            parameters: json!({ "job": job.id }),
        })
    }

    /// Somebody on duty who is not at work takes a break, or comes back from one.
    pub(super) fn take_a_break(&self, dice: &mut Dice) -> Option<Act> {
        let on_shift = |cleaner: &&CleanerRow| {
            let mut shifts = self
                .shifts
                .iter()
                .filter(|shift| shift.cleaner == cleaner.id);
            shifts.any(|shift| shift.starts_at <= self.now && self.now < shift.ends_at)
        };
        let here = || self.cleaners.iter().filter(on_shift);
        let here = || here().filter(|cleaner| self.is_simulated(cleaner.id));
        let away: Vec<_> = here().filter(|cleaner| cleaner.duty != Duty::On).collect();
        let idle: Vec<_> = here()
            .filter(|cleaner| cleaner.duty == Duty::On && !self.is_at_work(cleaner.id))
            .collect();
        let back = !away.is_empty() && (away.len() > 2 || dice.percent(50));
        let (from, duty) = if back {
            (away, Duty::On)
        } else {
            (idle, Duty::Break)
        };
        Some(Act {
            by: AccountId(dice.pick(&from)?.id.0),
            kind: "duty.set",
            parameters: json!({ "duty": duty }),
        })
    }

    /// Somebody cannot make it, if there is hardly anything left on the board and time to find
    /// somebody else.
    pub(super) fn withdraw(&self, dice: &mut Dice) -> Option<Act> {
        if self.open_jobs().count() > OPEN_JOBS_LEFT {
            return None;
        }
        let ahead: Vec<_> = self
            .jobs
            .iter()
            .filter(|job| [JobStatus::Assigned, JobStatus::Acknowledged].contains(&job.status))
            .filter(|job| job.starts_at - URGENT * 3 > self.now && self.lead(job).is_some())
            .collect();
        let job = dice.pick(&ahead)?;
        Some(Act {
            by: AccountId(self.lead(job)?.0),
            kind: "job.withdraw",
            parameters: json!({ "job": job.id, "reason": "I cannot make it." }),
        })
    }
}

fn busy(job: &JobRow) -> Option<TimeRange> {
    TimeRange::of_work(
        job.starts_at,
        job.travel_buffer_minutes,
        job.duration_minutes,
    )
}

/// A slot that can be booked now, by their habits.
pub(super) fn choose_slot(
    slots: &SlotsBody,
    troupe: &Troupe,
    now: Timestamp,
    dice: &mut Dice,
) -> Option<FreeChange> {
    let fits = |free: &&FreeChange| {
        troupe.services.iter().any(|service| {
            let lead = SignedDuration::from_mins(i64::from(service.lead_time_minutes));
            service.slug == free.service
                && free.start > now + lead + HESITATION
                && free.by >= i32::from(service.crew_size) + i32::from(troupe.habits.left_free)
        })
    };
    let fitting: Vec<_> = slots.free.iter().filter(fits).collect();
    dice.pick(&fitting).map(|free| (*free).clone())
}

#[cfg(test)]
mod tests;
