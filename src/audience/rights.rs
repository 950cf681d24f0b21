//! Who may ask for what and read what: one table of roles and commands, one of roles and channels
//! with the relation they need. Default deny. Absent and forbidden get the same answer, so nothing
//! here says which of the two it was.
//!
//! A role that may run a command may still not run it on that row: whose row it is, is decided
//! with the row.

use std::collections::BTreeSet;

use super::{Channel, EphemeralChannel};
use crate::domain::{
    Actor, Command, Query, Role, World,
    entity::{Account, Cleaner, JobStatus},
    ids::{AccountId, CustomerId, ZoneSlug},
};

use Role::{Admin, Cleaner as Worker, Customer, Dispatcher, Manager, System};

/// May somebody of this role ever run this command?
///
/// Managers may do with customers and their properties what a booking by phone needs.
pub fn may_run(role: Role, command: &Command) -> bool {
    let roles: &[Role] = match command {
        Command::UpdateCustomer(_)
        | Command::AddProperty(_)
        | Command::ConfirmBooking(_)
        | Command::CancelBooking(_)
        | Command::RescheduleBooking(_) => &[Customer, Dispatcher, Manager],
        Command::PlaceHold(_) | Command::ExtendHold(_) | Command::ReleaseHold(_) => {
            &[Customer, Dispatcher]
        }
        Command::ExpireHold(_) | Command::WatchJob(_) | Command::PlanTemplate(_) => &[System],
        Command::CreateCustomer(_)
        | Command::CreateBooking(_)
        | Command::AssignJob(_)
        | Command::UnassignJob(_)
        | Command::MoveJob(_)
        | Command::VerifyJob(_)
        | Command::ReportNoShow(_)
        | Command::AcknowledgeAlert(_)
        | Command::SnoozeAlert(_)
        | Command::ResolveAlert(_) => &[Dispatcher, Manager],
        // Admins set an installation up, and nobody can be booked without a shift.
        Command::PublishShift(_)
        | Command::ChangeShift(_)
        | Command::CancelShift(_)
        | Command::SaveTemplate(_)
        | Command::EndTemplate(_)
        | Command::ExceptTemplate(_)
        | Command::AddTimeOff(_) => &[Dispatcher, Manager, Admin],
        Command::ClaimJob(_) => &[Worker],
        Command::AcknowledgeJob(_)
        | Command::DepartForJob(_)
        | Command::ArriveAtJob(_)
        | Command::StartJob(_)
        | Command::PauseJob(_)
        | Command::ResumeJob(_)
        | Command::CompleteJob(_)
        | Command::ReportNoAccess(_)
        | Command::WithdrawFromJob(_)
        | Command::SetDuty(_) => &[Worker, Dispatcher],
        Command::ImportCompany(_) => &[Manager, Admin, System],
        Command::SaveZone(_)
        | Command::SaveService(_)
        | Command::SaveUser(_)
        | Command::SaveCleaner(_) => &[Manager, Admin],
    };
    roles.contains(&role)
}

/// May somebody of this role (nobody, where not signed in) ever ask this? Timers ask nothing.
pub fn may_ask(role: Option<Role>, query: &Query) -> bool {
    match query {
        Query::Clock(_) | Query::NearestSlots(_) => role != Some(System),
        Query::JobTargets(_) => matches!(role, Some(Dispatcher | Manager)),
        Query::JobFate(_) => role == Some(Worker),
        Query::Search(_)
        | Query::JobHistory(_)
        | Query::ReadCatalogue(_)
        | Query::ListCleaners(_)
        | Query::ListShifts(_)
        | Query::ListTemplates(_)
        | Query::ListTimeOff(_) => matches!(role, Some(Dispatcher | Manager | Admin)),
        Query::ListUsers(_) => matches!(role, Some(Manager | Admin)),
    }
}

/// May somebody of this role see why a cleaner is away?
pub fn may_see_reasons(role: Role) -> bool {
    may_read_records(role)
}

/// May somebody of this role read the event log and the audit trail?
pub fn may_read_records(role: Role) -> bool {
    match role {
        Manager | Admin => true,
        Customer | Worker | Dispatcher | System => false,
    }
}

/// Whether the actor is what they were when they signed in. A token outlives the right to use it
/// by minutes: who is disabled or something else now may do nothing any more.
pub fn is_valid(actor: Actor, world: &World) -> bool {
    match actor.role {
        Role::System => true,
        Role::Customer | Role::Cleaner | Role::Dispatcher | Role::Manager | Role::Admin => world
            .accounts
            .get(&actor.id)
            .is_some_and(|account| !account.disabled && account.role == actor.role),
    }
}

