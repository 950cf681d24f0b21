//! The company opens: from an empty installation with an admin to zones, services, staff and shifts,
//! over the public API. Customers sign in as guests and leave their details.

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::{
    canary::{Canaries, Whose},
    company::{Company, Size},
};
use crate::client::{Doors, SignedIn, Tokens};

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// Makes an access token for somebody that outlasts the run; what `dispatch-hub token` does.
pub trait Tickets: Sync {
    fn token(&self, user: Uuid) -> impl Future<Output = Result<String>> + Send;
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Member {
    pub user: Uuid,
    pub tokens: Tokens,
    /// The zone that they are of, by number.
    pub zone: usize,
    /// A customer's place.
    pub property: Option<Uuid>,
}

/// Everybody, by role.
pub struct Staff {
    pub cleaners: Vec<Member>,
    pub dispatchers: Vec<Member>,
    pub customers: Vec<Member>,
}

/// Where the company opens.
pub struct Site<'a, T> {
    pub doors: &'a Doors,
    /// The token of the installation's first person.
    pub admin: &'a str,
    pub database: &'a PgPool,
    pub tickets: &'a T,
}

/// Fills the installation. Customers live where the dice put them.
pub async fn open<T: Tickets>(
    company: &Company,
    size: Size,
    place: &Site<'_, T>,
    canaries: &mut Canaries,
    seed: u64,
) -> Result<Staff> {
    let give = |kind, parameters| async move {
        place.doors.command(0, place.admin, kind, &parameters).await
    };
    for service in &company.services {
        give("admin.service_save", service.save()).await?;
    }
    let files = json!({
        "zones": company.zones_file(),
        "cleaners": company.cleaners_file(),
        "shifts": company.shifts_file(Timestamp::now()),
    });
    give("admin.import", files).await?;
    for email in &company.dispatchers {
        let user = json!({ "role": "dispatcher", "name": email, "email": email });
        give("admin.user_save", user).await?;
    }
    let cleaners = company.cleaners.iter();
    let cleaners = cleaners.map(|cleaner| (cleaner.email.clone(), cleaner.zones[0]));
    let cleaners = members(cleaners, place).await?;
    for (cleaner, member) in company.cleaners.iter().zip(&cleaners) {
        canaries.belongs_to(&cleaner.canary, member.user);
    }
    let zones = company.zones.len();
    let dispatchers = company.dispatchers.iter().enumerate();
    let dispatchers = dispatchers.map(|(number, email)| (email.clone(), number % zones));
    Ok(Staff {
        dispatchers: members(dispatchers, place).await?,
        customers: customers(company, size, place, canaries, seed).await?,
        cleaners,
    })
}

async fn members<T: Tickets>(
    people: impl Iterator<Item = (String, usize)>,
    site: &Site<'_, T>,
) -> Result<Vec<Member>> {
    let member = |(email, zone): (String, usize)| async move {
        let user = account(site.database, &email).await?;
        Ok(Member {
            user,
            tokens: Tokens::lasting(site.tickets.token(user).await?),
            zone,
            property: None,
        })
    };
    stream::iter(people)
        .map(member)
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn account(database: &PgPool, email: &str) -> Result<Uuid> {
    let found = sqlx::query("select account_id from identity where subject = $1")
        .bind(email)
        .fetch_optional(database)
        .await?;
    let row = found.with_context(|| format!("{email} has no account"))?;
    Ok(row.try_get(0)?)
}

async fn customers<T: Tickets>(
    company: &Company,
    size: Size,
    place: &Site<'_, T>,
    canaries: &mut Canaries,
    seed: u64,
) -> Result<Vec<Member>> {
    let mut dice = StdRng::seed_from_u64(seed);
    let newcomers: Vec<_> = (0..size.customers)
        .map(|number| Newcomer {
            number,
            zone: number % company.zones.len(),
            mail: canaries.make(Whose::CustomersMail(number)),
            place: canaries.make(Whose::CustomersPlace(number)),
            at: company.zones[number % company.zones.len()].point(dice.random(), dice.random()),
        })
        .collect();
    let members: Vec<Member> = stream::iter(&newcomers)
        .map(|newcomer| newcomer.move_in(place))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    for (newcomer, member) in newcomers.iter().zip(&members) {
        canaries.belongs_to(&newcomer.mail, member.user);
        canaries.belongs_to(&newcomer.place, member.user);
    }
    Ok(members)
}

/// A customer to be.
struct Newcomer {
    number: usize,
    zone: usize,
    mail: String,
    place: String,
    at: [f64; 2],
}

impl Newcomer {
    async fn move_in<T: Tickets>(&self, site: &Site<'_, T>) -> Result<Member> {
        let doors = site.doors;
        let instance = self.number % doors.instances.len();
        let SignedIn { user, mut tokens } = doors.enter_as_guest(instance).await?;
        tokens.spare = Some(site.tickets.token(user).await?);
        let (mail, place) = (&self.mail, &self.place);
        let details = json!({
            "name": format!("Customer {place}"), "phone": format!("+49 30 {:07}", self.number),
            "email": format!("{mail}@example.org"),
        });
        let access = &tokens.access;
        doors
            .command(instance, access, "customer.update", &details)
            .await?;
        let [lon, lat] = self.at;
        let property = json!({
            "address": format!("{place} street 1"), "access_notes": format!("key at {place}"),
            "lon": lon, "lat": lat,
        });
        let added = doors
            .command(instance, access, "property.add", &property)
            .await?;
        let property = added["property"].as_str().context("a property")?.parse()?;
        Ok(Member {
            user,
            tokens,
            zone: self.zone,
            property: Some(property),
        })
    }
}
