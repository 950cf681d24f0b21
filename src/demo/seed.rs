//! The plan becomes rows: a transaction for the company, then one per zone and day, each with the
//! differences of its world and their publications, so that what people see is true of the demo
//! as of everything else. Every command that is put on stage is in the audit trail with the time
//! that it plays at.
//!
//! Seeding again adds what is missing and moves on what has been left lying; of several instances
//! one does it at a time, and the others leave it to that one.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

use jiff::{SignedDuration, Span, Timestamp, civil::Date};
use serde_json::Value;
use uuid::Uuid;

use super::{
    company::{SITES, founding},
    day::{Crew, Script},
    dice::beginning,
    people::{company_actor, everybody, hiring},
    plan::plan,
    stage::{Done, Stage, Staged},
};
use crate::{
    audience::{Difference, Entity, Stamp},
    domain::{
        Role, Thresholds, World,
        entity::TimeRange,
        ids::{CleanerId, CustomerId},
    },
    execute::{Committed, Via},
    store::{
        self, Pools, StoreError, Transaction,
        append::{self, Append, Ended, Verdict},
        load::{self, Named},
        planning,
    },
};

/// Days of the plan that are put on stage, counted from today: as far as a visit can be booked.
pub const DAYS: RangeInclusive<i64> = -1..=14;
/// Around the opening hours of a day: what belongs to it lies within.
const MARGIN: SignedDuration = SignedDuration::from_hours(3);
/// Tries where somebody else acts on the same rows.
const TRIES: u32 = 5;

/// What a seeding has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    pub commands: usize,
    /// Days that somebody else is working on, or that were too busy.
    pub left_out: usize,
}

/// Brings these days of the demo up to `now`, in their order: who is still at yesterday's work
/// cannot set out for today's.
pub async fn seed(
    pools: &Pools,
    live: &Arc<dyn Committed>,
    days: RangeInclusive<i64>,
    now: Timestamp,
) -> Result<Seeded, StoreError> {
    let seeder = Seeder { pools, live, now };
    let mut done = Seeded::default();
    done.count(seeder.found().await?);
    for day in days {
        for (number, site) in SITES.iter().enumerate() {
            let date = site.zone().date_at(now) + Span::new().days(day);
            done.count(seeder.perform(number, date).await?);
        }
    }
    for site in 0..SITES.len() {
        done.count(seeder.say_who_is_on_duty(site).await?);
    }
    Ok(done)
}

impl Seeded {
    fn count(&mut self, done: Option<usize>) {
        match done {
            Some(commands) => self.commands += commands,
            None => self.left_out += 1,
        }
    }
}

struct Seeder<'a> {
    pools: &'a Pools,
    live: &'a Arc<dyn Committed>,
    /// Up to when the plan is played.
    now: Timestamp,
}

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    world: World,
    ids: BTreeSet<Uuid>,
}

