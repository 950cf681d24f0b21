//! What a channel shows and where it stands, read at one instant on the primary (P4), and what
//! there is to know before somebody may read it.

use hub::ports::{Epoch, Position};
use jiff::Timestamp;

use super::{Pools, StoreError, load, log};
use crate::{
    audience::{Channel, rights::Facts},
    domain::{
        Actor, World,
        ids::{CustomerId, ZoneSlug},
    },
};

/// The world that a channel's view is made of. One statement reads it together with the head:
/// one snapshot of the database, without the round trips of a transaction.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub world: World,
    pub position: Position,
    pub at: Timestamp,
}

pub async fn snapshot(pools: &Pools, channel: &Channel) -> Result<Snapshot, StoreError> {
    let _turn = pools.read_turn().await?;
    let mut connection = pools.reads.acquire().await?;
    let read = load::for_channel(&mut connection, channel).await?;
    let epoch: Epoch = read
        .epoch
        .ok_or_else(|| StoreError::Unreadable {
            what: "log",
            reason: "it has no epoch".to_owned(),
        })?
        .into();
    Ok(Snapshot {
        position: log::position(read.head, &epoch)?,
        world: read.loaded.world,
        at: read.loaded.now,
    })
}

/// What decides whether `actor` may read `channel`.
pub async fn facts(
    pools: &Pools,
    actor: Option<Actor>,
    channel: &Channel,
) -> Result<Facts, StoreError> {
    let about = About::of(channel);
    let row = sqlx::query!(
        r#"select
               exists (select 1 from zone where slug = $1)
                   or exists (select 1 from customer where id = $2)
                   or exists (select 1 from cleaner where id = $3)
                   or exists (select 1 from booking where id = $4) as "exists!",
               exists (select 1 from account
                   where id = $5 and role = $6 and disabled_at is null) as "account_valid!",
               (select customer_id from booking where id = $4) as "booked_by?",
               (select array(select zone from cleaner_zone where cleaner_id = cleaner.id)
                   from cleaner where id = $5 and active) as "works_in?: Vec<String>""#,
        about.zone,
        about.customer,
        about.cleaner,
        about.booking,
        actor.map(|actor| actor.id.0),
        actor.map(|actor| actor.role.as_str()),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(Facts {
        exists: row.exists,
        account_valid: row.account_valid,
        booked_by: row.booked_by.map(CustomerId),
        works_in: row.works_in.map(|zones| {
            let slugs = zones.into_iter().map(ZoneSlug::try_from);
            slugs.filter_map(Result::ok).collect()
        }),
    })
}

#[derive(Default)]
struct About<'a> {
    zone: Option<&'a str>,
    customer: Option<uuid::Uuid>,
    cleaner: Option<uuid::Uuid>,
    booking: Option<uuid::Uuid>,
}

impl<'a> About<'a> {
    fn of(channel: &'a Channel) -> Self {
        let nothing = Self::default();
        match channel {
            Channel::Slots { zone, .. } | Channel::Control { zone, .. } | Channel::Board(zone) => {
                Self {
                    zone: Some(zone.as_str()),
                    ..nothing
                }
            }
            Channel::Booking(id) => Self {
                booking: Some(id.0),
                ..nothing
            },
            Channel::Customer(id) => Self {
                customer: Some(id.0),
                ..nothing
            },
            Channel::Agenda(id) => Self {
                cleaner: Some(id.0),
                ..nothing
            },
        }
    }
}
