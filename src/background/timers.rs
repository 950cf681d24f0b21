//! Fires timers that are due, each as a command of the system under an id that follows from the
//! timer alone: whoever fires it, however often, it is executed once (invariant 11).

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{
        Actor, Command,
        command::{HoldExpire, JobWatch, TemplatePlan},
        ids::{CommandId, HoldId, JobId, TemplateId},
    },
    execute::{Executor, Outcome, Refusal, Request, Via},
    store::{
        Pools, StoreError,
        timer::{self, DueTimer, TimerKind},
    },
};

/// How late a timer may be noticed.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How long an attempt has before another instance may try.
const LEASE: Duration = Duration::from_secs(10);
/// Timers fired at a time.
const BATCH: i64 = 32;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Urgent timers have a loop of their own: they wait behind none that takes its time, or is waiting
/// for a row.
pub(super) async fn run(pools: Pools, executor: Executor, shutdown: CancellationToken) {
    let (urgent, others): (Vec<_>, Vec<_>) = TimerKind::ALL
        .into_iter()
        .partition(|kind| kind.is_urgent());
    tokio::join!(
        fire_all(&pools, &executor, &shutdown, &urgent),
        fire_all(&pools, &executor, &shutdown, &others),
    );
}

async fn fire_all(
    pools: &Pools,
    executor: &Executor,
    shutdown: &CancellationToken,
    kinds: &[TimerKind],
) {
    let mut failing = false;
    while !shutdown.is_cancelled() {
        let fired = fire_due(pools, executor, kinds).await;
        // One line when it begins and one when it is over: an outage may last for hours.
        match (&fired, failing) {
            (Err(error), false) => tracing::warn!(%error, "timers cannot be read for now"),
            (Err(error), true) => tracing::debug!(%error, "timers still cannot be read"),
            (Ok(_), true) => tracing::warn!("timers can be read again"),
            (Ok(_), false) => {}
        }
        failing = fired.is_err();
        let pause = fired.unwrap_or(LOOK_EVERY);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Fires what is due, and says how long there is nothing to do.
async fn fire_due(
    pools: &Pools,
    executor: &Executor,
    kinds: &[TimerKind],
) -> Result<Duration, StoreError> {
    let due = timer::lease(pools, kinds, BATCH, LEASE).await?;
    if due.is_empty() {
        let next = timer::until_next(pools, kinds).await?;
        // A moment more than needed: looking too early would look twice.
        return Ok(next.map_or(LOOK_EVERY, |next| {
            (next + Duration::from_millis(5)).min(LOOK_EVERY)
        }));
    }
    for timer in &due {
        fire(pools, executor, timer).await?;
    }
    Ok(Duration::ZERO)
}

async fn fire(pools: &Pools, executor: &Executor, timer: &DueTimer) -> Result<(), StoreError> {
    let late = Timestamp::now().duration_since(timer.due_at).as_secs_f64();
    metrics::histogram!("timer_late_seconds", "kind" => timer.kind.as_str()).record(late.max(0.0));
    let outcome = executor.execute(request(timer)).await;
    let _still_ours = match outcome {
        // Whatever was decided, it has been decided for good. A timer that the command itself has
        // ended or set anew has another attempt number by now.
        Outcome::Accepted { result, .. } => match next_look(timer.kind, &result) {
            Some(next) => timer::set_again(pools, timer, next).await?,
            None => timer::finish(pools, timer).await?,
        },
        Outcome::Rejected { .. } => timer::finish(pools, timer).await?,
        Outcome::Refused {
            code: Refusal::NotFound,
            ..
        } => {
            tracing::warn!(timer.id = %timer.id, "a timer's subject is gone");
            timer::finish(pools, timer).await?
        }
        Outcome::Refused { code, .. } => {
            let pause = pause_after(timer.attempt);
            timer::postpone(pools, timer, pause, code.as_str()).await?;
            false
        }
    };
    Ok(())
}

fn request(timer: &DueTimer) -> Request {
    let command = match timer.kind {
        TimerKind::HoldExpiry => Command::ExpireHold(HoldExpire {
            hold: HoldId(timer.subject),
        }),
        TimerKind::JobWatch => Command::WatchJob(JobWatch {
            job: JobId(timer.subject),
        }),
        TimerKind::TemplatePlan => Command::PlanTemplate(TemplatePlan {
            template: TemplateId(timer.subject),
        }),
    };
    let command_id = command_id(timer);
    Request {
        actor: Actor::SYSTEM,
        via: Via::Timer,
        command_id,
        command,
        trace_id: command_id.to_string(),
    }
}

/// A look that was too early says when to look again: after a change of settings, or where the
/// database's clock has gone back between the look and the decision. A hold that was extended
/// meanwhile has set its timer itself.
fn next_look(kind: TimerKind, result: &serde_json::Value) -> Option<Timestamp> {
    match kind {
        TimerKind::HoldExpiry if result["status"] == "active" => {
            result["expires_at"].as_str()?.parse().ok()
        }
        TimerKind::HoldExpiry | TimerKind::TemplatePlan => None,
        TimerKind::JobWatch => result["next"].as_str()?.parse().ok(),
    }
}

/// A timer that is set again is another command.
fn command_id(timer: &DueTimer) -> CommandId {
    let name = format!("{} {}", timer.setting, timer.due_at);
    let name = Uuid::new_v5(&timer.id, name.as_bytes());
    let mut random = [0_u8; 10];
    random.copy_from_slice(&name.as_bytes()[..10]);
    let millis = u64::try_from(timer.due_at.as_millisecond()).unwrap_or(0);
    CommandId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

fn pause_after(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt)
        .unwrap_or(0)
        .saturating_sub(1)
        .min(10);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(due_at: i64, setting: i32, attempt: i32) -> DueTimer {
        DueTimer {
            id: Uuid::from_u128(5),
            kind: TimerKind::HoldExpiry,
            subject: Uuid::from_u128(6),
            due_at: Timestamp::from_second(due_at).expect("in range"),
            setting,
            attempt,
        }
    }

    #[test]
    fn the_command_id_follows_from_the_timer_and_how_it_was_set_alone() {
        let id = command_id(&timer(1_800_000_000, 0, 1));
        assert_eq!(id, command_id(&timer(1_800_000_000, 0, 7)));
        assert_ne!(id, command_id(&timer(1_800_000_300, 0, 1)));
        assert_ne!(id, command_id(&timer(1_800_000_000, 1, 1)));
        assert_eq!(id.0.get_version_num(), 7);
    }

    #[test]
    fn pauses_grow_and_end_growing() {
        assert_eq!(pause_after(1), FIRST_PAUSE);
        assert_eq!(pause_after(3), FIRST_PAUSE * 4);
        assert_eq!(pause_after(i32::MAX), LONGEST_PAUSE);
    }
}
