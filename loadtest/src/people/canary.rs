//! Canaries: texts that stand in one person's data only, so that wherever one turns up it is known
//! whose data leaked there.
//!
//! A canary is a marker, the seed's last digits and a number, always of the same length. Whether a reader may have one follows
//! from whose it is: written here anew, not taken from the server's rules.

use std::collections::HashMap;

use uuid::Uuid;

use crate::history::{Canary, Role};

/// Begins every canary; it stands in nothing else.
pub const MARKER: &str = "zqx";

/// Whose data a canary stands in, by number of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A customer's mail address: for themself and staff.
    CustomersMail(usize),
    /// A customer's name, address and access notes: for cleaners who come, too.
    CustomersPlace(usize),
    /// A cleaner's family name: for themself and staff; customers know the first name.
    CleanersName(usize),
}

/// All canaries of a run.
#[derive(Debug)]
pub struct Canaries {
    seed: u64,
    made: Vec<(String, Whose)>,
    users: HashMap<String, Uuid>,
}

impl Canaries {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            made: Vec::new(),
            users: HashMap::new(),
        }
    }

    /// A new canary; no two have the same text.
    pub fn make(&mut self, whose: Whose) -> String {
        let text = format!("{MARKER}{:04x}{:06x}", self.seed & 0xffff, self.made.len());
        self.made.push((text.clone(), whose));
        text
    }

    /// The account of the one whose data it is.
    pub fn belongs_to(&mut self, text: &str, user: Uuid) {
        self.users.insert(text.to_owned(), user);
    }

    /// As the checker wants them.
    pub fn listed(&self) -> Vec<Canary> {
        let canary = |(text, whose): &(String, Whose)| {
            let mut roles = vec![Role::Dispatcher, Role::Manager, Role::Admin];
            if let Whose::CustomersPlace(_) = whose {
                roles.push(Role::Cleaner);
            }
            Canary {
                text: text.clone(),
                roles,
                user: self.users.get(text).copied(),
            }
        };
        self.made.iter().map(canary).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_canaries_are_the_same_and_each_has_its_readers() {
        let mut canaries = Canaries::new(42);
        let texts: BTreeSet<String> = (0..5000)
            .map(|number| canaries.make(Whose::CustomersMail(number)))
            .collect();
        assert_eq!(texts.len(), 5000);
        let place = canaries.make(Whose::CustomersPlace(1));
        let user = Uuid::from_u128(7);
        canaries.belongs_to(&place, user);
        let listed = canaries.listed();
        assert!(!listed[0].roles.contains(&Role::Cleaner));
        let last = listed.last().expect("some");
        assert_eq!(
            (last.text.as_str(), last.user),
            (place.as_str(), Some(user))
        );
        assert!(last.roles.contains(&Role::Cleaner));
    }
}
