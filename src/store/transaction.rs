//! One command's transaction, from its receipt to its commit. Entity rows are locked before the
//! channels' heads, and each kind in one order, so that commands wait for each other but never in
//! a circle.

use std::{collections::BTreeSet, time::Duration};

use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, time::timeout};

use super::{Pools, StoreError};
use crate::audience::Entity;

/// Names the lock on what visits are sold and free starts counted by: zones' hours and services'
/// lengths. Everybody goes by them and shares it; who changes them is alone. So nothing is sold by
/// terms that are being changed, and a difference of counts is never published behind an order to
/// count anew by other terms. It comes before all rows: whoever had a zone's or a service's row
/// first would wait in a circle with whoever changes it.
const TERMS: i64 = 0x7465_726d_7300_0001;

/// For the statement of a transaction that was given up to end; a connection that takes longer may
/// lead nowhere any more.
const ROLLBACK_WITHIN: Duration = Duration::from_secs(1);

/// A transaction that is rolled back unless it is committed. If it is dropped half-way (a panic, a
/// timeout), its statement is left to end in a task of its own, and the connection is used again:
/// if everybody who is late took a warm connection with them, a busy database would have to open
/// new ones for the next, who would then be late, too.
pub struct Transaction {
    connection: Option<PoolConnection<Postgres>>,
}

impl Transaction {
    pub async fn begin(pools: &Pools) -> Result<Self, StoreError> {
        let connection = pools.commands.acquire().await?;
        let mut transaction = Self {
            connection: Some(connection),
        };
        sqlx::raw_sql("begin").execute(transaction.on()).await?;
        Ok(transaction)
    }

    /// Widens the session's time limits for this transaction, which brings thousands of rows.
    pub async fn be_patient(&mut self) -> Result<(), StoreError> {
        let limits = "set local statement_timeout = '20s';
            set local idle_in_transaction_session_timeout = '20s'";
        sqlx::raw_sql(limits).execute(self.on()).await?;
        Ok(())
    }

    /// The connection that the transaction runs on.
    pub fn on(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("the connection is there until the transaction ends")
    }

    pub async fn rollback(mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("rollback").execute(self.on()).await?;
        self.give_back();
        Ok(())
    }

    /// The last statement has committed: the connection goes back to its pool.
    pub(super) fn give_back(mut self) {
        drop(self.connection.take());
    }

    /// Locks rows in the one global order, see [`Extent`]; what has been locked beyond `entities`
    /// is added to them. One statement: each step waits for the one before it, because it counts
    /// its rows. `no key update`: others may still refer to these rows, not change them.
    #[expect(
        clippy::too_many_lines,
        reason = "one statement, in the order of the locks"
    )]
    pub async fn lock(
        &mut self,
        entities: &mut BTreeSet<Entity>,
        extent: Extent,
    ) -> Result<(), StoreError> {
        let ids = Ids::of(entities);
        #[cfg(feature = "breakages")]
        let (ids, extent) = ids.broken(self, extent).await?;
        let locked = sqlx::query!(
            r#"with
               named_hold as materialized (
                   select id, customer_id from hold where $9 and id = any($5)),
               named_job as materialized (
                   select job.id, booking_id, customer_id
                   from job join booking on booking.id = job.booking_id
                   where $9 and (job.id = any($7) or booking_id = any($6))),
               tied as materialized (
                   select cleaner_id from occupancy
                   where $9 and (hold_id = any(array(select id from named_hold))
                       or job_id = any(array(select id from named_job)))
                   union
                   select cleaner_id from job_seat
                   where $9 and job_id = any(array(select id from named_job))
                       and cleaner_id is not null),
               terms_lock as materialized (
                   select case when $10 then pg_advisory_xact_lock($11)::text
                       else pg_advisory_xact_lock_shared($11)::text end),
               account_lock as materialized (
                   select id from account where id = any($1)
                       and (select count(*) from terms_lock) >= 0
                   order by id for no key update),
               zone_lock as materialized (
                   select slug from zone where slug = any($2)
                       and (select count(*) from account_lock) >= 0
                   order by slug for no key update),
               service_lock as materialized (
                   select slug from service where slug = any($3)
                       and (select count(*) from zone_lock) >= 0
                   order by slug for no key update),
               customer_lock as materialized (
                   select id from customer where id = any($4 || array(
                           select customer_id from named_hold
                           union select customer_id from named_job))
                       and (select count(*) from service_lock) >= 0
                   order by id for no key update),
               hold_lock as materialized (
                   select id from hold where id = any($5)
                       and (select count(*) from customer_lock) >= 0
                   order by id for no key update),
               booking_lock as materialized (
                   select id from booking
                   where id = any($6 || array(select booking_id from named_job))
                       and (select count(*) from hold_lock) >= 0
                   order by id for no key update),
               job_lock as materialized (
                   select id from job where id = any($7 || array(select id from named_job))
                       and (select count(*) from booking_lock) >= 0
                   order by id for no key update),
               cleaner_lock as materialized (
                   select id from cleaner where id = any($8 || array(select cleaner_id from tied))
                       and (select count(*) from job_lock) >= 0
                   order by id for no key update)
               select array(select id from customer_lock) as "customers!",
                   array(select id from booking_lock) as "bookings!",
                   array(select id from job_lock) as "jobs!",
                   array(select id from cleaner_lock) as "cleaners!""#,
            &ids.accounts,
            &ids.zones,
            &ids.services,
            &ids.customers,
            &ids.holds,
            &ids.bookings,
            &ids.jobs,
            &ids.cleaners,
            extent == Extent::WithTies,
            ids.change_terms(),
            TERMS,
        )
        .fetch_one(self.on())
        .await?;
        entities.extend(
            locked
                .customers
                .into_iter()
                .map(|id| Entity::Customer(id.into())),
        );
        entities.extend(
            locked
                .bookings
                .into_iter()
                .map(|id| Entity::Booking(id.into())),
        );
        entities.extend(locked.jobs.into_iter().map(|id| Entity::Job(id.into())));
        entities.extend(
            locked
                .cleaners
                .into_iter()
                .map(|id| Entity::Cleaner(id.into())),
        );
        Ok(())
    }
}

