use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::{Grouping, Table};

/// Rows are numbers; those with the same last bits belong together.
struct ByParity;

impl Grouping<u32> for ByParity {
    const INDEX: usize = 0;

    fn group(row: &u32) -> Uuid {
        Uuid::from_u128(u128::from(row % 3))
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u32),
    Remove(u8),
    Change(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = 0_u8..24;
    let step = prop_oneof![
        (id.clone(), any::<u32>()).prop_map(|(id, row)| Step::Insert(id, row)),
        id.clone().prop_map(Step::Remove),
        id.prop_map(Step::Change),
    ];
    vec(step, 0..12)
}

fn take(table: &mut Table<u8, u32>, plain: &mut BTreeMap<u8, u32>, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Insert(id, row) => {
                table.insert(id, row);
                plain.insert(id, row);
            }
            Step::Remove(id) => {
                table.remove(&id);
                plain.remove(&id);
            }
            Step::Change(id) => {
                let change = |row: &mut u32| *row = row.wrapping_add(1);
                let both = (
                    table.get_mut(&id).map(change),
                    plain.get_mut(&id).map(change),
                );
                assert_eq!(both.0, both.1);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_table_is_a_map(loaded in vec((0_u8..24, any::<u32>()), 0..16), steps in steps()) {
        let mut table: Table<u8, u32> = loaded.iter().copied().collect();
        let mut plain: BTreeMap<u8, u32> = loaded.into_iter().collect();
        take(&mut table, &mut plain, steps);
        prop_assert!(table.iter().eq(&plain));
        prop_assert_eq!(table.len(), plain.len());
        prop_assert_eq!(table.is_empty(), plain.is_empty());
        for id in 0..24 {
            prop_assert_eq!(table.get(&id), plain.get(&id));
        }
        for group in 0..3 {
            let group = Uuid::from_u128(group);
            let mut grouped: Vec<&u32> = table.group::<ByParity>(group).collect();
            let mut looked: Vec<&u32> =
                plain.values().filter(|row| ByParity::group(row) == group).collect();
            grouped.sort_unstable();
            looked.sort_unstable();
            prop_assert_eq!(grouped, looked);
        }
        let again: Table<u8, u32> = plain.clone().into();
        prop_assert_eq!(&table, &again);
        prop_assert!(table.settled().iter().eq(&plain));
        table.retain(|id, _| id % 2 == 0);
        plain.retain(|id, _| id % 2 == 0);
        prop_assert!(table.iter().eq(&plain));
        for row in table.values_mut().chain(plain.values_mut()) {
            *row /= 2;
        }
        prop_assert!(table.iter().eq(&plain));
    }

    #[test]
    fn copies_differ_in_what_was_changed_in_either(
        loaded in vec((0_u8..24, 0_u32..4), 0..16),
        first in steps(),
        second in steps(),
        apart: bool,
    ) {
        let mut before: Table<u8, u32> = loaded.iter().copied().collect();
        let mut was: BTreeMap<u8, u32> = loaded.into_iter().collect();
        let (mut after, mut is) = (before.clone(), was.clone());
        take(&mut before, &mut was, first);
        take(&mut after, &mut is, second);
        if apart {
            after = is.clone().into();
        }
        let found: Vec<_> = after
            .since(&before)
            .into_iter()
            .map(|row| (*row.id, row.before.copied(), row.after.copied()))
            .collect();
        let looked: Vec<_> = (0..24)
            .map(|id| (id, was.get(&id).copied(), is.get(&id).copied()))
            .filter(|(_, before, after)| before != after)
            .collect();
        prop_assert_eq!(found, looked);
        prop_assert_eq!(before == after, was == is);
    }
}
