//! `admin.user_save` → `{account, version}` and `admin.cleaner_save` → `{cleaner, version}`.
//!
//! An account of role customer or cleaner has a row of that name beside it, with the same id. Only
//! admins make, change or promote to admins, and nobody disables or demotes themselves: the last
//! admin stays. Absent fields of a known row stay as they are; an empty e-mail address takes the way
//! to sign in away.
//!
//! A change of a cleaner (zones, skills, active) must leave them able to do the jobs they are
//! assigned, and their shifts in their zones, else it is `in_use`. Promises that they can carry no
//! longer are re-homed; one that nobody else can carry is `in_use` too. Disabling an account and
//! giving it a new password sign people out; it does not take a cleaner off the roster, `active` does.

use super::{Decision, catalogue::next_version, draft::Draft, text};
use crate::domain::{
    Event, Objection, Rejection, Role,
    command::{CleanerSave, NewPassword, UserSave},
    contract::answer::{CleanerSaved, UserSaved},
    entity::{Account, Cause, Cleaner, Customer, Duty, Occupancy},
    homing::Promise,
    ids::{AccountId, CleanerId, CustomerId},
    limits::LIMITS,
};

pub(super) fn save_user(mut draft: Draft, command: &UserSave) -> Result<Decision, Objection> {
    draft.require_manager()?;
    let before = match command.account {
        None => None,
        Some(id) => Some(draft.account(id)?),
    };
    check_rights(&draft, before.as_ref(), command)?;
    let email = text::changed(
        command.email.as_deref(),
        before.as_ref().and_then(|account| account.email.clone()),
        text::email,
    )?;
    let id = match &before {
        None => draft.new_id(),
        Some(account) => account.id,
    };
    check_email_is_free(&draft, id, email.as_deref())?;
    let version = version_of_known(command.expected_version, before.as_ref(), |a| a.version)?;
    let account = Account {
        id,
        role: command.role,
        name: text::required("name", &command.name, LIMITS.name)?,
        disabled: command
            .disabled
            .unwrap_or(before.as_ref().is_some_and(|account| account.disabled)),
        new_password_hash: password_hash(command.password.as_ref(), email.as_deref())?,
        email,
        version,
    };
    if let Some(before) = before {
        check_role_may_change(&draft, &before, &account)?;
    }
    let result = UserSaved {
        account: id,
        version,
    };
    draft.emit(Event::AccountSaved {
        account: account.clone(),
    });
    row_beside(&mut draft, &account);
    Ok(draft.done(result))
}

pub(super) fn save_cleaner(mut draft: Draft, command: &CleanerSave) -> Result<Decision, Objection> {
    draft.require_manager()?;
    let before = match command.cleaner {
        None => None,
        Some(id) => Some(draft.cleaner(id)?),
    };
    let version = version_of_known(command.expected_version, before.as_ref(), |c| c.version)?;
    if !command
        .zones
        .iter()
        .all(|zone| draft.world.zones.contains_key(zone))
    {
        return Err(Objection::invalid("zones", "no such zone"));
    }
    if command.skills.len() > LIMITS.skills {
        return Err(Objection::invalid("skills", "too many of them"));
    }
    if !command
        .skills
        .iter()
        .all(|skill| draft.world.skills.contains_key(skill))
    {
        return Err(Objection::invalid("skills", "no such skill"));
    }
    let known_phone = before.as_ref().and_then(|cleaner| cleaner.phone.clone());
    let id = match &before {
        None => draft.new_id(),
        Some(cleaner) => cleaner.id,
    };
    let cleaner = Cleaner {
        id,
        name: text::required("name", &command.name, LIMITS.name)?,
        phone: text::changed(command.phone.as_deref(), known_phone, text::phone)?,
        zones: command.zones.clone(),
        skills: command.skills.clone(),
        duty: before.as_ref().map_or(Duty::Off, |cleaner| cleaner.duty),
        active: command.active,
        version,
    };
    save_account_of(&mut draft, &cleaner, command.email.as_deref())?;
    check_still_able(&draft, &cleaner)?;
    draft.emit(Event::CleanerSaved { cleaner });
    rehome_what_they_cannot_carry(&mut draft, id)?;
    draft.secure();
    Ok(draft.done(CleanerSaved {
        cleaner: id,
        version,
    }))
}