/// Whether only the entities named are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Named,
    /// With what the holds, bookings and jobs named are tied to: their customers, bookings and jobs,
    /// for good, and the cleaners who sit on them or carry them at this moment.
    WithTies,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            connection.close_on_drop();
            return;
        };
        runtime.spawn(async move {
            // The driver first reads what is left of the answer to the statement before.
            let rollback = sqlx::raw_sql("rollback").execute(&mut *connection);
            if !matches!(timeout(ROLLBACK_WITHIN, rollback).await, Ok(Ok(_))) {
                connection.close_on_drop();
            }
        });
    }
}

/// Entities by kind, as arrays for the statement.
#[derive(Default)]
struct Ids {
    accounts: Vec<uuid::Uuid>,
    zones: Vec<String>,
    services: Vec<String>,
    customers: Vec<uuid::Uuid>,
    holds: Vec<uuid::Uuid>,
    bookings: Vec<uuid::Uuid>,
    jobs: Vec<uuid::Uuid>,
    cleaners: Vec<uuid::Uuid>,
}

#[cfg(feature = "breakages")]
impl Ids {
    /// The locks, broken on purpose: none at all, or cleaners one by one in any order first.
    async fn broken(
        self,
        transaction: &mut Transaction,
        extent: Extent,
    ) -> Result<(Self, Extent), StoreError> {
        use crate::breakage::{Breakage, is};
        if is(Breakage::NothingIsLocked) || is(Breakage::TimeIsNotDefended) {
            return Ok((Self::default(), Extent::Named));
        }
        if is(Breakage::CleanersAreNotSorted) {
            let unsorted = "select id from (
                    select unnest($1::uuid[]) as id
                    union select cleaner_id from occupancy
                    where $5 and (hold_id = any($2) or job_id in (
                        select id from job where id = any($3) or booking_id = any($4)))
                ) shuffled order by random()";
            let order: Vec<uuid::Uuid> = sqlx::query_scalar(unsorted)
                .bind(&self.cleaners)
                .bind(&self.holds)
                .bind(&self.jobs)
                .bind(&self.bookings)
                .bind(extent == Extent::WithTies)
                .fetch_all(transaction.on())
                .await?;
            for cleaner in order {
                sqlx::query(
                    "select id, pg_sleep(0.04) from cleaner where id = $1 for no key update",
                )
                .bind(cleaner)
                .execute(transaction.on())
                .await?;
            }
        }
        Ok((self, extent))
    }
}

impl Ids {
    /// Whether what free starts are counted by may change.
    fn change_terms(&self) -> bool {
        !self.zones.is_empty() || !self.services.is_empty()
    }

    fn of(entities: &BTreeSet<Entity>) -> Self {
        let mut ids = Self::default();
        for entity in entities {
            match entity {
                Entity::Account(id) => ids.accounts.push(id.0),
                Entity::Zone(slug) => ids.zones.push(slug.to_string()),
                Entity::Service(slug) => ids.services.push(slug.to_string()),
                Entity::Customer(id) => ids.customers.push(id.0),
                Entity::Hold(id) => ids.holds.push(id.0),
                Entity::Booking(id) => ids.bookings.push(id.0),
                Entity::Job(id) => ids.jobs.push(id.0),
                Entity::Cleaner(id) => ids.cleaners.push(id.0),
            }
        }
        ids
    }
}
