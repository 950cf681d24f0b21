//! Tests of the views and their differences over one small company.

mod commands;
mod company;
mod differences;
mod parts;
mod privacy;
mod views;

use jiff::civil::date;

use super::{Channel, RowKey, Stamp, body::RowKind};
use crate::domain::ids::CommandId;

fn stamp() -> Stamp {
    Stamp {
        at: company::now(),
        by: company::DISPATCHER,
        command_id: CommandId(uuid::Uuid::from_u128(9)),
    }
}

fn control(zone: &str, day: i8) -> Channel {
    Channel::Control {
        zone: company::slug(zone),
        date: date(2026, 11, day),
    }
}

fn key(kind: RowKind, id: impl std::fmt::Display) -> RowKey {
    RowKey {
        kind,
        id: id.to_string().parse().expect("ids are uuids"),
    }
}