impl Draft {
    fn account(&self, id: AccountId) -> Result<Account, Objection> {
        let account = self.world.accounts.get(&id);
        account.cloned().ok_or(Objection::NotFound)
    }
}

/// A known row must say which version it was read at; a new one has none to say.
pub(super) fn version_of_known<T>(
    expected: Option<i64>,
    before: Option<&T>,
    version: impl Fn(&T) -> i64,
) -> Result<i64, Objection> {
    match (before, expected) {
        (Some(_), None) => Err(Objection::invalid("expected_version", "say what you saw")),
        (None, Some(_)) => Err(Objection::invalid(
            "expected_version",
            "nothing is there yet",
        )),
        (_, _) => next_version(expected, before.map(version)),
    }
}

fn check_rights(
    draft: &Draft,
    before: Option<&Account>,
    command: &UserSave,
) -> Result<(), Objection> {
    if command.role == Role::System {
        return Err(Objection::invalid("role", "signs in nowhere"));
    }
    let about_admin = command.role == Role::Admin || before.is_some_and(|a| a.role == Role::Admin);
    if about_admin && draft.actor.role != Role::Admin {
        return Err(Objection::Forbidden);
    }
    if command.account == Some(draft.actor.id) {
        if command.role != draft.actor.role {
            return Err(Objection::invalid("role", "not one's own"));
        }
        if command.disabled == Some(true) {
            return Err(Objection::invalid("disabled", "not oneself"));
        }
    }
    Ok(())
}

fn check_email_is_free(draft: &Draft, id: AccountId, email: Option<&str>) -> Result<(), Objection> {
    let mut accounts = draft.world.accounts.values();
    let taken = |other: &Account| other.id != id && other.email.as_deref() == email;
    if email.is_some() && accounts.any(taken) {
        return Err(Rejection::AlreadyExists.into());
    }
    Ok(())
}

fn password_hash(
    password: Option<&NewPassword>,
    email: Option<&str>,
) -> Result<Option<String>, Objection> {
    let Some(password) = password else {
        return Ok(None);
    };
    if email.is_none() {
        return Err(Objection::invalid(
            "email",
            "a password needs an address to go with",
        ));
    }
    let letters = password.plain().chars().count();
    if !(LIMITS.password_least..=LIMITS.password_most).contains(&letters) {
        let (least, most) = (LIMITS.password_least, LIMITS.password_most);
        return Err(Objection::invalid(
            "password",
            format!("{least} to {most} letters"),
        ));
    }
    let hash = password.hash.clone();
    hash.map(Some)
        .ok_or_else(|| Objection::invalid("password", "not hashed at the edge"))
}

/// Whoever stops being a cleaner leaves no work behind.
fn check_role_may_change(
    draft: &Draft,
    before: &Account,
    after: &Account,
) -> Result<(), Objection> {
    if before.role != Role::Cleaner || after.role == Role::Cleaner {
        return Ok(());
    }
    let cleaner = CleanerId(before.id.0);
    let active = draft
        .world
        .cleaners
        .get(&cleaner)
        .is_some_and(|row| row.active);
    if active {
        return Err(Rejection::InUse.into());
    }
    Ok(())
}

fn row_beside(draft: &mut Draft, account: &Account) {
    match account.role {
        Role::Customer => {
            let id = CustomerId(account.id.0);
            if !draft.world.customers.contains_key(&id) {
                let customer = Customer {
                    id,
                    name: Some(account.name.clone()),
                    phone: None,
                    email: account.email.clone(),
                    version: 1,
                };
                draft.emit(Event::CustomerCreated { customer });
            }
        }
        Role::Cleaner => {
            let id = CleanerId(account.id.0);
            let known = draft.world.cleaners.get(&id).cloned();
            let cleaner = match known {
                Some(row) if row.name == account.name => return,
                Some(row) => Cleaner {
                    name: account.name.clone(),
                    version: row.version + 1,
                    ..row
                },
                None => Cleaner {
                    id,
                    name: account.name.clone(),
                    phone: None,
                    zones: [].into(),
                    skills: [].into(),
                    duty: Duty::Off,
                    active: true,
                    version: 1,
                },
            };
            draft.emit(Event::CleanerSaved { cleaner });
        }
        Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {}
    }
}

