//! What has to be loaded before a command can be decided.
//!
//! The loader turns a scope into a [`World`](super::World). It may load more; it must not load
//! less, and what it loads it completes:
//! - always: all zones, services and skills (they are few);
//! - a job with its alerts, booking, property, customer, the cleaners on its seats and all its occupancy
//!   rows (with their cleaners); a booking with its jobs; a hold with its customer and all its
//!   occupancy rows (with their cleaners); a customer or cleaner with their account;
//! - a roster of (zones, range): all active cleaners with a shift in one of the zones overlapping
//!   the range, with all their shifts, time off and occupancy overlapping the range widened by a day
//!   on either side, and the holds and jobs behind those rows;
//! - with a roster also its promises without a row: live jobs at risk, and active holds with fewer
//!   rows than their service's crew, of those zones, starting in the range.
//!
//! "The roster around a row" means the roster of the row's zone, and of all home zones of cleaners
//! that the scope names, over the row's busy range.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{
    Command, Query,
    command::AdminImport,
    context::Actor,
    entity::{Cleaner, TimeRange},
    ids::{
        AccountId, AlertId, BookingId, CleanerId, CustomerId, HoldId, JobId, PropertyId,
        ServiceSlug, ShiftId, TemplateId, ZoneSlug,
    },
    import::{self, CleanerLine},
    limits::LIMITS,
};

/// What one command needs loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// The customer with their account and properties; their bookings ahead with the jobs, because
    /// staff see the customer's name there.
    Customer(CustomerId),
    /// Nothing.
    Nothing,
    /// The customer with their active holds, the property, and the roster of the zone over
    /// [`Scope::slots_around`] `start`. Where the zone is not named it is the property's.
    Slot {
        customer: Option<CustomerId>,
        property: Option<PropertyId>,
        zone: Option<ZoneSlug>,
        service: ServiceSlug,
        start: Timestamp,
    },
    /// The hold, the property, and the roster around the hold.
    Hold {
        hold: HoldId,
        property: Option<PropertyId>,
    },
    /// The booking, and the roster around its job.
    Booking(BookingId),
    /// The job, the cleaner (of the command, or the actor), that cleaner's and the crew's other jobs under
    /// way, and the roster around the job.
    Job {
        job: JobId,
        cleaner: Option<CleanerId>,
    },
    /// The job alone, with its crew and their other jobs under way: nobody's time changes.
    Watch(JobId),
    /// The alert, and the job it is about as [`Scope::Watch`].
    Alert(AlertId),
    /// The job with its booking (one of the two is named), the cleaner, and the crew's other jobs
    /// under way; the roster around the job, and around the same work at `start`, of the job's zone
    /// and all that its cleaners call home: so that promises can be moved on both sides. After a
    /// slot that is gone also the zone's over [`Scope::slots_around`] `start`.
    Move {
        job: Option<JobId>,
        booking: Option<BookingId>,
        cleaner: Option<CleanerId>,
        start: Timestamp,
    },
    /// The same for everybody of the job's zone, at `start` or any start of the job's date.
    Targets {
        job: JobId,
        start: Option<Timestamp>,
    },
    /// The cleaner with their jobs under way, their own rows over `during`, and of their home zones
    /// the rosters around their work and around the promises without a row in that range; without
    /// a range no roster.
    Cleaner {
        cleaner: CleanerId,
        during: Option<TimeRange>,
    },
    /// The shift, and its cleaner as [`Scope::Cleaner`] over the shift's time and `during`.
    Shift {
        shift: ShiftId,
        during: Option<TimeRange>,
    },
    /// The template, and its cleaner as [`Scope::Cleaner`] over all the time that shifts are made
    /// for.
    Template(TemplateId),
    /// The template, and its cleaner as [`Scope::Cleaner`] over the next dates that it makes shifts
    /// for, on which nothing is taken from them: not their work until then.
    Plan(TemplateId),
    /// Whether the zone has live jobs, active holds or shifts that end after now (one of each will
    /// do), and the dates that its free starts lie on.
    Zone(ZoneSlug),
    /// The service's active holds, and the dates that free starts lie on, in all zones.
    Service(ServiceSlug),
    /// Whom an import's lines name, and the zones in it as [`Scope::Zone`].
    Import(ImportScope),
    /// The account with its customer or cleaner row, the account, if any, that signs in with
    /// `email`, and the cleaner as [`Scope::Staff`].
    Account {
        account: Option<AccountId>,
        email: Option<String>,
    },
    /// The cleaner with their account, live jobs, shifts and occupancy ending after now, with the
    /// rosters around those rows; the account, if any, that signs in with `email`.
    Staff {
        cleaner: Option<CleanerId>,
        email: Option<String>,
    },
}

/// What an import names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportScope {
    pub zones: BTreeSet<ZoneSlug>,
    /// Addresses of cleaners.
    pub addresses: BTreeSet<String>,
    /// From the first day with a shift to the last, wherever on earth.
    pub during: Option<TimeRange>,
    cleaners: BTreeMap<String, CleanerLine>,
}

