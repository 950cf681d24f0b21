//! How many commands a person may give a minute, by the kind of command: what is cheap and asked
//! often takes nothing from what is needed seldom, and the other way round.

use std::time::Duration;

use crate::{
    config,
    domain::{Actor, Command, Role, ids::AccountId},
    limits::{Limit, Rate, sharing::Book},
};

/// What a command counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What customers do for themselves.
    Order,
    /// The work of the day: the control room's, the cleaners'.
    Work,
    /// The company's terms and people: seldom, and felt by many.
    Administration,
}

impl Class {
    pub(super) fn of(role: Role, command: &Command) -> Self {
        match command {
            Command::SaveZone(_)
            | Command::SaveService(_)
            | Command::SaveUser(_)
            | Command::SaveCleaner(_)
            | Command::ImportCompany(_)
            | Command::SaveTemplate(_)
            | Command::EndTemplate(_)
            | Command::ExceptTemplate(_)
            | Command::PlanTemplate(_) => Self::Administration,
            Command::UpdateCustomer(_)
            | Command::CreateCustomer(_)
            | Command::AddProperty(_)
            | Command::PlaceHold(_)
            | Command::ExtendHold(_)
            | Command::ReleaseHold(_)
            | Command::ExpireHold(_)
            | Command::ConfirmBooking(_)
            | Command::CreateBooking(_)
            | Command::CancelBooking(_)
            | Command::RescheduleBooking(_)
            | Command::ClaimJob(_)
            | Command::AssignJob(_)
            | Command::MoveJob(_)
            | Command::UnassignJob(_)
            | Command::AcknowledgeJob(_)
            | Command::DepartForJob(_)
            | Command::ArriveAtJob(_)
            | Command::StartJob(_)
            | Command::PauseJob(_)
            | Command::ResumeJob(_)
            | Command::CompleteJob(_)
            | Command::ReportNoAccess(_)
            | Command::VerifyJob(_)
            | Command::WithdrawFromJob(_)
            | Command::ReportNoShow(_)
            | Command::WatchJob(_)
            | Command::AcknowledgeAlert(_)
            | Command::SnoozeAlert(_)
            | Command::ResolveAlert(_)
            | Command::SetDuty(_)
            | Command::PublishShift(_)
            | Command::ChangeShift(_)
            | Command::CancelShift(_)
            | Command::AddTimeOff(_) => match role {
                Role::Customer => Self::Order,
                Role::Cleaner | Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {
                    Self::Work
                }
            },
        }
    }
}

/// A budget of each person for each class.
pub(super) struct Limits {
    orders: Limit<AccountId>,
    work: Limit<AccountId>,
    administration: Limit<AccountId>,
}

impl Limits {
    pub(super) fn new(limits: &config::Limits, book: &Book) -> Self {
        let rate = |per_minute, burst| Rate { per_minute, burst };
        let orders = rate(limits.orders_per_minute, limits.orders_burst);
        let work = rate(limits.commands_per_minute, limits.commands_burst);
        let seldom = rate(
            limits.administration_per_minute,
            limits.administration_burst,
        );
        Self {
            orders: Limit::shared(book, "commands.orders", orders),
            work: Limit::shared(book, "commands.work", work),
            administration: Limit::shared(book, "commands.administration", seldom),
        }
    }

    /// Takes one of the person's budget for this command; `None` could not be read.
    pub(super) fn take(&self, actor: Actor, command: Option<&Command>) -> Result<(), Duration> {
        let class = match (command, actor.role) {
            (Some(command), role) => Class::of(role, command),
            (None, Role::Customer) => Class::Order,
            (None, _) => Class::Work,
        };
        let limit = match class {
            Class::Order => &self.orders,
            Class::Work => &self.work,
            Class::Administration => &self.administration,
        };
        limit.take(&actor.id)
    }

    pub(super) fn prune(&self) {
        for limit in [&self.orders, &self.work, &self.administration] {
            limit.prune();
        }
    }
}
