//! What the administration looks through, page by page: people, cleaners, shifts, templates, time off.
//!
//! A page ends with the id of its last row where there is more behind it; asked for `after` that id, the
//! next page goes on below it. Lists are bounded: so many rows of a page, so long a range of time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    context::Role,
    entity::{Duty, Service, TimeRange, Zone},
    ids::{AccountId, CleanerId, ShiftId, SkillSlug, TemplateId, TimeOffId, ZoneSlug},
    limits::LIMITS,
    rejection::Objection,
    template::{TemplateException, Week},
};

/// All that is sold, where, and what it asks of people: also what is not on sale any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Catalogue {
    /// By name, like the services.
    pub zones: Vec<Zone>,
    pub services: Vec<Service>,
    pub skills: Vec<SkillSlug>,
}

macro_rules! pages {
    ($($(#[$doc:meta])* $page:ident { $field:ident : $row:ident })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
        pub struct $page {
            pub $field: Vec<$row>,
            /// The `after` of the page behind this one; `null` at the end.
            #[ts(type = "string | null")]
            pub next: Option<uuid::Uuid>,
        }

        impl $page {
            /// One row more than was asked for says that there is another page.
            pub fn of(mut $field: Vec<$row>, limit: usize) -> Self {
                let more = $field.len() > limit;
                $field.truncate(limit);
                let next = $field.last().filter(|_| more).map(|row| row.id.0);
                Self { $field, next }
            }
        }
    )*};
}

pages! {
    /// By name.
    UserPage { users: UserEntry }
    /// By name.
    CleanerPage { cleaners: CleanerEntry }
    /// By their beginning.
    ShiftPage { shifts: ShiftEntry }
    /// By the name of their cleaner.
    TemplatePage { templates: TemplateEntry }
    /// By its beginning.
    TimeOffPage { time_off: TimeOffEntry }
}

/// Somebody who can be signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct UserEntry {
    pub id: AccountId,
    pub role: Role,
    pub name: String,
    /// To sign in with; `null` for who has no password.
    pub email: Option<String>,
    pub disabled: bool,
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CleanerEntry {
    pub id: CleanerId,
    pub name: String,
    pub phone: Option<String>,
    pub zones: BTreeSet<ZoneSlug>,
    pub skills: BTreeSet<SkillSlug>,
    pub duty: Duty,
    pub active: bool,
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ShiftEntry {
    pub id: ShiftId,
    pub cleaner: CleanerId,
    pub cleaner_name: String,
    pub zone: ZoneSlug,
    #[ts(type = "string")]
    pub local_date: Date,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    #[ts(type = "string")]
    pub ends_at: Timestamp,
    /// The template that it was made from and still follows.
    pub template: Option<TemplateId>,
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TemplateEntry {
    pub id: TemplateId,
    pub cleaner: CleanerId,
    pub cleaner_name: String,
    pub zone: ZoneSlug,
    /// Monday first.
    pub week: Week,
    #[ts(type = "string")]
    pub valid_from: Date,
    /// The last date; `null` is until further notice.
    #[ts(type = "string | null")]
    pub valid_until: Option<Date>,
    #[ts(type = "Partial<Record<string, TemplateException>>")]
    pub exceptions: BTreeMap<Date, TemplateException>,
    #[ts(type = "number")]
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TimeOffEntry {
    pub id: TimeOffId,
    pub cleaner: CleanerId,
    pub cleaner_name: String,
    #[ts(type = "string")]
    pub starts_at: Timestamp,
    #[ts(type = "string")]
    pub ends_at: Timestamp,
    /// For managers and admins: why somebody is away is no matter of all staff.
    pub reason: Option<String>,
    #[ts(type = "number")]
    pub version: i64,
}

/// Rows of one page.
pub fn limit(asked: Option<u8>) -> Result<usize, Objection> {
    let limit = asked.map_or(LIMITS.list_rows, usize::from);
    if (1..=LIMITS.list_rows_most).contains(&limit) {
        return Ok(limit);
    }
    let reason = format!("between 1 and {}", LIMITS.list_rows_most);
    Err(Objection::invalid("limit", reason))
}

/// What names are looked through for; nothing where it is blank.
pub fn sought(text: Option<&str>) -> Result<Option<&str>, Objection> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > LIMITS.search_most) {
        let reason = format!("at most {} characters are expected", LIMITS.search_most);
        return Err(Objection::invalid("text", reason));
    }
    Ok(text)
}

/// Time that is looked through at once.
pub fn range(from: Timestamp, until: Timestamp) -> Result<TimeRange, Objection> {
    let range = TimeRange::new(from, until)
        .ok_or_else(|| Objection::invalid("until", "after the beginning"))?;
    if until.duration_since(from) > LIMITS.list_range {
        let days = LIMITS.list_range.as_hours() / 24;
        let reason = format!("at most {days} days at once");
        return Err(Objection::invalid("until", reason));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn field<T>(result: &Result<T, Objection>) -> &'static str {
        match result {
            Err(Objection::InvalidArgument { field, .. }) => field,
            Err(_) | Ok(_) => "none",
        }
    }

    #[test]
    fn pages_and_ranges_are_bounded() {
        assert_eq!(limit(None).ok(), Some(LIMITS.list_rows));
        assert_eq!(limit(Some(1)).ok(), Some(1));
        assert_eq!(field(&limit(Some(0))), "limit");
        assert_eq!(field(&limit(Some(u8::MAX))), "limit");
        let from = Timestamp::UNIX_EPOCH;
        assert!(range(from, from + LIMITS.list_range).is_ok());
        let longer = LIMITS.list_range + SignedDuration::from_secs(1);
        assert_eq!(field(&range(from, from + longer)), "until");
        assert_eq!(field(&range(from, from)), "until");
        assert_eq!(sought(Some("  ")).ok(), Some(None));
        assert_eq!(field(&sought(Some(&"x".repeat(101)))), "text");
    }

    #[test]
    fn one_row_more_than_asked_for_is_another_page() {
        let row = |id: u128| UserEntry {
            id: AccountId(uuid::Uuid::from_u128(id)),
            role: Role::Admin,
            name: String::new(),
            email: None,
            disabled: false,
            version: 1,
        };
        let page = UserPage::of(vec![row(1), row(2), row(3)], 2);
        assert_eq!(page.users.len(), 2);
        assert_eq!(page.next, Some(uuid::Uuid::from_u128(2)));
        assert_eq!(UserPage::of(vec![row(1), row(2)], 2).next, None);
    }
}