impl ImportScope {
    fn of(command: &AdminImport) -> Self {
        let (lines, _) = import::read(command);
        let dates = || lines.shifts.iter().map(|line| line.date);
        let instant = |date: Option<Date>| {
            let midnight = date?.to_zoned(TimeZone::UTC).ok()?;
            Some(midnight.timestamp())
        };
        let day = SignedDuration::from_hours(24);
        let during =
            instant(dates().min())
                .zip(instant(dates().max()))
                .and_then(|(first, last)| {
                    let end = last.saturating_add(day * 3).unwrap_or(last);
                    TimeRange::new(first.saturating_sub(day).unwrap_or(first), end)
                });
        let of_cleaners = lines.cleaners.iter().map(|line| line.email.clone());
        let of_shifts = lines.shifts.iter().map(|line| line.email.clone());
        Self {
            zones: lines.zones.iter().map(|line| line.slug.clone()).collect(),
            addresses: of_cleaners.chain(of_shifts).collect(),
            during,
            cleaners: lines
                .cleaners
                .into_iter()
                .map(|line| (line.email.clone(), line))
                .collect(),
        }
    }

    /// Whether a line says something else of the cleaner with this address than is known.
    pub fn changes(&self, address: &str, cleaner: &Cleaner) -> bool {
        self.cleaners.get(address).is_some_and(|line| {
            line.name != cleaner.name
                || line.zones != cleaner.zones
                || line.phone.is_some() && line.phone != cleaner.phone
                || line
                    .skills
                    .as_ref()
                    .is_some_and(|skills| *skills != cleaner.skills)
                || line.active.is_some_and(|active| active != cleaner.active)
        })
    }
}

impl Scope {
    /// What `command` needs when `actor` gives it.
    #[expect(clippy::too_many_lines, reason = "one short arm per command")]
    pub fn of(command: &Command, actor: Actor) -> Self {
        let own_customer = |named: Option<CustomerId>| named.or(actor.customer());
        let job = |job: JobId| Self::Job {
            job,
            cleaner: actor.cleaner(),
        };
        let hold = |hold: HoldId| Self::Hold {
            hold,
            property: None,
        };
        match command {
            Command::UpdateCustomer(c) => {
                own_customer(c.customer).map_or(Self::Nothing, Self::Customer)
            }
            Command::AddProperty(c) => {
                own_customer(c.customer).map_or(Self::Nothing, Self::Customer)
            }
            Command::CreateCustomer(_) => Self::Nothing,
            Command::PlaceHold(c) => Self::Slot {
                customer: own_customer(c.customer),
                property: None,
                zone: Some(c.zone.clone()),
                service: c.service.clone(),
                start: c.start,
            },
            Command::CreateBooking(c) => Self::Slot {
                customer: Some(c.customer),
                property: Some(c.property),
                zone: None,
                service: c.service.clone(),
                start: c.start,
            },
            Command::ExtendHold(c) => hold(c.hold),
            Command::ReleaseHold(c) => hold(c.hold),
            Command::ExpireHold(c) => hold(c.hold),
            Command::ConfirmBooking(c) => Self::Hold {
                hold: c.hold,
                property: Some(c.property),
            },
            Command::CancelBooking(c) => Self::Booking(c.booking),
            Command::RescheduleBooking(c) => Self::Move {
                job: None,
                booking: Some(c.booking),
                cleaner: None,
                start: c.start,
            },
            Command::MoveJob(c) => match c.start {
                None => Self::Job {
                    job: c.job,
                    cleaner: c.cleaner,
                },
                Some(start) => Self::Move {
                    job: Some(c.job),
                    booking: None,
                    cleaner: c.cleaner,
                    start,
                },
            },
            Command::ClaimJob(c) => job(c.job),
            Command::AssignJob(c) => Self::Job {
                job: c.job,
                cleaner: Some(c.cleaner),
            },
            Command::UnassignJob(c) => job(c.job),
            Command::AcknowledgeJob(c) => Self::Watch(c.job),
            Command::DepartForJob(c) => job(c.job),
            Command::ArriveAtJob(c) => Self::Watch(c.job),
            Command::StartJob(c) => Self::Watch(c.job),
            Command::PauseJob(c) => Self::Watch(c.job),
            Command::ResumeJob(c) => Self::Watch(c.job),
            Command::CompleteJob(c) => job(c.job),
            Command::ReportNoAccess(c) => job(c.job),
            Command::VerifyJob(c) => Self::Watch(c.job),
            Command::WithdrawFromJob(c) => Self::Job {
                job: c.job,
                cleaner: c.cleaner.or(actor.cleaner()),
            },
            Command::ReportNoShow(c) => job(c.job),
            Command::WatchJob(c) => Self::Watch(c.job),
            Command::AcknowledgeAlert(c) => Self::Alert(c.alert),
            Command::SnoozeAlert(c) => Self::Alert(c.alert),
            Command::ResolveAlert(c) => Self::Alert(c.alert),
            Command::SetDuty(c) => c
                .cleaner
                .or(actor.cleaner())
                .map_or(Self::Nothing, |cleaner| Self::Cleaner {
                    cleaner,
                    during: None,
                }),
            Command::PublishShift(c) => Self::Cleaner {
                cleaner: c.cleaner,
                during: TimeRange::new(c.start, c.end),
            },
            Command::ChangeShift(c) => Self::Shift {
                shift: c.shift,
                during: TimeRange::new(c.start, c.end),
            },
            Command::CancelShift(c) => Self::Shift {
                shift: c.shift,
                during: None,
            },
            Command::SaveTemplate(c) => c.template.map_or(
                Self::Cleaner {
                    cleaner: c.cleaner,
                    during: None,
                },
                Self::Template,
            ),
            Command::EndTemplate(c) => Self::Template(c.template),
            Command::ExceptTemplate(c) => Self::Template(c.template),
            Command::PlanTemplate(c) => Self::Plan(c.template),
            Command::AddTimeOff(c) => Self::Cleaner {
                cleaner: c.cleaner,
                during: TimeRange::new(c.start, c.end),
            },
            Command::SaveZone(c) => Self::Zone(c.slug.clone()),
            Command::SaveService(c) => Self::Service(c.slug.clone()),
            Command::ImportCompany(c) => Self::Import(ImportScope::of(c)),
            Command::SaveUser(c) => Self::Account {
                account: c.account,
                email: c.email.as_deref().map(sign_in_address),
            },
            Command::SaveCleaner(c) => Self::Staff {
                cleaner: c.cleaner,
                email: c.email.as_deref().map(sign_in_address),
            },
        }
    }

