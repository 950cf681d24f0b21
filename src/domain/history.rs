//! A job's history as dispatchers read it: who did what to it when, out of its own facts and those of
//! its booking and alerts. What only follows from another fact (the booking begins when its job does)
//! is left out, so that one deed is one entry. Facts about other things, and whatever records hold that
//! is not for all staff, have no place here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    Event, Role,
    alert::{AlertKind, AlertLevel},
    ids::{AccountId, AlertId, CleanerId, JobId},
};

/// What was done to a job, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct History {
    pub job: JobId,
    pub entries: Vec<HistoryEntry>,
    /// Nothing older was left out.
    pub complete: bool,
    /// Everybody that the entries name.
    pub people: Vec<HistoryPerson>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct HistoryEntry {
    #[ts(type = "string")]
    pub at: Timestamp,
    /// `null`: the hub itself.
    pub by: Option<AccountId>,
    /// In whose place.
    pub on_behalf_of: Option<AccountId>,
    pub what: Deed,
}

/// As they are called now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct HistoryPerson {
    pub id: AccountId,
    pub name: String,
    pub role: Role,
}

/// What was done, told apart by `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    Booked {
        #[ts(type = "string")]
        starts_at: Timestamp,
    },
    Assigned {
        seat: u8,
        cleaner: CleanerId,
        instead_of: Option<CleanerId>,
    },
    Unassigned {
        seat: u8,
        cleaner: CleanerId,
    },
    Withdrawn {
        seat: u8,
        cleaner: CleanerId,
        reason: Option<String>,
    },
    /// To another time.
    Moved {
        #[ts(type = "string")]
        starts_at: Timestamp,
    },
    Acknowledged,
    Departed,
    Arrived,
    Started,
    Paused,
    Resumed,
    Completed,
    Verified,
    NoAccess {
        note: Option<String>,
    },
    Cancelled {
        reason: Option<String>,
    },
    /// Nobody came.
    NoShow,
    /// Nobody is left for a seat.
    AtRisk,
    Secured,
    /// New, raised anew, or worse than it was.
    AlertRaised {
        alert: AlertId,
        about: AlertKind,
        level: AlertLevel,
    },
    AlertAcknowledged {
        alert: AlertId,
    },
    AlertSnoozed {
        alert: AlertId,
        #[ts(type = "string")]
        until: Timestamp,
    },
    AlertResolved {
        alert: AlertId,
        /// Its cause has gone.
        by_itself: bool,
    },
}

impl Deed {
    /// What a fact says of a job; `None` where another says it, or it is no matter of a job.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a new fact is told to nobody before somebody has decided so"
    )]
    pub fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::BookingConfirmed { booking } => Self::Booked {
                starts_at: booking.starts_at,
            },
            Event::BookingCancelled { reason, .. } => Self::Cancelled { reason },
            Event::JobAssigned {
                seat,
                cleaner,
                instead_of,
                ..
            } => Self::Assigned {
                seat,
                cleaner,
                instead_of,
            },
            Event::JobUnassigned { seat, cleaner, .. } => Self::Unassigned { seat, cleaner },
            Event::JobWithdrawn {
                seat,
                cleaner,
                reason,
                ..
            } => Self::Withdrawn {
                seat,
                cleaner,
                reason,
            },
            Event::JobMoved { starts_at, .. } => Self::Moved { starts_at },
            Event::JobAcknowledged { .. } => Self::Acknowledged,
            Event::JobDeparted { .. } => Self::Departed,
            Event::JobArrived { .. } => Self::Arrived,
            Event::JobStarted { .. } => Self::Started,
            Event::JobPaused { .. } => Self::Paused,
            Event::JobResumed { .. } => Self::Resumed,
            Event::JobCompleted { .. } => Self::Completed,
            Event::JobVerified { .. } => Self::Verified,
            Event::JobNotAccessed { note, .. } => Self::NoAccess { note },
            Event::JobMissed { .. } => Self::NoShow,
            Event::JobPutAtRisk { .. } => Self::AtRisk,
            Event::JobSecured { .. } => Self::Secured,
            event => return Self::of_alert(event),
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "as in `of`")]
    fn of_alert(event: Event) -> Option<Self> {
        Some(match event {
            Event::AlertRaised { alert } => Self::AlertRaised {
                alert: alert.id,
                about: alert.about,
                level: alert.level,
            },
            Event::AlertAcknowledged { alert, .. } => Self::AlertAcknowledged { alert },
            Event::AlertSnoozed { alert, until, .. } => Self::AlertSnoozed { alert, until },
            Event::AlertResolved { alert, by, .. } => Self::AlertResolved {
                alert,
                by_itself: by.is_none(),
            },
            _ => return None,
        })
    }

    /// Cleaners that it names.
    pub fn cleaners(&self) -> impl Iterator<Item = CleanerId> {
        let named = match self {
            Self::Assigned {
                cleaner,
                instead_of,
                ..
            } => [Some(*cleaner), *instead_of],
            Self::Unassigned { cleaner, .. } | Self::Withdrawn { cleaner, .. } => {
                [Some(*cleaner), None]
            }
            Self::Booked { .. }
            | Self::Moved { .. }
            | Self::Acknowledged
            | Self::Departed
            | Self::Arrived
            | Self::Started
            | Self::Paused
            | Self::Resumed
            | Self::Completed
            | Self::Verified
            | Self::NoAccess { .. }
            | Self::Cancelled { .. }
            | Self::NoShow
            | Self::AtRisk
            | Self::Secured
            | Self::AlertRaised { .. }
            | Self::AlertAcknowledged { .. }
            | Self::AlertSnoozed { .. }
            | Self::AlertResolved { .. } => [None, None],
        };
        named.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_another_fact_is_no_entry_of_its_own() {
        let at = Timestamp::UNIX_EPOCH;
        let (job, booking) = (
            JobId(uuid::Uuid::nil()),
            crate::domain::ids::BookingId(uuid::Uuid::nil()),
        );
        assert_eq!(Deed::of(Event::JobStarted { job, at }), Some(Deed::Started));
        assert_eq!(Deed::of(Event::BookingBegun { booking, at }), None);
        let cancelled = Event::BookingCancelled {
            booking,
            reason: None,
            at,
        };
        assert_eq!(Deed::of(cancelled), Some(Deed::Cancelled { reason: None }));
        assert_eq!(Deed::of(Event::JobCancelled { job, at }), None);
    }

    #[test]
    fn an_entry_says_who_did_what_when() {
        let entry = HistoryEntry {
            at: Timestamp::UNIX_EPOCH,
            by: None,
            on_behalf_of: None,
            what: Deed::Unassigned {
                seat: 0,
                cleaner: CleanerId(uuid::Uuid::nil()),
            },
        };
        let told = serde_json::to_value(&entry).expect("plain data");
        assert_eq!(told["what"]["kind"], "unassigned");
        assert_eq!(told["what"]["seat"], 0);
        assert_eq!(
            serde_json::from_value::<HistoryEntry>(told).ok(),
            Some(entry)
        );
    }
}
