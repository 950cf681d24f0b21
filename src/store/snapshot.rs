//! What a channel shows and where it stands, read at one instant on the primary (P4), and what
//! there is to know before somebody may read it.

use futures_util::FutureExt;
use hub::ports::{Epoch, Position};
use jiff::Timestamp;
use uuid::Uuid;

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
    let read = |pools, questions| read_facts(pools, questions).boxed();
    let question = Question::of(actor, channel);
    pools.channel_facts.ask(question, pools, read).await
}

async fn read_facts(pools: Pools, questions: Vec<Question>) -> Result<Vec<Facts>, StoreError> {
    let mut asked = Questions::default();
    for question in questions {
        asked.push(question);
    }
    let rows = sqlx::query!(
        r#"select
               exists (select 1 from zone where slug = asked.zone)
                   or exists (select 1 from customer where id = asked.customer)
                   or exists (select 1 from cleaner where id = asked.cleaner)
                   or exists (select 1 from booking where id = asked.booking) as "exists!",
               exists (select 1 from account
                   where id = asked.actor and role = asked.role and disabled_at is null)
                   as "account_valid!",
               (select customer_id from booking where id = asked.booking) as "booked_by?",
               (select array(select zone from cleaner_zone where cleaner_id = cleaner.id)
                   from cleaner where id = asked.actor and active) as "works_in?: Vec<String>"
           from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
               with ordinality
               as asked (zone, customer, cleaner, booking, actor, role, number)
           order by asked.number"#,
        &asked.zones as &[Option<String>],
        &asked.customers as &[Option<Uuid>],
        &asked.cleaners as &[Option<Uuid>],
        &asked.bookings as &[Option<Uuid>],
        &asked.actors as &[Option<Uuid>],
        &asked.roles as &[Option<String>],
    )
    .fetch_all(&pools.reads)
    .await?;
    let facts = rows.into_iter().map(|row| Facts {
        exists: row.exists,
        account_valid: row.account_valid,
        booked_by: row.booked_by.map(CustomerId),
        works_in: row.works_in.map(|zones| {
            let slugs = zones.into_iter().map(ZoneSlug::try_from);
            slugs.filter_map(Result::ok).collect()
        }),
    });
    Ok(facts.collect())
}

/// Who asks, and about what: one of zone, customer, cleaner and booking.
#[derive(Debug, Clone, Default)]
pub struct Question {
    zone: Option<String>,
    customer: Option<Uuid>,
    cleaner: Option<Uuid>,
    booking: Option<Uuid>,
    actor: Option<Actor>,
}

impl Question {
    fn of(actor: Option<Actor>, channel: &Channel) -> Self {
        let nothing = Self {
            actor,
            ..Self::default()
        };
        match channel {
            Channel::Slots { zone, .. } | Channel::Control { zone, .. } | Channel::Board(zone) => {
                Self {
                    zone: Some(zone.as_str().to_owned()),
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

/// As the statement takes them.
#[derive(Default)]
struct Questions {
    zones: Vec<Option<String>>,
    customers: Vec<Option<Uuid>>,
    cleaners: Vec<Option<Uuid>>,
    bookings: Vec<Option<Uuid>>,
    actors: Vec<Option<Uuid>>,
    roles: Vec<Option<String>>,
}

impl Questions {
    fn push(&mut self, question: Question) {
        self.zones.push(question.zone);
        self.customers.push(question.customer);
        self.cleaners.push(question.cleaner);
        self.bookings.push(question.booking);
        self.actors.push(question.actor.map(|actor| actor.id.0));
        let role = question.actor.map(|actor| actor.role.as_str().to_owned());
        self.roles.push(role);
    }
}