impl Seeder<'_> {
    /// Zones, services and people. How many commands it took; `None` where another is at it.
    async fn found(&self) -> Result<Option<usize>, StoreError> {
        let mut named = Named::default();
        for person in everybody() {
            let id = person.id();
            named.accounts.push(id);
            match person.role {
                Role::Customer => named.customers.push(CustomerId(id.0)),
                Role::Cleaner => named.cleaners.push(CleanerId(id.0)),
                Role::Dispatcher | Role::Manager | Role::Admin | Role::System => {}
            }
        }
        self.stage(&named, &[], "the company", |known, _| {
            let mut stage = Stage::new(known.world.clone(), Vec::new());
            for (label, command) in founding(&known.world) {
                let actor = company_actor(Role::Admin);
                stage.run(Staged::new(beginning(), actor, label, command));
            }
            stage.run_all(hiring(&known.world));
            stage.done
        })
        .await
    }

    /// A zone's day. How many commands it took; `None` where another is at it.
    async fn perform(&self, site: usize, date: Date) -> Result<Option<usize>, StoreError> {
        let Some(planned) = plan(site, date) else {
            return Ok(Some(0));
        };
        let crew = Crew::of(site);
        let script = Script::new(&crew, &planned);
        let named = Named {
            accounts: Vec::new(),
            customers: crew.customers(),
            cleaners: crew.cleaners(),
            during: TimeRange::new(planned.open.start - MARGIN, planned.open.end + MARGIN),
            day: Some((SITES[site].zone_slug(), date)),
        };
        let what = format!("{} on {date}", SITES[site].slug);
        self.stage(&named, &script.ids(), &what, |known, numbers| {
            script.perform(known.world.clone(), numbers, &known.ids, self.now)
        })
        .await
    }

    async fn say_who_is_on_duty(&self, site: usize) -> Result<Option<usize>, StoreError> {
        let crew = Crew::of(site);
        let days = |count: i64| SignedDuration::from_hours(24 * count);
        // Duty shows on every day that a cleaner works.
        let named = Named {
            cleaners: crew.cleaners(),
            during: TimeRange::new(self.now - days(3), self.now + days(366)),
            ..Named::default()
        };
        let what = format!("duties in {}", SITES[site].slug);
        self.stage(&named, &[], &what, |known, _| {
            crew.say_who_is_on_duty(known.world.clone(), self.now)
        })
        .await
    }

    /// Plans without holding anything; then locks, looks whether all is still as it was when it was
    /// planned, and keeps the plan if so.
    async fn stage(
        &self,
        named: &Named,
        ids: &[Uuid],
        what: &str,
        plan: impl Fn(&Known, Vec<i64>) -> Vec<Done>,
    ) -> Result<Option<usize>, StoreError> {
        for _ in 0..TRIES {
            let mut transaction = Transaction::begin(self.pools).await?;
            let (before, _) = read(&mut transaction, named, ids).await?;
            let new = ids.iter().filter(|id| !before.ids.contains(id)).count();
            let numbers = planning::job_numbers(transaction.on(), new).await?;
            transaction.rollback().await?;
            let done = plan(&before, numbers);
            if done.is_empty() {
                return Ok(Some(0));
            }
            let mut transaction = Transaction::begin(self.pools).await?;
            if !planning::begin(transaction.on()).await? {
                transaction.rollback().await?;
                return Ok(None);
            }
            let mut all = all_of(&before.world);
            transaction.lock(&mut all, store::Extent::Named).await?;
            let (current, now) = read(&mut transaction, named, ids).await?;
            if current == before {
                self.keep(transaction, &before.world, &done, now).await?;
                return Ok(Some(done.len()));
            }
            transaction.rollback().await?;
        }
        tracing::warn!(what, "too busy to be planned; the demo leaves it for later");
        Ok(None)
    }

    /// Saves, records, publishes and commits.
    async fn keep(
        &self,
        mut transaction: Transaction,
        before: &World,
        done: &[Done],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(last) = done.last() else {
            return transaction.rollback().await;
        };
        let mut after = before.clone();
        for event in done.iter().flat_map(|done| &done.decision.events) {
            after.apply(event);
        }
        store::save(transaction.on(), before, &after, &Thresholds::default()).await?;
        let stamp = Stamp {
            at: now,
            by: last.staged.actor.id,
            command_id: last.staged.id,
        };
        let difference = Difference::between(before, &after);
        let anew = difference.anew().clone();
        let publications: Vec<_> = difference
            .publications(stamp)
            .into_iter()
            .map(|(channel, body)| Append {
                anew: anew.contains(&channel),
                channel,
                body,
                readable: false,
            })
            .collect();
        record(&mut transaction, before, done, &publications).await?;
        let appended = append::commit(transaction, &publications).await?;
        self.live.committed(appended.publications);
        Ok(())
    }
}

async fn read(
    transaction: &mut Transaction,
    named: &Named,
    ids: &[Uuid],
) -> Result<(Known, Timestamp), StoreError> {
    let loaded = load::for_planning(transaction.on(), named.clone()).await?;
    let ids = planning::known(transaction.on(), ids).await?;
    let world = loaded.world;
    Ok((Known { world, ids }, loaded.now))
}

/// Facts and audit of each command; the publications go with the last.
async fn record(
    transaction: &mut Transaction,
    before: &World,
    done: &[Done],
    publications: &[Append],
) -> Result<(), StoreError> {
    let mut after = before.clone();
    for (index, Done { staged, decision }) in done.iter().enumerate() {
        for event in &decision.events {
            after.apply(event);
        }
        let is_last = index + 1 == done.len();
        let ended = Ended {
            actor: staged.actor,
            on_behalf_of: None,
            via: Via::Demo.as_str(),
            command_id: staged.id,
            command: &staged.command,
            trace_id: "demo",
            at: staged.at,
            verdict: Verdict::Accepted {
                result: if is_last {
                    &decision.result
                } else {
                    &Value::Null
                },
                events: &decision.events,
                after: &after,
                publications: if is_last { publications } else { &[] },
            },
        };
        append::record(transaction.on(), &ended).await?;
    }
    Ok(())
}

/// Everything of a day's world that commands lock.
fn all_of(world: &World) -> BTreeSet<Entity> {
    let mut all = BTreeSet::new();
    all.extend(world.customers.keys().copied().map(Entity::Customer));
    all.extend(world.holds.keys().copied().map(Entity::Hold));
    all.extend(world.bookings.keys().copied().map(Entity::Booking));
    all.extend(world.jobs.keys().copied().map(Entity::Job));
    all.extend(world.cleaners.keys().copied().map(Entity::Cleaner));
    all
}
