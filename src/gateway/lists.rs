//! The lists of the administration: what was asked is checked, then read page by page.

use super::queries::{refused, unread};
use crate::{
    audience,
    domain::{
        Actor, Answer, Objection, list,
        query::{CleanersList, ShiftsList, TemplatesList, TimeOffList, UsersList},
    },
    execute::Outcome,
    store::{
        Pools, StoreError,
        lists::{self, Reasons},
    },
};

/// Why a list was not told.
pub(super) enum Untold {
    Objection(Objection),
    Store(StoreError),
}

impl Untold {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Objection(objection) => refused(objection),
            Self::Store(error) => unread(&error),
        }
    }
}

impl From<Objection> for Untold {
    fn from(objection: Objection) -> Self {
        Self::Objection(objection)
    }
}

impl From<StoreError> for Untold {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) async fn catalogue(pools: &Pools) -> Result<Answer, Untold> {
    Ok(Answer::ReadCatalogue(lists::catalogue(pools).await?))
}

pub(super) async fn users(pools: &Pools, asked: &UsersList) -> Result<Answer, Untold> {
    let bounds = (
        list::sought(asked.text.as_deref())?,
        list::limit(asked.limit)?,
    );
    Ok(Answer::ListUsers(lists::users(pools, asked, bounds).await?))
}

pub(super) async fn cleaners(pools: &Pools, asked: &CleanersList) -> Result<Answer, Untold> {
    let bounds = (
        list::sought(asked.text.as_deref())?,
        list::limit(asked.limit)?,
    );
    let page = lists::cleaners(pools, asked, bounds).await?;
    Ok(Answer::ListCleaners(page))
}

pub(super) async fn shifts(pools: &Pools, asked: &ShiftsList) -> Result<Answer, Untold> {
    let bounds = (
        list::range(asked.from, asked.until)?,
        list::limit(asked.limit)?,
    );
    let page = lists::shifts(pools, asked, bounds).await?;
    Ok(Answer::ListShifts(page))
}

pub(super) async fn templates(pools: &Pools, asked: &TemplatesList) -> Result<Answer, Untold> {
    let limit = list::limit(asked.limit)?;
    let page = lists::templates(pools, asked, limit).await?;
    Ok(Answer::ListTemplates(page))
}

pub(super) async fn time_off(
    pools: &Pools,
    asked: &TimeOffList,
    actor: Option<Actor>,
) -> Result<Answer, Untold> {
    let bounds = (
        list::range(asked.from, asked.until)?,
        list::limit(asked.limit)?,
    );
    let reasons = match actor {
        Some(actor) if audience::may_see_reasons(actor.role) => Reasons::Told,
        Some(_) | None => Reasons::Hidden,
    };
    let page = lists::time_off(pools, asked, bounds, reasons).await?;
    Ok(Answer::ListTimeOff(page))
}
