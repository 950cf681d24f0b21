//! Search for staff: words and their beginnings by full text, misspelled ones and parts of phone
//! numbers by trigrams, all by index. The form in which text is compared is the database's
//! (`search_form`). What is looked for is written to no log.

use super::{
    Pools, StoreError,
    tracking::{slug, word},
};
use crate::domain::{
    ids::{BookingId, CustomerId, JobId, PropertyId, ServiceSlug, ZoneSlug},
    search::{BookingHit, CustomerHit, Found, Hit, PropertyHit, SearchKind, Sought},
};

/// Whose bookings are looked for: the best of the customers and properties.
const OWNERS: i64 = 20;

struct Scored {
    score: f32,
    hit: Hit,
}

/// The text in the database's form.
struct Form {
    words: String,
    /// Every word, or its beginning.
    prefixes: String,
}

/// Shorter texts are like too much.
const MISSPELLED_LEAST: usize = 4;

impl Form {
    fn misspelled(&self) -> Option<&str> {
        (self.words.len() >= MISSPELLED_LEAST).then_some(&*self.words)
    }
}

pub async fn search(pools: &Pools, sought: &Sought) -> Result<Found, StoreError> {
    let form = form(pools, &sought.words).await?;
    let customers = customers(pools, sought, &form).await?;
    let properties = properties(pools, sought, &form).await?;
    let mut hits = Vec::new();
    if sought.wants(SearchKind::Booking) {
        hits = bookings(pools, sought, (&customers, &properties)).await?;
    }
    if sought.wants(SearchKind::Customer) {
        hits.extend(customers);
    }
    if sought.wants(SearchKind::Property) {
        hits.extend(properties);
    }
    // Stable: what scores the same stays in the order of its kind.
    hits.sort_by(|one, other| other.score.total_cmp(&one.score));
    hits.truncate(sought.limit);
    Ok(Found {
        hits: hits.into_iter().map(|scored| scored.hit).collect(),
    })
}

async fn form(pools: &Pools, text: &str) -> Result<Form, StoreError> {
    let words = sqlx::query_scalar!(r#"select search_form($1) as "form!""#, text)
        .fetch_one(&pools.reads)
        .await?;
    let prefixes: Vec<String> = words.split(' ').map(|word| format!("{word}:*")).collect();
    Ok(Form {
        prefixes: if words.is_empty() {
            String::new()
        } else {
            prefixes.join(" & ")
        },
        words,
    })
}

async fn customers(pools: &Pools, sought: &Sought, form: &Form) -> Result<Vec<Scored>, StoreError> {
    let rows = sqlx::query_file!(
        "src/store/search/customers.sql",
        form.words,
        form.prefixes,
        sought.phone,
        sought.id,
        sought.zone.as_ref().map(ZoneSlug::as_str),
        most(sought),
        form.misspelled(),
    )
    .fetch_all(&pools.reads)
    .await?;
    let hits = rows.into_iter().map(|row| Scored {
        score: row.score,
        hit: Hit::Customer(CustomerHit {
            id: CustomerId(row.id),
            name: row.name,
            phone: row.phone,
            email: row.email,
        }),
    });
    Ok(hits.collect())
}

async fn properties(
    pools: &Pools,
    sought: &Sought,
    form: &Form,
) -> Result<Vec<Scored>, StoreError> {
    let rows = sqlx::query_file!(
        "src/store/search/properties.sql",
        form.words,
        form.prefixes,
        sought.id,
        sought.zone.as_ref().map(ZoneSlug::as_str),
        most(sought),
        form.misspelled(),
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Scored {
                score: row.score,
                hit: Hit::Property(PropertyHit {
                    id: PropertyId(row.id),
                    zone: slug(row.zone)?,
                    address: row.address,
                    district: row.district,
                    customer: CustomerId(row.customer_id),
                    customer_name: row.customer_name,
                }),
            })
        })
        .collect()
}

/// By number, by id, and those of the customers and properties that were found: of these the ones
/// nearest to now. They score a little below whom they belong to.
async fn bookings(
    pools: &Pools,
    sought: &Sought,
    (customers, properties): (&[Scored], &[Scored]),
) -> Result<Vec<Scored>, StoreError> {
    let (from, to): (Vec<i64>, Vec<i64>) = sought
        .numbers
        .iter()
        .map(|range| (*range.start(), *range.end()))
        .unzip();
    let mut owners = (Vec::new(), Vec::new());
    for scored in customers.iter().chain(properties) {
        let id = match &scored.hit {
            Hit::Customer(customer) => customer.id.0,
            Hit::Property(property) => property.id.0,
            Hit::Booking(_) => continue,
        };
        owners.0.push(id);
        owners.1.push(scored.score);
    }
    let rows = sqlx::query_file!(
        "src/store/search/bookings.sql",
        &from,
        &to,
        sought.id,
        &owners.0,
        &owners.1,
        sought.zone.as_ref().map(ZoneSlug::as_str),
        most(sought),
    )
    .fetch_all(&pools.reads)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Scored {
                score: row.score,
                hit: Hit::Booking(BookingHit {
                    id: BookingId(row.id),
                    status: word(row.status, "status")?,
                    job: JobId(row.job_id),
                    number: row.number,
                    job_status: word(row.job_status, "status")?,
                    zone: slug(row.zone)?,
                    service: word::<ServiceSlug>(row.service, "service")?,
                    starts_at: row.starts_at.to_jiff(),
                    customer: CustomerId(row.customer_id),
                    customer_name: row.customer_name,
                    address: row.address,
                }),
            })
        })
        .collect()
}

fn most(sought: &Sought) -> i64 {
    i64::try_from(sought.limit).unwrap_or(i64::MAX).max(OWNERS)
}
