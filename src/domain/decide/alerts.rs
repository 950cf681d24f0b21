//! `alert.acknowledge`, `alert.snooze` and `alert.resolve` → `{alert, status}`.
//!
//! Acknowledging says "I see to it", snoozing "remind me then", resolving "this needs nobody any
//! more". Two dispatchers who acknowledge at once are both right. A resolved alert stays resolved
//! while its cause lasts, unless it gets worse; a cause that has gone and come back is a new one.

use jiff::Timestamp;

use super::{
    Decision,
    draft::{Draft, check_version},
};
use crate::domain::{
    Event, Objection, Rejection,
    alert::{Alert, AlertStatus},
    command::{AlertAcknowledge, AlertResolve, AlertSnooze},
    contract::answer::AlertStands,
    ids::AlertId,
    limits::LIMITS,
};

pub(super) fn acknowledge(
    mut draft: Draft,
    command: &AlertAcknowledge,
) -> Result<Decision, Objection> {
    let known = unresolved(&draft, command.alert, command.expected_version)?;
    if known.status != AlertStatus::Acknowledged {
        let (alert, by, at) = (known.id, draft.actor.id, draft.now);
        draft.emit(Event::AlertAcknowledged { alert, by, at });
    }
    status_of(draft, known.id)
}

pub(super) fn snooze(mut draft: Draft, command: &AlertSnooze) -> Result<Decision, Objection> {
    let known = unresolved(&draft, command.alert, command.expected_version)?;
    let until = command.until;
    if until <= draft.now {
        return Err(Objection::invalid("until", "must lie ahead"));
    }
    let latest = draft.now.saturating_add(LIMITS.snooze);
    if until > latest.unwrap_or(Timestamp::MAX) {
        let hours = LIMITS.snooze.as_hours();
        return Err(Objection::invalid(
            "until",
            format!("at most {hours} hours ahead"),
        ));
    }
    let (alert, by, at) = (known.id, draft.actor.id, draft.now);
    draft.emit(Event::AlertSnoozed {
        alert,
        until,
        by,
        at,
    });
    status_of(draft, known.id)
}

pub(super) fn resolve(mut draft: Draft, command: &AlertResolve) -> Result<Decision, Objection> {
    let known = unresolved(&draft, command.alert, command.expected_version)?;
    let (alert, by, at) = (known.id, Some(draft.actor.id), draft.now);
    draft.emit(Event::AlertResolved { alert, by, at });
    status_of(draft, known.id)
}

fn unresolved(draft: &Draft, id: AlertId, expected: Option<i64>) -> Result<Alert, Objection> {
    draft.require_staff()?;
    let alert = draft.world.alerts.get(&id).ok_or(Objection::NotFound)?;
    if alert.is_resolved() {
        return Err(Rejection::AlreadyResolved.into());
    }
    check_version(expected, alert.version)?;
    Ok(alert.clone())
}

fn status_of(draft: Draft, alert: AlertId) -> Result<Decision, Objection> {
    let row = draft.world.alerts.get(&alert).ok_or(Objection::NotFound)?;
    let status = row.status;
    Ok(draft.done(AlertStands { alert, status }))
}

#[cfg(test)]
mod tests;
