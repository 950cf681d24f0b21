//! What a decision may know besides the world: who asks, when, and where new ids come from.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::{
    alert::Thresholds,
    ids::{AccountId, CleanerId, CommandId, CustomerId},
};

/// What somebody is to the company.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Cleaner,
    Dispatcher,
    Manager,
    Admin,
    /// Timers and other work of the server itself; never signs in.
    System,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Cleaner,
        Self::Dispatcher,
        Self::Manager,
        Self::Admin,
        Self::System,
    ];

    /// Dispatchers, managers and admins: they see the company's side of everything.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Dispatcher | Self::Manager | Self::Admin)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Cleaner => "cleaner",
            Self::Dispatcher => "dispatcher",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Who asks. The system actor has the nil id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub id: AccountId,
    pub role: Role,
}

impl Actor {
    pub const SYSTEM: Self = Self {
        id: AccountId(Uuid::nil()),
        role: Role::System,
    };

    pub fn customer(self) -> Option<CustomerId> {
        (self.role == Role::Customer).then_some(CustomerId(self.id.0))
    }

    pub fn cleaner(self) -> Option<CleanerId> {
        (self.role == Role::Cleaner).then_some(CleanerId(self.id.0))
    }
}

/// The circumstances of one decision. `now` is the database's clock, read after the last lock.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    pub actor: Actor,
    pub command_id: CommandId,
    pub now: Timestamp,
    /// When jobs are told of.
    pub thresholds: Thresholds,
}

impl Context {
    pub fn ids(&self) -> Ids {
        Ids {
            now: self.now,
            command_id: self.command_id,
            made: 0,
        }
    }
}

/// Makes `UUIDv7`s that depend on nothing but the command and the clock, so that deciding again
/// gives the same ids.
#[derive(Debug, Clone)]
pub struct Ids {
    now: Timestamp,
    command_id: CommandId,
    made: u32,
}

impl Ids {
    pub fn make<T: From<Uuid>>(&mut self) -> T {
        let name = Uuid::new_v5(&self.command_id.0, &self.made.to_be_bytes());
        self.made += 1;
        let mut random = [0_u8; 10];
        random.copy_from_slice(&name.as_bytes()[..10]);
        let millis = u64::try_from(self.now.as_millisecond()).unwrap_or(0);
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_for_the_same_command_and_differ_within_it() {
        let context = Context {
            actor: Actor::SYSTEM,
            command_id: CommandId(Uuid::from_u128(7)),
            now: Timestamp::from_millisecond(1_763_000_000_000).expect("in range"),
            thresholds: Thresholds::default(),
        };
        let (mut first, mut again) = (context.ids(), context.ids());
        let (a, b): (Uuid, Uuid) = (first.make(), first.make());
        assert_ne!(a, b);
        assert_eq!((a, b), (again.make(), again.make()));
        assert_eq!(a.get_version_num(), 7);
    }
}
