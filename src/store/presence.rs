//! What is asked of the database for who is there: the names and home zones of the company's own
//! people, and where bookings are. One read for many; nothing is written.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Pools, StoreError, tracking::slug};
use crate::domain::ids::{AccountId, BookingId, ZoneSlug};

/// Names, and home zones of cleaners, of those accounts that are not disabled.
pub async fn cards(
    pools: &Pools,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<(AccountId, String, BTreeSet<ZoneSlug>)>, StoreError> {
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.0).collect();
    let rows = sqlx::query!(
        r#"select account.id, coalesce(cleaner.name, account.name) as "name!",
               array(select zone from cleaner_zone
                   where cleaner_id = account.id and cleaner.active
                   order by zone) as "zones!"
           from account
           left join cleaner on cleaner.id = account.id
           where account.id = any($1) and account.disabled_at is null
           order by account.id"#,
        &ids,
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| {
            let zones = row.zones.into_iter().map(slug);
            let zones = zones.collect::<Result<_, _>>()?;
            Ok((AccountId(row.id), row.name, zones))
        })
        .collect()
}

/// The zones of bookings.
pub async fn places(
    pools: &Pools,
    bookings: &BTreeSet<BookingId>,
) -> Result<HashMap<BookingId, ZoneSlug>, StoreError> {
    let ids: Vec<Uuid> = bookings.iter().map(|booking| booking.0).collect();
    let rows = sqlx::query!(
        "select id, zone from booking where id = any($1) order by id",
        &ids,
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| Ok((BookingId(row.id), slug(row.zone)?)))
        .collect()
}
