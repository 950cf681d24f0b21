//! Names of things. Every entity has an id type of its own, so that one cannot stand for another.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

uuid_id! {
    /// Anybody who can sign in. A customer's or cleaner's id is that of their account.
    AccountId,
    CustomerId,
    CleanerId,
    PropertyId,
    ShiftId,
    TemplateId,
    TimeOffId,
    HoldId,
    BookingId,
    JobId,
    AlertId,
    OccupancyId,
    CommandId,
}

/// A slug was not 1–40 characters of `a-z`, `0-9` and single inner dashes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 40 of a-z, 0-9 and single inner dashes")]
pub struct InvalidSlug;

fn check_slug(text: &str) -> Result<(), InvalidSlug> {
    let shaped = !text.is_empty()
        && text.len() <= SLUG_BYTES
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    if shaped { Ok(()) } else { Err(InvalidSlug) }
}

/// The longest slug, in bytes.
const SLUG_BYTES: usize = 40;

macro_rules! slug_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        // Kept in place, because it is copied into every row that leaves.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
        #[ts(type = "string")]
        pub struct $name {
            /// Followed by zeros, so that slugs are in the order of their texts.
            #[ts(skip)]
            text: [u8; SLUG_BYTES],
            #[ts(skip)]
            length: u8,
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                let text = &self.text[..usize::from(self.length)];
                std::str::from_utf8(text).expect("a slug is made of ASCII")
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": "1 to 40 of a-z, 0-9 and single inner dashes.",
                    "type": "string",
                    "maxLength": SLUG_BYTES,
                    "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
                })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidSlug;
            fn try_from(text: String) -> Result<Self, InvalidSlug> {
                text.parse()
            }
        }

        impl FromStr for $name {
            type Err = InvalidSlug;
            fn from_str(slug: &str) -> Result<Self, InvalidSlug> {
                check_slug(slug)?;
                let mut text = [0; SLUG_BYTES];
                text[..slug.len()].copy_from_slice(slug.as_bytes());
                let length = u8::try_from(slug.len()).map_err(|_| InvalidSlug)?;
                Ok(Self { text, length })
            }
        }

        impl From<$name> for String {
            fn from(slug: $name) -> Self {
                slug.as_str().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

slug_id! {
    ZoneSlug,
    ServiceSlug,
    SkillSlug,
}
