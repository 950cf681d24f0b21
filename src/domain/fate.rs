//! What became of a job that a cleaner had: for somebody whose phone was without a network while it was
//! given to a colleague. They learn who has it now by first name, as the crew of a job knows each other,
//! and nothing else of what happened to it since; of a job that they never had they learn nothing.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    history::{Deed, History, HistoryEntry},
    ids::{CleanerId, JobId},
};

/// How a cleaner and a job parted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Fate {
    pub job: JobId,
    pub parted: Parting,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// The first name of whoever has their seat now.
    pub to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parting {
    /// Somebody else has the seat.
    GivenToAnother,
    TakenAway,
    GivenBack,
    /// The visit was.
    Cancelled,
}

impl Fate {
    /// `None` where the cleaner never had the job, or has it still.
    pub fn of(history: &History, own: CleanerId) -> Option<Self> {
        let named = |entry: &HistoryEntry| entry.what.cleaners().any(|on| on == own);
        let last = history.entries.iter().position(named)?;
        // The newest first: what stands before the parting came after it.
        let (since, parting) = (&history.entries[..last], &history.entries[last]);
        let (parted, at, to) = match Seated::of(parting) {
            Some(seated) if seated.cleaner == own => {
                let cancelled = |entry: &&HistoryEntry| is_cancelled(&entry.what);
                let cancelled = since.iter().find(cancelled)?;
                (Parting::Cancelled, cancelled.at, None)
            }
            Some(seated) => (Parting::GivenToAnother, parting.at, Some(seated.cleaner)),
            None => after_leaving(parting, since)?,
        };
        Some(Self {
            job: history.job,
            parted,
            at,
            to: to.and_then(|cleaner| first_name(history, cleaner)),
        })
    }
}

/// Somebody was given a seat.
struct Seated {
    seat: u8,
    cleaner: CleanerId,
    at: Timestamp,
}

impl Seated {
    fn of(entry: &HistoryEntry) -> Option<Self> {
        let Deed::Assigned { seat, cleaner, .. } = entry.what else {
            return None;
        };
        let at = entry.at;
        Some(Self { seat, cleaner, at })
    }
}

/// The seat was left; perhaps somebody has taken it since.
fn after_leaving(
    parting: &HistoryEntry,
    since: &[HistoryEntry],
) -> Option<(Parting, Timestamp, Option<CleanerId>)> {
    if let Deed::Withdrawn { .. } = parting.what {
        return Some((Parting::GivenBack, parting.at, None));
    }
    let Deed::Unassigned { seat, .. } = parting.what else {
        return None;
    };
    let mut next = since.iter().filter_map(Seated::of);
    let next = next.find(|seated| seated.seat == seat);
    Some(match next {
        Some(seated) => (Parting::GivenToAnother, seated.at, Some(seated.cleaner)),
        None => (Parting::TakenAway, parting.at, None),
    })
}

fn is_cancelled(deed: &Deed) -> bool {
    matches!(deed, Deed::Cancelled { .. })
}

fn first_name(history: &History, cleaner: CleanerId) -> Option<String> {
    let mut people = history.people.iter();
    let person = people.find(|person| person.id.0 == cleaner.0)?;
    person.name.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Role, history::HistoryPerson, ids::AccountId};

    const IRINA: CleanerId = CleanerId(Uuid::from_u128(1));
    const OLGA: CleanerId = CleanerId(Uuid::from_u128(2));

    fn assigned(cleaner: CleanerId, instead_of: Option<CleanerId>) -> Deed {
        Deed::Assigned {
            seat: 0,
            cleaner,
            instead_of,
        }
    }

    fn unassigned() -> Deed {
        let (seat, cleaner) = (0, IRINA);
        Deed::Unassigned { seat, cleaner }
    }

    /// Deeds in the order in which they were done, a second apart.
    fn fate(deeds: Vec<Deed>) -> Option<(Parting, i64, Option<String>)> {
        let mut entries: Vec<_> = deeds
            .into_iter()
            .zip(0..)
            .map(|(what, second)| HistoryEntry {
                at: Timestamp::from_second(second).expect("an instant"),
                by: None,
                on_behalf_of: None,
                what,
            })
            .collect();
        entries.reverse();
        let olga = HistoryPerson {
            id: AccountId(OLGA.0),
            name: "Olga Berg".to_owned(),
            role: Role::Cleaner,
        };
        let history = History {
            job: JobId(Uuid::nil()),
            entries,
            complete: true,
            people: vec![olga],
        };
        let fate = Fate::of(&history, IRINA)?;
        Some((fate.parted, fate.at.as_second(), fate.to))
    }

    #[test]
    fn whoever_has_the_seat_now_is_told_by_first_name() {
        let olga = Some("Olga".to_owned());
        assert_eq!(
            fate(vec![
                assigned(IRINA, None),
                Deed::Acknowledged,
                assigned(OLGA, Some(IRINA)),
                Deed::Acknowledged,
            ]),
            Some((Parting::GivenToAnother, 2, olga.clone()))
        );
        assert_eq!(
            fate(vec![
                assigned(IRINA, None),
                unassigned(),
                assigned(OLGA, None)
            ]),
            Some((Parting::GivenToAnother, 2, olga))
        );
    }

    #[test]
    fn a_job_that_nobody_has_was_taken_away_given_back_or_cancelled() {
        assert_eq!(
            fate(vec![assigned(IRINA, None), unassigned()]),
            Some((Parting::TakenAway, 1, None))
        );
        let withdrawn = Deed::Withdrawn {
            seat: 0,
            cleaner: IRINA,
            reason: None,
        };
        assert_eq!(
            fate(vec![assigned(IRINA, None), withdrawn, assigned(OLGA, None)]),
            Some((Parting::GivenBack, 1, None))
        );
        let cancelled = Deed::Cancelled { reason: None };
        assert_eq!(
            fate(vec![assigned(IRINA, None), cancelled]),
            Some((Parting::Cancelled, 1, None))
        );
    }

    #[test]
    fn of_a_job_that_one_never_had_or_has_still_nothing_is_told() {
        assert_eq!(fate(vec![assigned(OLGA, None)]), None);
        assert_eq!(fate(vec![assigned(IRINA, None), Deed::Departed]), None);
        assert_eq!(
            fate(vec![
                assigned(IRINA, None),
                unassigned(),
                assigned(IRINA, None)
            ]),
            None
        );
    }
}
