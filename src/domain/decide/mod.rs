//! What the business says to a command: [`decide`].
//!
//! One file per family of commands, each with its rules and their tests. Roles were checked before
//! (which role may give which command at all); here the actor's relation to the rows is: a row that
//! is not the actor's is as absent as one that does not exist. Nothing is decided by what is not in
//! the world, so the loader must keep the promises of [`scope`](super::scope).

mod alerts;
mod bookings;
mod capacity;
mod catalogue;
mod crew;
mod customers;
mod draft;
mod giving_way;
mod holds;
mod import;
mod moves;
mod people;
#[cfg(test)]
mod properties;
mod queries;
mod roster;
mod shifts;
mod templates;
mod text;
mod watch;
mod work;

use serde_json::Value;

pub use queries::{job_targets, nearest_slots};

use super::{Command, Context, Event, Objection, World};

/// A yes: what happened, and what the one who asked is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// In the order in which they happened. None: it was so already.
    pub events: Vec<Event>,
    /// A JSON object: the answer that the command's contract names.
    pub result: Value,
}

/// Decides one command. Pure: the same arguments give the same answer, ids included.
pub fn decide(command: &Command, world: &World, context: &Context) -> Result<Decision, Objection> {
    let decided = ask(command, draft::Draft::new(world, context));
    if let Err(Objection::Rejected(rejection)) = &decided {
        debug_assert!(
            command.may_end_in(rejection),
            "{} ends in {rejection:?}, which its contract does not have",
            command.kind()
        );
    }
    decided
}

fn ask(command: &Command, draft: draft::Draft) -> Result<Decision, Objection> {
    match command {
        Command::UpdateCustomer(c) => customers::update(draft, c),
        Command::CreateCustomer(c) => customers::create(draft, c),
        Command::AddProperty(c) => customers::add_property(draft, c),
        Command::PlaceHold(c) => holds::place(draft, c),
        Command::ExtendHold(c) => holds::extend(draft, c),
        Command::ReleaseHold(c) => holds::release(draft, c),
        Command::ExpireHold(c) => holds::expire(draft, c),
        Command::ConfirmBooking(c) => bookings::confirm(draft, c),
        Command::CreateBooking(c) => bookings::create(draft, c),
        Command::CancelBooking(c) => bookings::cancel(draft, c),
        Command::RescheduleBooking(c) => moves::reschedule(draft, c),
        Command::MoveJob(c) => moves::move_job(draft, c),
        Command::ClaimJob(c) => crew::claim(draft, c),
        Command::AssignJob(c) => crew::assign(draft, c),
        Command::UnassignJob(c) => crew::unassign(draft, c),
        Command::WithdrawFromJob(c) => crew::withdraw(draft, c),
        Command::AcknowledgeJob(c) => work::acknowledge(draft, c),
        Command::DepartForJob(c) => work::depart(draft, c),
        Command::ArriveAtJob(c) => work::arrive(draft, c),
        Command::StartJob(c) => work::start(draft, c),
        Command::PauseJob(c) => work::pause(draft, c),
        Command::ResumeJob(c) => work::resume(draft, c),
        Command::CompleteJob(c) => work::complete(draft, c),
        Command::VerifyJob(c) => work::verify(draft, c),
        Command::ReportNoAccess(c) => work::no_access(draft, c),
        Command::ReportNoShow(c) => watch::no_show(draft, c),
        Command::WatchJob(c) => watch::watch(draft, c),
        Command::AcknowledgeAlert(c) => alerts::acknowledge(draft, c),
        Command::SnoozeAlert(c) => alerts::snooze(draft, c),
        Command::ResolveAlert(c) => alerts::resolve(draft, c),
        Command::SetDuty(c) => roster::set_duty(draft, c),
        Command::PublishShift(c) => shifts::publish(draft, c),
        Command::ChangeShift(c) => shifts::change(draft, c),
        Command::CancelShift(c) => shifts::cancel(draft, c),
        Command::SaveTemplate(c) => templates::save(draft, c),
        Command::EndTemplate(c) => templates::end(draft, c),
        Command::ExceptTemplate(c) => templates::except(draft, c),
        Command::PlanTemplate(c) => templates::plan(draft, c),
        Command::AddTimeOff(c) => roster::add_time_off(draft, c),
        Command::SaveZone(c) => catalogue::save_zone(draft, c),
        Command::SaveService(c) => catalogue::save_service(draft, c),
        Command::SaveUser(c) => people::save_user(draft, c),
        Command::SaveCleaner(c) => people::save_cleaner(draft, c),
        Command::ImportCompany(c) => import::import(draft, c),
    }
}