/// What the store knows about a channel and the one who asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The channel's zone, booking, customer or cleaner exists.
    pub exists: bool,
    /// The actor's account is there, is not disabled, and has the actor's role.
    pub account_valid: bool,
    /// Whose booking the channel is about.
    pub booked_by: Option<CustomerId>,
    /// The actor is a cleaner who works for the company, with these home zones.
    pub works_in: Option<BTreeSet<ZoneSlug>>,
}

/// May this actor (nobody, where not signed in) read this channel?
pub fn may_subscribe(actor: Option<Actor>, channel: &Channel, facts: &Facts) -> bool {
    if !facts.exists {
        return false;
    }
    if let Channel::Slots { .. } = channel {
        return true;
    }
    let Some(actor) = actor.filter(|_| facts.account_valid) else {
        return false;
    };
    match actor.role {
        Dispatcher | Manager | Admin => true,
        Customer => may_customer_read(actor, channel, facts),
        Worker => may_cleaner_read(actor, channel, facts),
        System => false,
    }
}

fn may_customer_read(actor: Actor, channel: &Channel, facts: &Facts) -> bool {
    match channel {
        Channel::Slots { .. } => true,
        Channel::Booking(_) => facts.booked_by.is_some() && facts.booked_by == actor.customer(),
        Channel::Customer(customer) => Some(*customer) == actor.customer(),
        Channel::Agenda(_) | Channel::Board(_) | Channel::Control { .. } => false,
    }
}

fn may_cleaner_read(actor: Actor, channel: &Channel, facts: &Facts) -> bool {
    match channel {
        Channel::Slots { .. } => true,
        Channel::Agenda(cleaner) => facts.works_in.is_some() && Some(*cleaner) == actor.cleaner(),
        Channel::Board(zone) => facts
            .works_in
            .as_ref()
            .is_some_and(|zones| zones.contains(zone)),
        Channel::Booking(_) | Channel::Customer(_) | Channel::Control { .. } => false,
    }
}

/// A right that a decision may have ended, to be asked again wherever it is in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lapse {
    /// All connections of an account, for good: it is disabled, or signs in with another password.
    Account(AccountId),
    /// All connections of an account that is something else now: it comes back as that.
    Role(AccountId),
    /// Everybody's subscription to a channel that is not there any more.
    Over(EphemeralChannel),
    /// One user's subscription to one channel.
    Channel { channel: Channel, user: AccountId },
}

/// The rights that end with what `after` has and `before` had not. A lost seat ends none: the
/// agenda stays the cleaner's own, the job goes from it.
pub fn lapsed(before: &World, after: &World) -> Vec<Lapse> {
    let accounts = before.accounts.values().filter_map(|old| {
        let new = after.accounts.get(&old.id);
        lost_account(old, new)
    });
    let channels = before.cleaners.values().flat_map(|old| {
        let user = AccountId(old.id.0);
        lost_channels(old, after.cleaners.get(&old.id))
            .into_iter()
            .map(move |channel| Lapse::Channel { channel, user })
    });
    let visits = before.jobs.values().filter_map(|old| {
        let arrived = after.jobs.get(&old.id).map(|new| new.status) != Some(JobStatus::EnRoute);
        let over = old.status == JobStatus::EnRoute && arrived;
        over.then_some(Lapse::Over(EphemeralChannel::Track(old.booking)))
    });
    accounts.chain(channels).chain(visits).collect()
}

fn lost_account(old: &Account, new: Option<&Account>) -> Option<Lapse> {
    let is_out =
        |new: &&Account| (new.disabled && !old.disabled) || new.new_password_hash.is_some();
    match new.filter(|new| !is_out(new)) {
        None => Some(Lapse::Account(old.id)),
        Some(new) => (new.role != old.role).then_some(Lapse::Role(old.id)),
    }
}

