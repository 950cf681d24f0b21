//! Channel names as types. `slots:{zone}:{date}`, `booking:{id}`, `customer:{id}`,
//! `agenda:{cleaner}`, `board:{zone}` and `control:{zone}:{date}`; all of them durable.

use std::{fmt, str::FromStr};

use jiff::civil::Date;

use crate::domain::ids::{BookingId, CleanerId, CustomerId, ZoneSlug};

/// A channel of the product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Slots { zone: ZoneSlug, date: Date },
    Booking(BookingId),
    Customer(CustomerId),
    Agenda(CleanerId),
    Board(ZoneSlug),
    Control { zone: ZoneSlug, date: Date },
}

/// Not the name of a channel of this product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such channel")]
pub struct UnknownChannel;

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slots { zone, date } => write!(f, "slots:{zone}:{date}"),
            Self::Booking(id) => write!(f, "booking:{id}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::Agenda(id) => write!(f, "agenda:{id}"),
            Self::Board(zone) => write!(f, "board:{zone}"),
            Self::Control { zone, date } => write!(f, "control:{zone}:{date}"),
        }
    }
}

impl FromStr for Channel {
    type Err = UnknownChannel;

    /// Accepts canonical names only, so that one channel has one name.
    fn from_str(name: &str) -> Result<Self, UnknownChannel> {
        let channel = parse(name).ok_or(UnknownChannel)?;
        if channel.to_string() == name {
            Ok(channel)
        } else {
            Err(UnknownChannel)
        }
    }
}

fn parse(name: &str) -> Option<Channel> {
    let (family, rest) = name.split_once(':')?;
    match family {
        "slots" | "control" => {
            let (zone, date) = rest.split_once(':')?;
            let (zone, date) = (zone.parse().ok()?, date.parse::<Date>().ok()?);
            // Nothing was ever planned then, and the database's calendar ends before ours does.
            if date.year() < 1970 {
                return None;
            }
            Some(if family == "slots" {
                Channel::Slots { zone, date }
            } else {
                Channel::Control { zone, date }
            })
        }
        "booking" => Some(Channel::Booking(rest.parse().ok()?)),
        "customer" => Some(Channel::Customer(rest.parse().ok()?)),
        "agenda" => Some(Channel::Agenda(rest.parse().ok()?)),
        "board" => Some(Channel::Board(rest.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_as_written() {
        for name in [
            "slots:center:2026-11-20",
            "control:north-west:2026-03-29",
            "board:center",
            "booking:01890a5d-ac96-774b-bcce-b302099a8057",
        ] {
            assert_eq!(
                name.parse::<Channel>().map(|c| c.to_string()).as_deref(),
                Ok(name)
            );
        }
    }

    #[test]
    fn other_spellings_of_a_channel_are_not_channels() {
        for name in [
            "slots:center",
            "slots:center:20261120",
            "board:Center",
            "board:",
            "x:y",
            "booking:01890A5D-AC96-774B-BCCE-B302099A8057",
            "slots:center:2026-11-20:x",
            "slots:center:0000-01-01",
            "control:center:-009999-01-01",
        ] {
            assert_eq!(name.parse::<Channel>(), Err(UnknownChannel), "{name}");
        }
    }
}
