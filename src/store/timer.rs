//! Durable deadlines. A timer is set and finished by the transaction of the command that concerns
//! it; firing is leased to one instance at a time, and the number of the attempt is the fencing
//! token with which an attempt may say how it ended.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::domain::{
    Thresholds, World,
    alert::next_watch,
    entity::{Hold, HoldStatus},
    ids::JobId,
    template::{ShiftTemplate, days_ahead},
};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimerKind {
    HoldExpiry,
    /// The next moment at which the passing of time alone makes something of a job.
    JobWatch,
    /// When the next dates of a template come within the horizon.
    TemplatePlan,
}

impl TimerKind {
    pub const ALL: [Self; 3] = [Self::HoldExpiry, Self::JobWatch, Self::TemplatePlan];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HoldExpiry => "hold.expire",
            Self::JobWatch => "job.watch",
            Self::TemplatePlan => "template.plan",
        }
    }

    /// Whether somebody waits for it. The others are many at once, come midnight.
    pub fn is_urgent(self) -> bool {
        match self {
            Self::HoldExpiry | Self::JobWatch => true,
            Self::TemplatePlan => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    fn timer_id(self, subject: Uuid) -> Uuid {
        Uuid::new_v5(&subject, self.as_str().as_bytes())
    }
}

/// A timer that this attempt may fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    pub id: Uuid,
    pub kind: TimerKind,
    pub subject: Uuid,
    pub due_at: Timestamp,
    /// How often it has been set. A timer that is set again, even to the same instant, is to do
    /// something else.
    pub setting: i32,
    pub attempt: i32,
}

#[derive(Serialize)]
struct Setting {
    id: Uuid,
    kind: &'static str,
    subject: Uuid,
    due_at: Timestamp,
    finished: bool,
}

/// Sets, moves and finishes timers as the decision changed what they are about.
pub(super) async fn save(
    connection: &mut PgConnection,
    before: &World,
    after: &World,
    thresholds: &Thresholds,
) -> Result<(), StoreError> {
    if days_ahead(before) < days_ahead(after) && !before.services.is_empty() {
        look_again(connection).await?;
    }
    let holds = after.holds.values();
    let templates = after.templates.values();
    let templates = templates.filter(|row| before.templates.get(&row.id) != Some(row));
    let settings: Vec<_> = holds
        .filter(|hold| before.holds.get(&hold.id) != Some(hold))
        .map(expiry_of)
        .chain(watches(before, after, thresholds))
        .chain(templates.map(|template| plan_of(template, after)))
        .collect();
    if settings.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into timer (id, kind, subject_id, due_at, finished_at)
         select id, kind, subject, due_at, case when finished then clock_timestamp() end
         from jsonb_to_recordset($1) as r (id uuid, kind text, subject uuid, due_at timestamptz,
             finished boolean)
         order by id
         on conflict on constraint timer_kind_subject_uq do update set
             due_at = excluded.due_at, finished_at = excluded.finished_at,
             leased_until = null, attempt = timer.attempt + 1, setting = timer.setting + 1",
        serde_json::to_value(&settings).expect("settings are plain data"),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The horizon has moved out: every template may have days to plan.
async fn look_again(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "update timer set due_at = clock_timestamp(), leased_until = null, attempt = attempt + 1,
             setting = setting + 1
         where kind = $1 and finished_at is null",
        TimerKind::TemplatePlan.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Planned again when the next date comes within the horizon, if one ever does.
fn plan_of(template: &ShiftTemplate, world: &World) -> Setting {
    let due_at = template.plan_due(world);
    Setting {
        id: TimerKind::TemplatePlan.timer_id(template.id.0),
        kind: TimerKind::TemplatePlan.as_str(),
        subject: template.id.0,
        due_at: due_at.unwrap_or(Timestamp::UNIX_EPOCH),
        finished: due_at.is_none(),
    }
}

fn expiry_of(hold: &Hold) -> Setting {
    let finished = match hold.status {
        HoldStatus::Active => false,
        HoldStatus::Consumed | HoldStatus::Released | HoldStatus::Expired => true,
    };
    Setting {
        id: TimerKind::HoldExpiry.timer_id(hold.id.0),
        kind: TimerKind::HoldExpiry.as_str(),
        subject: hold.id.0,
        due_at: hold.expires_at,
        finished,
    }
}

/// The timers of jobs whose next moment is another than it was.
fn watches<'a>(
    before: &'a World,
    after: &'a World,
    thresholds: &'a Thresholds,
) -> impl Iterator<Item = Setting> + 'a {
    after.jobs.values().filter_map(|job| {
        let was = before.jobs.get(&job.id);
        let was = was.and_then(|job| next_watch(before, job, thresholds));
        let is = next_watch(after, job, thresholds);
        (was != is).then_some(())?;
        Some(watch_of(job.id, is, is.or(was)?))
    })
}

