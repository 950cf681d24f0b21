//! What staff look for as they type, and what they find. A text may be words, a phone's digits in
//! whatever format, a job's number or an id; it is taken as all that it may be.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::{
    entity::{BookingStatus, JobStatus},
    ids::{BookingId, CustomerId, JobId, PropertyId, ServiceSlug, ZoneSlug},
    limits::LIMITS,
    query::SearchAsked,
    rejection::Objection,
};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SearchKind {
    Booking,
    Customer,
    Property,
}

/// The best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Found {
    pub hits: Vec<Hit>,
}

/// One thing that was found, told apart by `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hit {
    Booking(BookingHit),
    Customer(CustomerHit),
    Property(PropertyHit),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct BookingHit {
    pub id: BookingId,
    pub status: BookingStatus,
    pub job: JobId,
    #[ts(type = "number")]
    pub number: i64,
    pub job_status: JobStatus,
    pub zone: ZoneSlug,
    pub service: ServiceSlug,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    pub customer: CustomerId,
    pub customer_name: Option<String>,
    pub address: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CustomerHit {
    pub id: CustomerId,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PropertyHit {
    pub id: PropertyId,
    pub zone: ZoneSlug,
    pub address: String,
    pub district: String,
    pub customer: CustomerId,
    pub customer_name: Option<String>,
}

/// All that a text may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    pub words: String,
    /// As they follow one another in a phone's number, without what stands before it at home.
    pub phone: Option<String>,
    /// Numbers of jobs that begin like this, the exact one first.
    pub numbers: Vec<RangeInclusive<i64>>,
    pub id: Option<Uuid>,
    pub zone: Option<ZoneSlug>,
    pub kinds: Vec<SearchKind>,
    pub limit: usize,
}

/// Digits that numbers of jobs have at most.
const NUMBER_DIGITS: u32 = 9;
/// Trigrams find no fewer digits.
const PHONE_DIGITS: usize = 3;

impl Sought {
    pub fn of(asked: &SearchAsked) -> Result<Self, Objection> {
        let text = asked.text.trim();
        let letters = text.chars().count();
        if !(LIMITS.search_least..=LIMITS.search_most).contains(&letters) {
            let (least, most) = (LIMITS.search_least, LIMITS.search_most);
            let reason = format!("between {least} and {most} characters are expected");
            return Err(Objection::invalid("text", reason));
        }
        let limit = asked.limit.map_or(LIMITS.search_hits, usize::from);
        if limit == 0 || limit > LIMITS.search_hits_most {
            let reason = format!("between 1 and {}", LIMITS.search_hits_most);
            return Err(Objection::invalid("limit", reason));
        }
        let all = [
            SearchKind::Booking,
            SearchKind::Customer,
            SearchKind::Property,
        ];
        Ok(Self {
            words: text.to_owned(),
            phone: phone(text),
            numbers: numbers(text),
            id: Uuid::try_parse(text).ok(),
            zone: asked.zone.clone(),
            kinds: asked.kinds.clone().unwrap_or_else(|| all.to_vec()),
            limit,
        })
    }

    pub fn wants(&self, kind: SearchKind) -> bool {
        self.kinds.contains(&kind)
    }
}

fn phone(text: &str) -> Option<String> {
    if text.chars().any(char::is_alphabetic) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let abroad = digits.strip_prefix("00").unwrap_or(&digits);
    // The zero of most countries, the eight of some.
    let trunk = if abroad.len() == 11 {
        ["0", "8"]
    } else {
        ["0", "0"]
    };
    let digits = trunk
        .into_iter()
        .find_map(|prefix| abroad.strip_prefix(prefix))
        .unwrap_or(abroad);
    (digits.len() >= PHONE_DIGITS).then(|| digits.to_owned())
}

/// `1042`, `#1042`, `J-1042`.
fn numbers(text: &str) -> Vec<RangeInclusive<i64>> {
    let bare = text.trim_start_matches(['J', 'j', '#', '-', '№', ' ']);
    let digits = u32::try_from(bare.len()).unwrap_or(u32::MAX);
    if digits > NUMBER_DIGITS || !bare.chars().all(|c| c.is_ascii_digit()) {
        return Vec::new();
    }
    let Ok(number) = bare.parse::<i64>() else {
        return Vec::new();
    };
    (0..=NUMBER_DIGITS - digits)
        .map(|more| {
            let room = 10_i64.pow(more);
            number * room..=number * room + room - 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(text: &str) -> Sought {
        let asked = SearchAsked {
            text: text.to_owned(),
            kinds: None,
            zone: None,
            limit: None,
        };
        Sought::of(&asked).expect("something to look for")
    }

    #[test]
    fn a_phone_is_its_digits_in_whatever_format() {
        for (text, digits) in [
            ("+49 (30) 123-45", Some("493012345")),
            ("0049 30 12345", Some("493012345")),
            ("030 12345", Some("3012345")),
            ("8 (916) 123-45-67", Some("9161234567")),
            ("12", None),
            ("Lenina 123", None),
        ] {
            assert_eq!(sought(text).phone.as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn a_number_is_also_the_beginning_of_longer_ones() {
        for text in ["104", "#104", "J-104", "j104", "№ 104"] {
            let numbers = sought(text).numbers;
            assert_eq!(numbers[..2], [104..=104, 1_040..=1_049], "{text}");
            assert_eq!(numbers.len(), 7);
        }
        for text in ["1234567890", "10a", "Anna", "J-"] {
            assert!(sought(text).numbers.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_too_short_or_long_names_its_field() {
        for (text, limit, field) in [
            (" a ", None, "text"),
            (&*"x".repeat(101), None, "text"),
            ("anna", Some(0), "limit"),
            ("anna", Some(51), "limit"),
        ] {
            let asked = SearchAsked {
                text: text.to_owned(),
                kinds: None,
                zone: None,
                limit,
            };
            let fault = Sought::of(&asked).expect_err("a fault");
            assert!(
                matches!(fault, Objection::InvalidArgument { field: found, .. } if found == field)
            );
        }
    }
}