    /// What `query` needs; `None` where it is not answered out of a world.
    pub fn of_query(query: &Query) -> Option<Self> {
        match query {
            Query::Clock(_)
            | Query::Search(_)
            | Query::JobHistory(_)
            | Query::JobFate(_)
            | Query::ReadCatalogue(_)
            | Query::ListUsers(_)
            | Query::ListCleaners(_)
            | Query::ListShifts(_)
            | Query::ListTemplates(_)
            | Query::ListTimeOff(_) => None,
            Query::JobTargets(q) => Some(Self::Targets {
                job: q.job,
                start: q.start,
            }),
            Query::NearestSlots(q) => Some(Self::Slot {
                customer: None,
                property: None,
                zone: Some(q.zone.clone()),
                service: q.service.clone(),
                start: q.start,
            }),
        }
    }

    /// The starts among which a slot that is gone finds its alternatives.
    pub fn slots_around(start: Timestamp) -> TimeRange {
        let within = LIMITS.alternatives_within;
        TimeRange {
            start: start.saturating_sub(within).unwrap_or(Timestamp::MIN),
            end: start.saturating_add(within).unwrap_or(Timestamp::MAX),
        }
    }

    /// Whether the command makes a job, which needs `World::next_job_number`.
    pub fn makes_job(command: &Command) -> bool {
        matches!(
            command,
            Command::ConfirmBooking(_) | Command::CreateBooking(_)
        )
    }
}

/// A sign-in address as it is stored and compared.
pub fn sign_in_address(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::command::{CustomerUpdate, JobAssign, JobClaim};

    const OWN: Uuid = Uuid::from_u128(1);

    #[test]
    fn what_a_customer_leaves_unsaid_is_about_themselves() {
        let actor = Actor::from(CustomerId(OWN));
        let command = Command::UpdateCustomer(CustomerUpdate {
            customer: None,
            name: None,
            phone: None,
            email: None,
            expected_version: None,
        });
        let scope = Scope::of(&command, actor);
        assert_eq!(scope, Scope::Customer(CustomerId(OWN)));
        assert_eq!(Scope::of(&command, Actor::SYSTEM), Scope::Nothing);
    }

    #[test]
    fn the_cleaner_of_a_job_is_the_one_named_or_the_one_who_asks() {
        let (job, named) = (JobId(OWN), CleanerId(Uuid::from_u128(2)));
        let actor = Actor::from(CleanerId(OWN));
        let claim = Scope::of(&Command::ClaimJob(JobClaim { job }), actor);
        let cleaner = Some(CleanerId(OWN));
        assert_eq!(claim, Scope::Job { job, cleaner });
        let command = Command::AssignJob(JobAssign {
            job,
            cleaner: named,
            seat: None,
            expected_version: None,
        });
        let cleaner = Some(named);
        assert_eq!(Scope::of(&command, actor), Scope::Job { job, cleaner });
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_obstacle() {
        assert_eq!(Scope::slots_around(Timestamp::MIN).start, Timestamp::MIN);
        assert_eq!(Scope::slots_around(Timestamp::MAX).end, Timestamp::MAX);
    }
}