fn lost_channels(old: &Cleaner, new: Option<&Cleaner>) -> Vec<Channel> {
    if !old.active {
        return Vec::new();
    }
    let new = new.filter(|new| new.active);
    let lost_zones = old
        .zones
        .iter()
        .filter(|zone| !new.is_some_and(|new| new.zones.contains(zone)))
        .cloned()
        .map(Channel::Board);
    let lost_agenda = new.is_none().then_some(Channel::Agenda(old.id));
    lost_agenda.into_iter().chain(lost_zones).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ME: AccountId = AccountId(Uuid::from_u128(1));
    const OTHER: Uuid = Uuid::from_u128(2);

    fn actor(role: Role) -> Actor {
        Actor { id: ME, role }
    }

    fn zone(slug: &str) -> ZoneSlug {
        slug.parse().expect("a slug")
    }

    /// Everything true that can be true, for a booking and a cleaner of mine.
    fn all_true() -> Facts {
        Facts {
            exists: true,
            account_valid: true,
            booked_by: Some(CustomerId(ME.0)),
            works_in: Some(BTreeSet::from([zone("center")])),
        }
    }

    fn channels(of: Uuid) -> [Channel; 6] {
        let date = jiff::civil::date(2026, 11, 20);
        [
            Channel::Slots {
                zone: zone("center"),
                date,
            },
            Channel::Booking(of.into()),
            Channel::Customer(of.into()),
            Channel::Agenda(of.into()),
            Channel::Board(zone("center")),
            Channel::Control {
                zone: zone("center"),
                date,
            },
        ]
    }

    /// In the order of `channels`.
    fn readable(actor: Option<Actor>, of: Uuid, facts: &Facts) -> [bool; 6] {
        channels(of).map(|channel| may_subscribe(actor, &channel, facts))
    }

    #[test]
    fn each_role_reads_its_channels_and_no_others() {
        let facts = all_true();
        let mine = |role| readable(Some(actor(role)), ME.0, &facts);
        assert_eq!(
            readable(None, ME.0, &facts),
            [true, false, false, false, false, false]
        );
        assert_eq!(mine(Customer), [true, true, true, false, false, false]);
        assert_eq!(mine(Worker), [true, false, false, true, true, false]);
        assert_eq!(mine(System), [true, false, false, false, false, false]);
        for staff in [Dispatcher, Manager, Admin] {
            assert_eq!(mine(staff), [true; 6]);
        }
    }

    #[test]
    fn what_belongs_to_another_is_not_readable() {
        let facts = Facts {
            booked_by: Some(CustomerId(OTHER)),
            ..all_true()
        };
        let theirs = |role| readable(Some(actor(role)), OTHER, &facts);
        assert_eq!(theirs(Customer), [true, false, false, false, false, false]);
        assert_eq!(theirs(Worker), [true, false, false, false, true, false]);
    }

    #[test]
    fn what_is_absent_looks_like_what_is_forbidden() {
        let facts = Facts {
            exists: false,
            ..all_true()
        };
        for role in Role::ALL {
            assert_eq!(readable(Some(actor(role)), ME.0, &facts), [false; 6]);
        }
    }

    #[test]
    fn a_disabled_account_reads_what_anybody_may() {
        let facts = Facts {
            account_valid: false,
            ..all_true()
        };
        for role in Role::ALL {
            assert_eq!(
                readable(Some(actor(role)), ME.0, &facts),
                [true, false, false, false, false, false]
            );
        }
    }

    #[test]
    fn a_cleaner_who_left_reads_neither_board_nor_agenda() {
        let facts = Facts {
            works_in: None,
            ..all_true()
        };
        let expected = [true, false, false, false, false, false];
        assert_eq!(readable(Some(actor(Worker)), ME.0, &facts), expected);
    }

    fn world(active: bool, zones: &[&str], disabled: bool, role: Role) -> World {
        let cleaner = Cleaner {
            id: ME.0.into(),
            name: "Anna".into(),
            phone: None,
            zones: zones.iter().map(|slug| zone(slug)).collect(),
            skills: BTreeSet::new(),
            duty: crate::domain::entity::Duty::Off,
            active,
            version: 1,
        };
        let account = Account {
            id: ME,
            role,
            name: "Anna".into(),
            disabled,
            email: None,
            new_password_hash: None,
            version: 1,
        };
        World {
            accounts: [(ME, account)].into(),
            cleaners: [(cleaner.id, cleaner)].into(),
            ..World::default()
        }
    }

    #[test]
    fn rights_lapse_with_zones_with_work_and_with_the_account() {
        let before = world(true, &["center", "north"], false, Worker);
        let lapse = |after| lapsed(&before, &after);
        let channel = |channel| Lapse::Channel { channel, user: ME };
        assert_eq!(lapse(before.clone()), []);
        assert_eq!(
            lapse(world(true, &["center"], false, Worker)),
            [channel(Channel::Board(zone("north")))]
        );
        assert_eq!(
            lapse(world(false, &["center", "north"], false, Worker)),
            [
                channel(Channel::Agenda(ME.0.into())),
                channel(Channel::Board(zone("center"))),
                channel(Channel::Board(zone("north"))),
            ]
        );
        for (disabled, role, lapsed) in [
            (true, Worker, Lapse::Account(ME)),
            (true, Dispatcher, Lapse::Account(ME)),
            (false, Dispatcher, Lapse::Role(ME)),
        ] {
            let after = world(true, &["center", "north"], disabled, role);
            assert_eq!(lapse(after), [lapsed]);
        }
    }
}