fn watch_of(job: JobId, next: Option<Timestamp>, due_at: Timestamp) -> Setting {
    Setting {
        id: TimerKind::JobWatch.timer_id(job.0),
        kind: TimerKind::JobWatch.as_str(),
        subject: job.0,
        due_at,
        finished: next.is_none(),
    }
}

/// Leases at most `limit` timers of these kinds that are due and nobody else's. Kinds that a newer
/// version of us has set are left to it.
pub async fn lease(
    pools: &Pools,
    kinds: &[TimerKind],
    limit: i64,
    length: Duration,
) -> Result<Vec<DueTimer>, StoreError> {
    let rows = sqlx::query!(
        r#"update timer set attempt = attempt + 1,
               leased_until = clock_timestamp() + make_interval(secs => $2)
           where id = any(array(
               select id from timer
               where finished_at is null and due_at <= clock_timestamp()
                   and (leased_until is null or leased_until < clock_timestamp())
                   and kind = any($3)
               order by due_at limit $1 for update skip locked))
           returning id, kind, subject_id, due_at as "due_at: jiff_sqlx::Timestamp", setting,
               attempt"#,
        limit,
        length.as_secs_f64(),
        &names(kinds),
    )
    .fetch_all(&pools.reads)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(DueTimer {
                id: row.id,
                kind: TimerKind::parse(&row.kind)?,
                subject: row.subject_id,
                due_at: row.due_at.to_jiff(),
                setting: row.setting,
                attempt: row.attempt,
            })
        })
        .collect())
}

fn names(kinds: &[TimerKind]) -> Vec<String> {
    let names = kinds.iter().map(|kind| kind.as_str().to_owned());
    names.collect()
}

/// How long until the next timer of these kinds is due that nobody has leased; `None`: there is
/// none. Others may be due without anything to do.
pub async fn until_next(
    pools: &Pools,
    kinds: &[TimerKind],
) -> Result<Option<Duration>, StoreError> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from min(greatest(due_at, coalesce(leased_until, due_at)))
             - clock_timestamp())::double precision
         from timer where finished_at is null and kind = any($1)",
        &names(kinds),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
}

/// Ends a timer whose command did not: it was decided that there is nothing to do. A later attempt
/// or a timer set anew is left alone.
pub async fn finish(pools: &Pools, timer: &DueTimer) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update timer set finished_at = clock_timestamp()
         where id = $1 and attempt = $2 and finished_at is null",
        timer.id,
        timer.attempt,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets a timer for another instant, where its command left it as it was. A later attempt or a
/// timer set anew is left alone.
pub async fn set_again(
    pools: &Pools,
    timer: &DueTimer,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update timer set due_at = $3, setting = setting + 1, leased_until = null,
             attempt = attempt + 1
         where id = $1 and attempt = $2 and finished_at is null",
        timer.id,
        timer.attempt,
        jiff_sqlx::Timestamp::from(due_at) as _,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The attempt failed: tried again after `pause`.
pub async fn postpone(
    pools: &Pools,
    timer: &DueTimer,
    pause: Duration,
    error: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update timer set last_error = $3,
             leased_until = clock_timestamp() + make_interval(secs => $4)
         where id = $1 and attempt = $2 and finished_at is null",
        timer.id,
        timer.attempt,
        error,
        pause.as_secs_f64(),
    )
    .execute(&pools.reads)
    .await?;
    Ok(())
}