pub(super) fn save_account_of(
    draft: &mut Draft,
    cleaner: &Cleaner,
    email: Option<&str>,
) -> Result<(), Objection> {
    let id = AccountId(cleaner.id.0);
    let before = draft.world.accounts.get(&id).cloned();
    let of_admin = before
        .as_ref()
        .is_some_and(|account| account.role == Role::Admin);
    if of_admin && draft.actor.role != Role::Admin {
        return Err(Objection::Forbidden);
    }
    let known_email = before.as_ref().and_then(|account| account.email.clone());
    let email = text::changed(email, known_email, text::email)?;
    check_email_is_free(draft, id, email.as_deref())?;
    let account = Account {
        id,
        role: before
            .as_ref()
            .map_or(Role::Cleaner, |account| account.role),
        name: cleaner.name.clone(),
        disabled: before.as_ref().is_some_and(|account| account.disabled),
        email,
        new_password_hash: None,
        version: before.as_ref().map_or(1, |account| account.version + 1),
    };
    let same = before.is_some_and(|was| was.name == account.name && was.email == account.email);
    if !same {
        draft.emit(Event::AccountSaved { account });
    }
    Ok(())
}

/// Whether the cleaner as they will be can do what they are assigned, where they are on shift.
pub(super) fn check_still_able(draft: &Draft, cleaner: &Cleaner) -> Result<(), Objection> {
    let shifts = draft.world.shifts.values();
    let mut ahead = shifts.filter(|s| s.cleaner == cleaner.id && s.during.end > draft.now);
    if ahead.any(|shift| !cleaner.zones.contains(&shift.zone)) {
        return Err(Rejection::InUse.into());
    }
    super::templates::check_none_elsewhere(draft, cleaner)?;
    for job in draft.world.jobs.values() {
        let theirs = job.status.is_live() && job.crew().any(|on| on == cleaner.id);
        if !theirs {
            continue;
        }
        let service = draft.service(&job.service)?;
        let able = cleaner.active
            && cleaner.zones.contains(&job.zone)
            && service.skills.is_subset(&cleaner.skills);
        if !able {
            return Err(Rejection::InUse.into());
        }
    }
    Ok(())
}

fn rehome_what_they_cannot_carry(draft: &mut Draft, id: CleanerId) -> Result<(), Objection> {
    let cleaner = draft.cleaner(id)?;
    let now = draft.now;
    let carried =
        |row: &&Occupancy| row.cleaner == id && row.cause.is_movable() && row.busy.end > now;
    let rows: Vec<Occupancy> = draft
        .world
        .occupancy
        .values()
        .filter(carried)
        .copied()
        .collect();
    let mut displaced = Vec::new();
    for row in rows {
        let lapsed = match row.cause {
            Cause::Hold { hold, .. } => draft
                .world
                .holds
                .get(&hold)
                .is_some_and(|h| h.has_lapsed(now)),
            Cause::Reserved { .. } | Cause::Assigned { .. } | Cause::TimeOff { .. } => false,
        };
        let promise = Promise::behind(&draft.world, row.cause, row.busy).ok_or(Rejection::InUse)?;
        if !lapsed && promise.obstacle(&draft.timetable(), &cleaner).is_some() {
            displaced.push((row, promise));
        }
    }
    draft.free_all(displaced.iter().map(|(row, _)| *row));
    for (_, promise) in displaced {
        if !draft.place(promise, crate::domain::homing::Preference::default()) {
            return Err(Rejection::InUse.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
